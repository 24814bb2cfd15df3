// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $cond, $ifNull, $switch.
#include "quern/base/error.h"
#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

class Cond : public ExpressionNode {
 public:
  Cond(ExpressionPtr condition, ExpressionPtr then, ExpressionPtr otherwise)
      : condition_(std::move(condition)), then_(std::move(then)), else_(std::move(otherwise)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum condition = condition_->evaluate(evaluation);
    return (condition.view().truthy() ? then_ : else_)->evaluate(evaluation);
  }

 private:
  ExpressionPtr condition_;
  ExpressionPtr then_;
  ExpressionPtr else_;
};

ExpressionPtr cond(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<Cond>(builder.build(call[0]), builder.build(call[1]),
                                builder.build(call[2]));
}

class IfNull : public ExpressionNode {
 public:
  explicit IfNull(std::vector<ExpressionPtr> arguments) : arguments_(std::move(arguments)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    for (std::size_t i = 0; i + 1 < arguments_.size(); ++i) {
      const Datum value = arguments_[i]->evaluate(evaluation);
      if (!value.nullish()) return value;
    }
    return arguments_.back()->evaluate(evaluation);
  }

 private:
  std::vector<ExpressionPtr> arguments_;
};

ExpressionPtr if_null(const language::Call& call, ExpressionBuilder& builder) {
  return std::make_unique<IfNull>(builder.build_all(call.arguments));
}

class Switch : public ExpressionNode {
 public:
  struct Branch {
    ExpressionPtr condition;
    ExpressionPtr then;
  };
  Switch(std::vector<Branch> branches, ExpressionPtr otherwise)
      : branches_(std::move(branches)), default_(std::move(otherwise)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    for (const Branch& branch : branches_) {
      const Datum condition = branch.condition->evaluate(evaluation);
      if (condition.view().truthy()) return branch.then->evaluate(evaluation);
    }
    if (default_ == nullptr) {
      throw Error(40066,
                  "$switch could not find a matching branch for an input, and no default was "
                  "specified.");
    }
    return default_->evaluate(evaluation);
  }

 private:
  std::vector<Branch> branches_;
  ExpressionPtr default_;
};

ExpressionPtr make_switch(const language::Call& call, ExpressionBuilder& builder) {
  std::vector<Switch::Branch> branches;
  for (const language::Branch& branch : call[0].as<language::Branches>()->list) {
    branches.push_back({builder.build(branch.condition), builder.build(branch.consequence)});
  }
  return std::make_unique<Switch>(std::move(branches), builder.build(call[1]));
}

constexpr NodeOperator kNodes[] = {{"$cond", cond}, {"$ifNull", if_null}, {"$switch", make_switch}};

}  // namespace

OperatorFamily conditional_operators() { return {{}, kNodes}; }

}  // namespace quern::query
