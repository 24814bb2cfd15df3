// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $exists and $type.
#ifndef QUERN_QUERY_MATCH_MATCH_ELEMENT_H_
#define QUERN_QUERY_MATCH_MATCH_ELEMENT_H_

#include "query/match/match_node.h"
#include "query/match/type_set.h"

namespace quern::query {

class Exists : public Predicate {
 public:
  bool test(bson::ValueView value, MatchState&) const override { return !value.missing(); }
  LeafArrays arrays() const override { return LeafArrays::kWhole; }
  std::optional<Bounds> bounds_of_negation() const override { return bounds_of_missing(); }
  bool implied_by(const Predicate& given) const override { return given.implies_existence(); }
};

class TypeIs : public Predicate {
 public:
  explicit TypeIs(TypeSet types) : types_(types) {}
  bool test(bson::ValueView value, MatchState&) const override {
    return !value.missing() && types_.contains(value.type());
  }
  bool implied_by(const Predicate& given) const override;

 private:
  TypeSet types_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_ELEMENT_H_
