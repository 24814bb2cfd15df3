// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $mod and the bit tests.
#include <algorithm>
#include <cmath>

#include "query/match/match_parser.h"
#include "query/value/numbers.h"

namespace quern::query {
namespace {

class Mod : public Predicate {
 public:
  Mod(std::int64_t divisor, std::int64_t remainder) : divisor_(divisor), remainder_(remainder) {}
  bool test(bson::ValueView value, MatchState&) const override {
    const auto dividend = truncated(value);
    if (!dividend) return false;
    // INT64_MIN % -1 overflows; every number divided by -1 leaves 0.
    return (divisor_ == -1 ? 0 : *dividend % divisor_) == remainder_;
  }

 private:
  std::int64_t divisor_;
  std::int64_t remainder_;
};

enum class BitTest { kAllSet, kAnySet, kAllClear, kAnyClear };

class Bits : public Predicate {
 public:
  Bits(BitTest test, std::vector<std::uint32_t> positions)
      : test_(test), positions_(std::move(positions)) {}

  bool test(bson::ValueView value, MatchState&) const override {
    if (value.type() == bson::Type::kBinary) {
      const BytesView bytes = value.as_binary().bytes;
      return decide([&](std::uint32_t position) {
        return position / 8 < bytes.size() && (bytes[position / 8] >> (position % 8) & 1) != 0;
      });
    }
    const auto number = value.whole_number();
    if (!number) return false;
    return decide([&](std::uint32_t position) {  // two's complement goes on with the sign
      return (*number >> std::min(position, 63U) & 1) != 0;
    });
  }

 private:
  template <class IsSet>
  bool decide(IsSet is_set) const {
    const bool want_set = test_ == BitTest::kAllSet || test_ == BitTest::kAnySet;
    const bool all = test_ == BitTest::kAllSet || test_ == BitTest::kAllClear;
    for (const std::uint32_t position : positions_) {
      if ((is_set(position) == want_set) != all) return !all;
    }
    return all;
  }

  BitTest test_;
  std::vector<std::uint32_t> positions_;
};

std::vector<std::uint32_t> bit_positions(const bson::Element& op) {
  std::vector<std::uint32_t> positions;
  if (op.is_array()) {
    for (const bson::Element& member : op.as_array()) {
      const auto position = member.whole_number();
      if (!position) bad_value("bit positions must be an integer but got something else");
      if (*position < 0) bad_value("bit positions must be >= 0");
      if (*position > INT32_MAX)
        bad_value("bit positions cannot be represented as a 32-bit integer");
      positions.push_back(static_cast<std::uint32_t>(*position));
    }
    return positions;
  }
  if (op.type() == bson::Type::kBinary) {
    const BytesView bytes = op.as_binary().bytes;
    for (std::uint32_t i = 0; i < bytes.size() * 8; ++i) {
      if ((bytes[i / 8] >> (i % 8) & 1) != 0) positions.push_back(i);
    }
    return positions;
  }
  if (!op.is_number()) {
    bad_value(std::string(op.key()) + " takes an Array, a number, or a BinData but received: " +
              std::string(bson::alias(op.type())));
  }
  const auto mask = op.whole_number();
  if (!mask) bad_value(std::string(op.key()) + " takes a whole number of at most 64 bits");
  if (*mask < 0) bad_value(std::string(op.key()) + " takes a number that is not negative");
  for (std::uint32_t i = 0; i < 63; ++i) {
    if ((*mask >> i & 1) != 0) positions.push_back(i);
  }
  return positions;
}

Condition bits(BitTest test, const bson::Element& op) {
  return Condition::of(std::make_unique<Bits>(test, bit_positions(op)));
}

std::int64_t mod_argument(const bson::Element& argument, const char* name) {
  if (!argument.is_number()) bad_value(std::string("malformed mod, ") + name + " not a number");
  const auto number = truncated(argument.value());
  if (!number) bad_value(std::string("malformed mod, ") + name + " value is invalid");
  return *number;
}

}  // namespace

Condition parse_mod(const bson::Element& op, bson::View, MatchParser&) {
  if (!op.is_array()) bad_value("malformed mod, needs to be an array");
  const bson::View arguments = op.as_array();
  const std::size_t count = arguments.count();
  if (count < 2) bad_value("malformed mod, not enough elements");
  if (count > 2) bad_value("malformed mod, too many elements");
  const std::int64_t divisor = mod_argument(arguments["0"], "divisor");
  const std::int64_t remainder = mod_argument(arguments["1"], "remainder");
  if (divisor == 0) bad_value("divisor cannot be 0");
  return Condition::of(std::make_unique<Mod>(divisor, remainder));
}

Condition parse_bits_all_set(const bson::Element& op, bson::View, MatchParser&) {
  return bits(BitTest::kAllSet, op);
}
Condition parse_bits_any_set(const bson::Element& op, bson::View, MatchParser&) {
  return bits(BitTest::kAnySet, op);
}
Condition parse_bits_all_clear(const bson::Element& op, bson::View, MatchParser&) {
  return bits(BitTest::kAllClear, op);
}
Condition parse_bits_any_clear(const bson::Element& op, bson::View, MatchParser&) {
  return bits(BitTest::kAnyClear, op);
}

}  // namespace quern::query
