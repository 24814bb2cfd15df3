// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $and, $or, $not.
#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

// Stops at the first argument that decides.
class Junction : public ExpressionNode {
 public:
  Junction(bool decides, std::vector<ExpressionPtr> arguments)
      : decides_(decides), arguments_(std::move(arguments)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    for (const ExpressionPtr& argument : arguments_) {
      const Datum value = argument->evaluate(evaluation);
      if (value.view().truthy() == decides_) return Datum::of(decides_);
    }
    return Datum::of(!decides_);
  }

 private:
  bool decides_;
  std::vector<ExpressionPtr> arguments_;
};

template <bool decides>
ExpressionPtr junction(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<Junction>(decides, builder.build_all(call.arguments));
}

Datum negation(std::span<const Datum> a, Evaluation&) { return Datum::of(!a[0].view().truthy()); }

constexpr FunctionOperator kFunctions[] = {{"$not", negation}};
constexpr NodeOperator kNodes[] = {{"$and", junction<false>}, {"$or", junction<true>}};

}  // namespace

OperatorFamily logical_operators() { return {kFunctions, kNodes}; }

}  // namespace quern::query
