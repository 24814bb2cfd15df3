// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $eq, $lt, $lte, $gt, $gte: comparison within the type bracket of the operand.
#ifndef QUERN_QUERY_MATCH_MATCH_COMPARISON_H_
#define QUERN_QUERY_MATCH_MATCH_COMPARISON_H_

#include "query/match/match_node.h"

namespace quern::query {

// A value of another type than the operand's never matches (numbers are one type), but MinKey and
// MaxKey compare with everything. A null operand matches null, undefined and missing; NaN only NaN.
class Comparison : public Predicate {
 public:
  enum class Operator { kEq, kLt, kLte, kGt, kGte };

  Comparison(Operator op, bson::ValueView operand);
  bool test(bson::ValueView value, MatchState& state) const override;
  std::optional<Bounds> bounds() const override;

 private:
  bool accepts(std::weak_ordering order) const;

  Operator op_;
  bson::ValueView operand_;
  bool all_types_;  // MinKey, MaxKey
  bool is_null_;
  bool is_nan_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_COMPARISON_H_
