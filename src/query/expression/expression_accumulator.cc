// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $sum, $avg, $min, $max, $stdDevPop, $stdDevSamp as expressions: over the members of one array, or
// over several arguments.
#include "query/expression/accumulator.h"
#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

class Accumulation : public ExpressionNode {
 public:
  Accumulation(AccumulatorFactory make, std::vector<ExpressionPtr> arguments)
      : make_(make), arguments_(std::move(arguments)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const std::unique_ptr<Accumulator> state = make_();
    for (const ExpressionPtr& argument : arguments_) {
      const Datum value = argument->evaluate(evaluation);
      if (arguments_.size() == 1 && value.type() == bson::Type::kArray) {
        for (const bson::Element& member : value.view().as_array()) state->add(member.value());
      } else {
        state->add(value);
      }
    }
    const Datum result = state->result(evaluation);
    if (Datum::is_inline(result.type())) return result;
    const bson::ValueView view = result.view();  // outlives the state in the arena
    return bson::ValueView(view.type(), evaluation.arena().copy(view.bytes()));
  }

 private:
  AccumulatorFactory make_;
  std::vector<ExpressionPtr> arguments_;
};

ExpressionPtr accumulation(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<Accumulation>(accumulator_factory(*language::accumulator(call.op->name)),
                                        builder.build_all(call.arguments));
}

constexpr NodeOperator kNodes[] = {
    {"$sum", accumulation}, {"$avg", accumulation},       {"$min", accumulation},
    {"$max", accumulation}, {"$stdDevPop", accumulation}, {"$stdDevSamp", accumulation},
};

}  // namespace

OperatorFamily accumulator_operators() { return {{}, kNodes}; }

}  // namespace quern::query
