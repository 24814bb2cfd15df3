// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_element.h"

#include "query/match/match_parser.h"

namespace quern::query {

bool TypeIs::implied_by(const Predicate& given) const {
  const auto bounds = given.bounds();
  if (!bounds || !bounds->exact || !bounds->single_point()) return false;
  const bson::ValueView only = bounds->intervals.front().low.view();
  // An equal number may be of any other number type. (A symbol can equal a string, but a symbol is
  // what drivers have not written for ten years: it would keep every string from its index.)
  if (only.is_number()) {
    return types_.contains(bson::Type::kInt32) && types_.contains(bson::Type::kInt64) &&
           types_.contains(bson::Type::kDouble) && types_.contains(bson::Type::kDecimal128);
  }
  return types_.contains(only.type());
}

Condition parse_exists(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<Exists>(), /*negated=*/!op.truthy());
}

Condition parse_type(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<TypeIs>(TypeSet::parse(op.value())));
}

}  // namespace quern::query
