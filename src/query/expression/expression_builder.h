// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From an expression, as language/expression.h reads it, to the tree that evaluates it. Operators
// are registered by family: a table in the family's file, one line an operator, and one line for
// the family in expression_builder.cc.
#ifndef QUERN_QUERY_EXPRESSION_EXPRESSION_BUILDER_H_
#define QUERN_QUERY_EXPRESSION_EXPRESSION_BUILDER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "language/expression.h"
#include "query/expression/expression.h"
#include "query/expression/expression_node.h"
#include "query/value/parse_context.h"

namespace quern::query {

class ExpressionBuilder;

enum class Nulls { kPassed, kGiveNull };

// An operator that evaluates all the arguments that it is given and calls a function.
struct FunctionOperator {
  std::string_view name;
  Function function;
  Nulls nulls = Nulls::kPassed;  // kGiveNull: the result is null if an argument is null or missing
};
// An operator with a node or an order of evaluation of its own.
struct NodeOperator {
  std::string_view name;
  ExpressionPtr (*build)(const language::Call& call, ExpressionBuilder& builder);
};
struct OperatorFamily {
  std::span<const FunctionOperator> functions;
  std::span<const NodeOperator> nodes;
};

OperatorFamily accumulator_operators();
OperatorFamily arithmetic_operators();
OperatorFamily comparison_operators();
OperatorFamily logical_operators();
OperatorFamily conditional_operators();
OperatorFamily string_operators();
OperatorFamily regex_operators();
OperatorFamily array_operators();
OperatorFamily array_iteration_operators();
OperatorFamily set_operators();
OperatorFamily object_operators();
OperatorFamily type_operators();
OperatorFamily date_operators();
OperatorFamily date_arithmetic_operators();
OperatorFamily bitwise_operators();
OperatorFamily variable_operators();

class ExpressionBuilder {
 public:
  // Whether there is a document to read: without one, paths into it throw 4890500.
  enum class Document { kGiven, kNone };
  explicit ExpressionBuilder(const ParseContext& context, Document document = Document::kGiven);

  // Null for an absent argument.
  ExpressionPtr build(const language::Expression& expression);
  std::vector<ExpressionPtr> build_all(std::span<const language::Expression> expressions);
  ExpressionPtr build_variable(const language::VariablePath& variable);
  Expression build_whole(const language::Expression& expression);

  static ExpressionPtr constant(bson::ValueView value);
  static ExpressionPtr constant(const Datum& value) { return constant(value.view()); }

  // A variable for the expressions built until it goes out of scope: where its value belongs in the
  // evaluation's slots.
  class Variable {
   public:
    Variable(ExpressionBuilder& builder, std::string_view name);
    ~Variable() { builder_.variables_.pop_back(); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    std::size_t slot() const { return slot_; }

   private:
    ExpressionBuilder& builder_;
    std::size_t slot_;
  };

 private:
  ExpressionPtr document_path(std::optional<FieldPath> path) const;
  ExpressionPtr build_array(const language::Array& array);
  ExpressionPtr build_object(const language::Object& object);
  ExpressionPtr build_call(const language::Call& call);
  std::optional<std::size_t> slot_of(std::string_view name) const;

  struct Scoped {
    std::string name;
    std::size_t slot;
  };
  const ParseContext& context_;
  Document document_;
  std::vector<Scoped> variables_;
  std::size_t next_slot_ = 0;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_EXPRESSION_BUILDER_H_
