// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_element.h"

#include "query/match/match_parser.h"

namespace quern::query {

bool TypeIs::implied_by(const Predicate& given) const {
  const auto bounds = given.bounds();
  if (!bounds || !bounds->exact || !bounds->single_point()) return false;
  const bson::ValueView only = bounds->intervals.front().low.view();
  // An equal number may be of another type, and an equal string a symbol.
  return !only.is_number() && !only.is_string() && types_.contains(only.type());
}

Condition parse_exists(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<Exists>(), /*negated=*/!op.truthy());
}

Condition parse_type(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<TypeIs>(TypeSet::parse(op.value())));
}

}  // namespace quern::query
