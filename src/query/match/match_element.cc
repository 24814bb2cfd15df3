// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_element.h"

#include <cstdint>
#include <limits>

#include "quern/bson/compare.h"
#include "query/match/match_parser.h"

namespace quern::query {

bool TypeIs::implied_by(const Predicate& given) const {
  const auto bounds = given.bounds();
  if (!bounds || !bounds->exact || !bounds->single_point()) return false;
  const bson::ValueView only = bounds->intervals.front().low.view();
  // An equal number may be of any other number type, and a symbol may equal a string.
  const int rank = bson::canonical_rank(only.type());
  for (int code = 0; code <= std::numeric_limits<std::uint8_t>::max(); ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    const auto type = static_cast<bson::Type>(byte);
    if (!bson::is_valid_type(byte) || bson::canonical_rank(type) != rank) continue;
    if (!types_.contains(type)) return false;
  }
  return true;
}

Condition parse_exists(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<Exists>(), /*negated=*/!op.truthy());
}

Condition parse_type(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<TypeIs>(TypeSet::parse(op.value())));
}

}  // namespace quern::query
