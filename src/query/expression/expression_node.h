// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The tree that an expression is parsed into. Nodes are immutable; constants are owned by their
// node.
#ifndef QUERN_QUERY_EXPRESSION_EXPRESSION_NODE_H_
#define QUERN_QUERY_EXPRESSION_EXPRESSION_NODE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/bson/document.h"
#include "query/expression/evaluation.h"
#include "query/value/field_path.h"

namespace quern::query {

class ExpressionNode {
 public:
  virtual ~ExpressionNode() = default;
  virtual Datum evaluate(Evaluation& evaluation) const = 0;

  // What it always evaluates to, if that was known when it was parsed.
  virtual const bson::Value* constant() const { return nullptr; }
  bool is_constant() const { return constant() != nullptr; }
  // For the planner. The path in the document that it reads, if it does no more.
  virtual const FieldPath* document_path() const { return nullptr; }
  // The two sides that it compares, if it is a call of $eq; else none.
  virtual std::span<const std::unique_ptr<const ExpressionNode>> equated() const { return {}; }
};
using ExpressionPtr = std::unique_ptr<const ExpressionNode>;

class ConstantExpression : public ExpressionNode {
 public:
  explicit ConstantExpression(bson::Value value)
      : value_(std::move(value)), datum_(value_.view()) {}
  Datum evaluate(Evaluation&) const override { return datum_; }
  const bson::Value* constant() const override { return &value_; }

 private:
  bson::Value value_;
  Datum datum_;
};

// "$a.b", "$$name" or "$$name.a.b". Goes through documents; an array on the way gives the array of
// what its documents have there.
class PathExpression : public ExpressionNode {
 public:
  // slot: of the variable it starts from; none: the document under evaluation.
  // path: none: the start itself.
  PathExpression(std::optional<std::size_t> slot, std::optional<FieldPath> path)
      : slot_(slot), path_(std::move(path)) {}
  Datum evaluate(Evaluation& evaluation) const override;

  const FieldPath* document_path() const override { return !slot_ && path_ ? &*path_ : nullptr; }

 private:
  std::optional<std::size_t> slot_;
  std::optional<FieldPath> path_;
};
// What path means below value, from component depth on.
Datum path_value(bson::ValueView value, const FieldPath& path, std::size_t depth,
                 Evaluation& evaluation);

class ObjectExpression : public ExpressionNode {
 public:
  struct Field {
    std::string name;
    ExpressionPtr value;
  };
  explicit ObjectExpression(std::vector<Field> fields) : fields_(std::move(fields)) {}
  Datum evaluate(Evaluation& evaluation) const override;

 private:
  std::vector<Field> fields_;
};

class ArrayExpression : public ExpressionNode {
 public:
  explicit ArrayExpression(std::vector<ExpressionPtr> members) : members_(std::move(members)) {}
  Datum evaluate(Evaluation& evaluation) const override;

 private:
  std::vector<ExpressionPtr> members_;
};

// Most operators: all arguments are evaluated, then a function is called.
using Operands = std::span<const Datum>;
using Function = Datum (*)(Operands operands, Evaluation& evaluation);

class FunctionExpression : public ExpressionNode {
 public:
  FunctionExpression(Function function, bool null_if_any_null, std::vector<ExpressionPtr> arguments)
      : function_(function),
        null_if_any_null_(null_if_any_null),
        arguments_(std::move(arguments)) {}
  Datum evaluate(Evaluation& evaluation) const override;

  std::span<const ExpressionPtr> equated() const override;

 private:
  Function function_;
  bool null_if_any_null_;
  std::vector<ExpressionPtr> arguments_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_EXPRESSION_NODE_H_
