// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation expressions as typed values. An expression is read here, once and strictly: what it
// holds twice, an operator that does not exist, a wrong number of arguments, an argument that is
// not known or missing, a path or the name of a variable that cannot be one throws, with MongoDB's
// code. Whoever analyses or evaluates an expression works with these values and never reads an
// argument by its name, so that none of them can see another expression than the others do. So is
// the call of an accumulator, whose arguments are expressions.
//
// All values borrow from the expression's BSON.
#ifndef QUERN_LANGUAGE_EXPRESSION_H_
#define QUERN_LANGUAGE_EXPRESSION_H_

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "language/expression_operators.h"
#include "quern/bson/view.h"

namespace quern::language {

// Deeper expressions are refused, so that nobody who walks one exhausts the stack.
inline constexpr int kMaxExpressionDepth = 200;

struct Expression;
struct Field;
struct Branch;

struct Constant {  // a value, be it the operand of $literal or $const
  bson::ValueView value;
};
struct FieldPath {  // "$a.b"
  std::string_view path;
};
struct VariablePath {  // "$$name", "$$name.a.b"
  std::string_view name;
  std::optional<std::string_view> path;
};
struct Object {               // {a: expression, …}, or the variables of $let
  std::vector<Field> fields;  // each name once

  const Expression* field(std::string_view name) const;  // null unless it is there
};
struct Array {  // [expression, …]
  std::vector<Expression> members;
};
struct Branches {            // of $switch
  std::vector<Branch> list;  // at least one
};
struct Call {  // {$operator: arguments}, {$accumulator: arguments}
  const ExpressionOperator* op;
  bson::Element operand;  // its name with its arguments, as they are written
  // Those of a list in their order. Named ones, however they are written, in the order of the
  // operator's parameters; those that are left out are absent.
  std::vector<Expression> arguments;
  enum class Spelling { kOne, kList, kNames } spelling;

  const Expression& operator[](std::size_t i) const;
  // Null for a name that is no parameter of the operator.
  const Expression* argument(std::string_view parameter) const;
};

struct Expression {
  bson::ValueView source;  // as it is written; missing for an argument that was left out
  std::variant<Constant, FieldPath, VariablePath, Object, Array, Branches, Call> node;

  bool absent() const { return source.missing(); }
  // Null for an expression of another kind.
  template <class Node>
  const Node* as() const {
    return std::get_if<Node>(&node);
  }
};

inline const Expression& Call::operator[](std::size_t i) const { return arguments[i]; }

struct Field {
  std::string_view name;
  Expression value;
};
struct Branch {
  Expression condition;
  Expression consequence;
};

// Throws Error with the code of the fault; Overflow for one that is nested too deep.
Expression parse_expression(bson::ValueView expression);

// {accumulator: arguments}, of a row of language/accumulators.h. Besides, throws 15952 for an
// accumulator that does not exist, 40237 for a list of several values.
Call parse_accumulator(const bson::Element& accumulation);

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_EXPRESSION_H_
