// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From an expression's BSON to its tree. Operators are registered by family: a table in the
// family's file, one line an operator, and one line for the family in expression_parser.cc.
#ifndef QUERN_QUERY_EXPRESSION_EXPRESSION_PARSER_H_
#define QUERN_QUERY_EXPRESSION_EXPRESSION_PARSER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bson/strict_reader.h"
#include "query/expression/expression.h"
#include "query/expression/expression_node.h"
#include "query/value/parse_context.h"

namespace quern::query {

class ExpressionParser;

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);
enum class Nulls { kPassed, kGiveNull };

// An operator that evaluates all its arguments and calls a function.
struct FunctionOperator {
  std::string_view name;
  std::size_t min;
  std::size_t max;
  Function function;
  Nulls nulls = Nulls::kPassed;  // kGiveNull: the result is null if an argument is null or missing
};
// An operator with a syntax or an order of evaluation of its own.
struct SyntaxOperator {
  std::string_view name;
  ExpressionPtr (*parse)(const bson::Element& op, ExpressionParser& parser);
};
struct OperatorFamily {
  std::span<const FunctionOperator> functions;
  std::span<const SyntaxOperator> syntax;
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

class ExpressionParser {
 public:
  // Whether there is a document to read: without one, paths into it throw 4890500.
  enum class Document { kGiven, kNone };
  explicit ExpressionParser(const ParseContext& context, Document document = Document::kGiven);

  // Any expression: a path, a literal, an operator, an object or an array of expressions.
  ExpressionPtr parse(bson::ValueView spec);
  Expression parse_whole(bson::ValueView spec);

  // The arguments of an operator: an array of them, or one that isn't an array.
  std::vector<ExpressionPtr> arguments(const bson::Element& op, std::size_t min, std::size_t max);
  // A function call; evaluated now if all arguments are constants.
  ExpressionPtr call(Function function, Nulls nulls, std::vector<ExpressionPtr> arguments);
  static ExpressionPtr constant(bson::ValueView value);
  static ExpressionPtr constant(const Datum& value) { return constant(value.view()); }

  // A variable for the expressions parsed until it goes out of scope: where its value belongs in
  // the evaluation's slots.
  class Variable {
   public:
    Variable(ExpressionParser& parser, std::string_view name);
    ~Variable() { parser_.variables_.pop_back(); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    std::size_t slot() const { return slot_; }

   private:
    ExpressionParser& parser_;
    std::size_t slot_;
  };
  // Throws unless name may be that of a variable.
  static void check_variable_name(std::string_view name);
  std::size_t new_slot() { return next_slot_++; }

  // The named arguments of an operator that takes a document, each once; names that it doesn't know
  // throw.
  class Named : private bson::StrictReader {
   public:
    Named(const bson::Element& op, std::initializer_list<std::string_view> names,
          std::int32_t not_object, std::int32_t unknown_name);
    // Throws missing_code when it isn't there.
    bson::Element required(std::string_view name, std::int32_t missing_code) const;
    bson::Element optional(std::string_view name) const { return (*this)[name]; }

   private:
    std::string_view op_;
  };
  // Null if the element is absent.
  ExpressionPtr parse_optional(const bson::Element& element);

  const ParseContext& context() const { return context_; }

 private:
  ExpressionPtr parse_path(std::string_view text);
  ExpressionPtr document_path(std::optional<FieldPath> path) const;
  ExpressionPtr parse_document(bson::View document);
  ExpressionPtr parse_operator(const bson::Element& op);

  struct Scoped {
    std::string name;
    std::size_t slot;
  };
  const ParseContext& context_;
  Document document_;
  std::vector<Scoped> variables_;
  std::size_t next_slot_ = 0;
  int depth_ = 0;
};

// Checks a path such as that after "$": no empty component, no leading '$', no NUL, not too long.
void check_field_path(std::string_view path);
// "", "string": for messages.
[[noreturn]] void wrong_type(std::int32_t code, std::string_view what, const Datum& found);

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_EXPRESSION_PARSER_H_
