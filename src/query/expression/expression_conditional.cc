// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $cond, $ifNull, $switch.
#include "quern/base/error.h"
#include "query/expression/expression_parser.h"

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

ExpressionPtr parse_cond(const bson::Element& op, ExpressionParser& parser) {
  if (!op.is_document()) {
    auto arguments = parser.arguments(op, 3, 3);
    return std::make_unique<Cond>(std::move(arguments[0]), std::move(arguments[1]),
                                  std::move(arguments[2]));
  }
  const ExpressionParser::Named named(op, {"if", "then", "else"}, 16866, 17083);
  const bson::Element condition = named.required("if", 17080);
  const bson::Element then = named.required("then", 17081);
  const bson::Element otherwise = named.required("else", 17082);
  return std::make_unique<Cond>(parser.parse(condition), parser.parse(then),
                                parser.parse(otherwise));
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

ExpressionPtr parse_if_null(const bson::Element& op, ExpressionParser& parser) {
  auto arguments = parser.arguments(op, 0, kAnyNumber);
  if (arguments.size() < 2) {
    throw Error(1257300,
                "$ifNull needs at least two arguments, had: " + std::to_string(arguments.size()));
  }
  return std::make_unique<IfNull>(std::move(arguments));
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

ExpressionPtr parse_switch(const bson::Element& op, ExpressionParser& parser) {
  const ExpressionParser::Named named(op, {"branches", "default"}, 40060, 40067);
  const bson::Element list = named.optional("branches");
  if (list && !list.is_array()) {
    throw Error(40061, "$switch expected an array for 'branches', found: " +
                           std::string(bson::alias(list.type())));
  }
  std::vector<Switch::Branch> branches;
  if (list) {
    for (const bson::Element& member : list.as_array()) {
      const ExpressionParser::Named parts(bson::Element("$switch branch", member), {"case", "then"},
                                          40062, 40063);
      branches.push_back({parser.parse(parts.required("case", 40064)),
                          parser.parse(parts.required("then", 40065))});
    }
  }
  if (branches.empty()) throw Error(40068, "$switch requires at least one branch.");
  return std::make_unique<Switch>(std::move(branches),
                                  parser.parse_optional(named.optional("default")));
}

constexpr SyntaxOperator kSyntax[] = {
    {"$cond", parse_cond}, {"$ifNull", parse_if_null}, {"$switch", parse_switch}};

}  // namespace

OperatorFamily conditional_operators() { return {{}, kSyntax}; }

}  // namespace quern::query
