// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $cmp, $eq, $ne, $gt, $gte, $lt, $lte: MongoDB's total order over all types.
#include "quern/bson/compare.h"
#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

std::weak_ordering order(Operands a) { return bson::compare(a[0].view(), a[1].view()); }
bool same(Operands a) {
  // Missing and undefined have one rank in the order but aren't equal to each other.
  return a[0].missing() == a[1].missing() && order(a) == 0;
}

Datum cmp(Operands a, Evaluation&) {
  const auto result = order(a);
  return Datum::of(result < 0 ? -1 : result > 0 ? 1 : 0);
}
Datum eq(Operands a, Evaluation&) { return Datum::of(same(a)); }
Datum ne(Operands a, Evaluation&) { return Datum::of(!same(a)); }
Datum gt(Operands a, Evaluation&) { return Datum::of(order(a) > 0); }
Datum gte(Operands a, Evaluation&) { return Datum::of(order(a) >= 0); }
Datum lt(Operands a, Evaluation&) { return Datum::of(order(a) < 0); }
Datum lte(Operands a, Evaluation&) { return Datum::of(order(a) <= 0); }

constexpr FunctionOperator kFunctions[] = {
    {"$cmp", cmp}, {"$eq", eq}, {"$ne", ne}, {"$gt", gt}, {"$gte", gte}, {"$lt", lt}, {"$lte", lte},
};

}  // namespace

std::span<const ExpressionPtr> FunctionExpression::equated() const {
  if (function_ != eq) return {};
  return arguments_;
}

OperatorFamily comparison_operators() { return {kFunctions, {}}; }

}  // namespace quern::query
