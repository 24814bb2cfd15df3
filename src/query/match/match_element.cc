// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_element.h"

#include "query/match/match_parser.h"

namespace quern::query {

Condition parse_exists(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<Exists>(), /*negated=*/!op.truthy());
}

Condition parse_type(const bson::Element& op, bson::View, MatchParser&) {
  return Condition::of(std::make_unique<TypeIs>(TypeSet::parse(op.value())));
}

}  // namespace quern::query
