// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $let, $literal, $const.
#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "query/expression/expression_parser.h"

namespace quern::query {
namespace {

ExpressionPtr parse_literal(const bson::Element& op, ExpressionParser&) {
  return ExpressionParser::constant(op.value());
}

class Let : public ExpressionNode {
 public:
  struct Binding {
    std::size_t slot;
    ExpressionPtr value;
  };
  Let(std::vector<Binding> bindings, ExpressionPtr in)
      : bindings_(std::move(bindings)), in_(std::move(in)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    for (const Binding& binding : bindings_) {
      const Datum value = binding.value->evaluate(evaluation);
      evaluation.variable(binding.slot) = value;
    }
    return in_->evaluate(evaluation);
  }

 private:
  std::vector<Binding> bindings_;
  ExpressionPtr in_;
};

ExpressionPtr parse_let(const bson::Element& op, ExpressionParser& parser) {
  const ExpressionParser::Named named(op, {"vars", "in"}, 16874, 16875);
  const bson::Element vars = named.required("vars", 16876);
  const bson::Element in = named.required("in", 16877);
  if (!vars.is_document()) throw Error(ErrorCode::kBadValue, "$let: 'vars' must be an object");
  bson::require_distinct(vars.as_document(), "$let.vars");
  // Values see the variables outside only, so all are parsed before any comes into scope.
  std::vector<ExpressionPtr> values;
  for (const bson::Element& variable : vars.as_document()) values.push_back(parser.parse(variable));
  std::vector<std::unique_ptr<ExpressionParser::Variable>> scope;
  std::vector<Let::Binding> bindings;
  for (const bson::Element& variable : vars.as_document()) {
    scope.push_back(std::make_unique<ExpressionParser::Variable>(parser, variable.key()));
    bindings.push_back({scope.back()->slot(), std::move(values[bindings.size()])});
  }
  return std::make_unique<Let>(std::move(bindings), parser.parse(in));
}

constexpr SyntaxOperator kSyntax[] = {
    {"$literal", parse_literal}, {"$const", parse_literal}, {"$let", parse_let}};

}  // namespace

OperatorFamily variable_operators() { return {{}, kSyntax}; }

}  // namespace quern::query
