// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/strict_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

#include "base/nearest.h"

namespace quern::bson {
namespace {

[[noreturn]] void raise(const Fault& fault, std::string_view where, std::string_view name,
                        std::string_view type = {}, std::string_view expected = {},
                        std::string_view nearest = {}) {
  throw Error(fault.code,
              fmt::format(fmt::runtime(fault.text), fmt::arg("where", where),
                          fmt::arg("name", name), fmt::arg("type", type),
                          fmt::arg("expected", expected), fmt::arg("nearest", nearest)));
}

[[noreturn]] void raise_unknown(const Fault& fault, std::string_view where, std::string_view name,
                                const Members& members) {
  constexpr std::size_t kLongest = 64;  // who sends a longer one did not mistype one of ours
  std::string hint;
  if (name.size() <= kLongest) {
    std::vector<std::string_view> names(members.known.begin(), members.known.end());
    names.insert(names.end(), members.shared.begin(), members.shared.end());
    if (const auto close = nearest(name, names)) hint = fmt::format(" Did you mean '{}'?", *close);
  }
  raise(fault, where, name, {}, {}, hint);
}

// Which names of a list were met.
class Seen {
 public:
  explicit Seen(std::span<const std::string_view> names) : names_(names) {
    if (names.size() > 64) {
      throw Error(ErrorCode::kInternalError, "a document with more than 64 known members");
    }
  }

  enum class Met { kNever, kFirst, kAgain };  // kNever: not in the list
  Met meet(std::string_view name) {
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at == names_.end()) return Met::kNever;
    const std::uint64_t bit = std::uint64_t{1} << (at - names_.begin());
    const bool again = (seen_ & bit) != 0;
    seen_ |= bit;
    return again ? Met::kAgain : Met::kFirst;
  }

 private:
  std::span<const std::string_view> names_;
  std::uint64_t seen_ = 0;  // a bit for each name
};

}  // namespace

void require_members(View document, std::string_view where, const Members& members,
                     const MemberFaults& faults) {
  Seen known(members.known);
  Seen shared(members.shared);
  bool is_name = members.names_itself;
  for (const Element& element : document) {
    if (is_name) {
      is_name = false;
      continue;
    }
    Seen::Met met = known.meet(element.key());
    if (met == Seen::Met::kNever) met = shared.meet(element.key());
    if (met == Seen::Met::kAgain) raise(faults.repeated, where, element.key());
    if (met == Seen::Met::kNever && !members.ignores_others) {
      raise_unknown(faults.unknown, where, element.key(), members);
    }
  }
}

StrictReader::StrictReader(View document, std::string_view where, const Members& members,
                           const MemberFaults& faults)
    : document_(document), where_(where), faults_(faults) {
  require_members(document, where, members, faults);
}

Element StrictReader::required(std::string_view name) const {
  const Element element = document_[name];
  if (!element) missing(name);
  return element;
}

Element StrictReader::value(std::string_view name) const {
  const Element element = document_[name];
  const bool absent = element.is_null() || element.type() == Type::kUndefined;
  return absent ? Element() : element;
}

Element StrictReader::required_value(std::string_view name) const {
  const Element element = value(name);
  if (!element) missing(name);
  return element;
}

std::optional<std::string_view> StrictReader::text(std::string_view name) const {
  const Element element = value(name);
  if (!element) return std::nullopt;
  if (!element.is_string()) wrong_type(element, "string");
  return element.as_string();
}

std::optional<bool> StrictReader::boolean(std::string_view name) const {
  const Element element = value(name);
  if (!element) return std::nullopt;
  if (element.type() != Type::kBool) wrong_type(element, "bool");
  return element.as_bool();
}

std::optional<std::int64_t> StrictReader::number(std::string_view name, std::int64_t low,
                                                 std::int64_t high) const {
  const Element element = value(name);
  if (!element) return std::nullopt;
  if (!element.is_number()) wrong_type(element, "long");
  const std::optional<std::int64_t> number = element.whole_number();
  if (!number) {
    throw Error(ErrorCode::kFailedToParse,
                fmt::format("BSON field {} must be a whole number of 64 bits", quoted(name)));
  }
  if (*number < low || *number > high) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("BSON field {} is {}, it must lie between {} and {}", quoted(name),
                            *number, low, high));
  }
  return number;
}

std::string StrictReader::quoted(std::string_view name) const {
  return fmt::format("'{}.{}'", where_, name);
}

void StrictReader::wrong_type(const Element& element, std::string_view expected) const {
  raise(faults_.wrong_type, where_, element.key(), alias(element.type()), expected);
}

void StrictReader::missing(std::string_view name) const { raise(faults_.missing, where_, name); }

void require_distinct(View document, std::string_view where, const Fault& repeated) {
  constexpr std::size_t kFew = 16;
  std::array<std::string_view, kFew> first;
  std::unordered_set<std::string_view> others;
  std::size_t count = 0;
  for (const Element& element : document) {
    const auto end = first.begin() + std::min(count, kFew);
    bool again = std::find(first.begin(), end, element.key()) != end;
    if (count < kFew) {
      first[count] = element.key();
    } else {
      again |= !others.insert(element.key()).second;
    }
    if (again) raise(repeated, where, element.key());
    ++count;
  }
}

}  // namespace quern::bson
