// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/sort.h"

#include <string>
#include <string_view>

#include "language/field_path.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/value/path_walk.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

// The least or greatest of the values that an index on the path would list document by.
class Extreme {
 public:
  explicit Extreme(bool greatest) : greatest_(greatest) {}

  void walk(bson::ValueView value, const FieldPath& path, std::size_t depth) {
    for (; depth < path.size(); ++depth) {
      if (value.is_document()) {
        value = find_field(value.as_document(), path[depth].field);
      } else if (value.is_array()) {
        bson::Element member;
        if (path[depth].index) member = find_field(value.as_array(), path[depth].field);
        if (member.missing()) return walk_members(value.as_array(), path, depth);
        value = member.value();
      } else {
        return take(kNull);
      }
    }
    if (value.missing()) return take(kNull);
    if (!value.is_array()) return take(value);
    if (value.as_array().empty()) return take(kUndefined);
    for (const bson::Element& member : value.as_array()) take(member.value());
  }

  bson::ValueView result() const { return best_; }

 private:
  void walk_members(bson::View array, const FieldPath& path, std::size_t depth) {
    if (array.empty()) return take(kNull);
    for (const bson::Element& member : array) {
      if (member.is_document()) {
        walk(member.value(), path, depth);
      } else {
        take(kNull);
      }
    }
  }

  void take(bson::ValueView value) {
    if (best_.missing()) {
      best_ = value;
      return;
    }
    const auto order = bson::compare(value, best_);
    if (greatest_ ? order > 0 : order < 0) best_ = value;
  }

  bool greatest_;
  bson::ValueView best_;
};

}  // namespace

SortPattern SortPattern::parse(bson::View spec, const ParseContext&) {
  constexpr std::size_t kMaxParts = 32;
  SortPattern pattern;
  for (const bson::Element& element : spec) {
    if (element.is_document()) {
      throw Error(ErrorCode::kBadValue,
                  "Illegal key in $sort specification: {$meta: …} is not supported by this engine");
    }
    if (!element.is_number()) {
      throw Error(15974, "Illegal key in $sort specification: " + std::string(element.key()) +
                             " must be 1 (for ascending) or -1 (for descending)");
    }
    const double direction = element.number();
    if (direction != 1 && direction != -1) {
      throw Error(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
    }
    language::check_field_path(element.key());
    for (const Part& part : pattern.parts_) {
      if (part.path.text() == element.key()) {
        throw Error(7472500, "$sort key must not contain duplicate keys (duplicate: '" +
                                 part.path.text() + "')");
      }
    }
    pattern.parts_.push_back({FieldPath(element.key()), direction < 0});
  }
  if (pattern.parts_.size() > kMaxParts) {
    throw Error(13103, "too many compound keys: at most " + std::to_string(kMaxParts));
  }
  return pattern;
}

bson::ValueView SortPattern::key(bson::View document, const Part& part) const {
  Extreme extreme(part.descending);
  extreme.walk(document.as_value(), part.path, 0);
  return extreme.result();
}

std::weak_ordering SortPattern::compare(bson::View a, bson::View b) const {
  for (const Part& part : parts_) {
    const auto order = bson::compare(key(a, part), key(b, part));
    if (order != 0) return part.descending ? 0 <=> order : order;
  }
  return std::weak_ordering::equivalent;
}

}  // namespace quern::query
