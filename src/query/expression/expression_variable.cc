// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $let.
#include <deque>

#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

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

ExpressionPtr let(const language::Call& call, ExpressionBuilder& builder) {
  const auto& variables = *call[0].as<language::Object>();
  // Values see the variables outside only, so all are built before any comes into scope.
  std::vector<ExpressionPtr> values;
  for (const language::Field& variable : variables.fields) {
    values.push_back(builder.build(variable.value));
  }
  std::deque<ExpressionBuilder::Variable> scope;
  std::vector<Let::Binding> bindings;
  for (const language::Field& variable : variables.fields) {
    const std::size_t slot = scope.emplace_back(builder, variable.name).slot();
    bindings.push_back({slot, std::move(values[bindings.size()])});
  }
  return std::make_unique<Let>(std::move(bindings), builder.build(call[1]));
}

constexpr NodeOperator kNodes[] = {{"$let", let}};

}  // namespace

OperatorFamily variable_operators() { return {{}, kNodes}; }

}  // namespace quern::query
