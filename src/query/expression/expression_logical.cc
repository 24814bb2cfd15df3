// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $and, $or, $not.
#include "query/expression/expression_parser.h"

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

ExpressionPtr parse_and(const bson::Element& op, ExpressionParser& parser) {
  return std::make_unique<Junction>(false, parser.arguments(op, 0, kAnyNumber));
}
ExpressionPtr parse_or(const bson::Element& op, ExpressionParser& parser) {
  return std::make_unique<Junction>(true, parser.arguments(op, 0, kAnyNumber));
}

Datum negation(std::span<const Datum> a, Evaluation&) { return Datum::of(!a[0].view().truthy()); }

constexpr FunctionOperator kFunctions[] = {{"$not", 1, 1, negation}};
constexpr SyntaxOperator kSyntax[] = {{"$and", parse_and}, {"$or", parse_or}};

}  // namespace

OperatorFamily logical_operators() { return {kFunctions, kSyntax}; }

}  // namespace quern::query
