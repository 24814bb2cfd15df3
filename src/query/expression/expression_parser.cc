// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/expression_parser.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "language/operators.h"
#include "language/variable.h"
#include "quern/base/error.h"

namespace quern::query {
namespace {

// One line a family.
constexpr OperatorFamily (*kFamilies[])() = {
    accumulator_operators, arithmetic_operators,      array_iteration_operators,
    array_operators,       bitwise_operators,         comparison_operators,
    conditional_operators, date_arithmetic_operators, date_operators,
    logical_operators,     object_operators,          regex_operators,
    set_operators,         string_operators,          type_operators,
    variable_operators,
};

// Deliberately without a function.
constexpr std::string_view kRefused[] = {
    "$acos",
    "$acosh",
    "$asin",
    "$asinh",
    "$atan",
    "$atan2",
    "$atanh",
    "$cos",
    "$cosh",
    "$degreesToRadians",
    "$encStrContains",
    "$encStrEndsWith",
    "$encStrNormalizedEq",
    "$encStrStartsWith",
    "$function",
    "$maxN",
    "$median",
    "$meta",
    "$minN",
    "$percentile",
    "$radiansToDegrees",
    "$rand",
    "$sampleRate",
    "$sin",
    "$sinh",
    "$tan",
    "$tanh",
    "$toHashedIndexKey",
    "$toUUID",
};

struct Operator {
  const FunctionOperator* function = nullptr;
  const SyntaxOperator* syntax = nullptr;
};

using Operators = std::unordered_map<std::string_view, Operator>;

// A row for each operator of the language, and for no other.
void check_complete(const Operators& all) {
  const auto is_refused = [](std::string_view name) {
    return std::find(std::begin(kRefused), std::end(kRefused), name) != std::end(kRefused);
  };
  std::size_t known = std::size(kRefused);
  for (const std::string_view name : language::kExpressionOperators) {
    if (all.contains(name) == is_refused(name)) {
      throw Error(ErrorCode::kInternalError,
                  "the operator " + std::string(name) + " must be either evaluated or refused");
    }
    known += all.contains(name) ? 1 : 0;
  }
  if (known != std::size(language::kExpressionOperators) ||
      known != all.size() + std::size(kRefused)) {
    throw Error(ErrorCode::kInternalError, "an operator is missing in language/operators.h: " +
                                               std::to_string(all.size()) + " are evaluated");
  }
}

const Operators& operators() {
  static const auto table = [] {
    Operators all;
    for (const auto family : kFamilies) {
      for (const FunctionOperator& op : family().functions) all[op.name].function = &op;
      for (const SyntaxOperator& op : family().syntax) all[op.name].syntax = &op;
    }
    check_complete(all);
    return all;
  }();
  return table;
}

}  // namespace

void wrong_type(std::int32_t code, std::string_view what, const Datum& found) {
  throw Error(code, std::string(what) + ", found: " + std::string(bson::alias(found.type())));
}

void check_field_path(std::string_view path) {
  std::string_view rest = path;
  for (std::size_t components = 1;; ++components) {
    if (components > kMaxPathComponents) {
      throw Error(ErrorCode::kOverflow, "FieldPath is too long: it has more than " +
                                            std::to_string(kMaxPathComponents) + " components");
    }
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    if (name.empty()) {
      throw Error(path.ends_with('.') ? 40353 : 15998,
                  path.ends_with('.') ? "FieldPath must not end with a '.'."
                                      : "FieldPath field names may not be empty strings.");
    }
    if (name.front() == '$') {
      throw Error(16410,
                  "FieldPath field names may not start with '$'. Consider using $getField or "
                  "$setField.");
    }
    if (name.find('\0') != name.npos) {
      throw Error(16411, "FieldPath field names may not contain '\\0'.");
    }
    if (dot == rest.npos) return;
    rest.remove_prefix(dot + 1);
  }
}

ExpressionParser::ExpressionParser(const ParseContext& context, Document document)
    : context_(context), document_(document) {}

Expression ExpressionParser::parse_whole(bson::ValueView spec) {
  Expression expression;
  expression.root_ = parse(spec);
  return expression;
}

ExpressionPtr ExpressionParser::constant(bson::ValueView value) {
  return std::make_unique<ConstantExpression>(bson::Value(value));
}

ExpressionPtr ExpressionParser::parse(bson::ValueView spec) {
  struct Level {
    int& depth;
    explicit Level(int& d) : depth(d) { ++depth; }
    ~Level() { --depth; }
  } level(depth_);
  if (depth_ > kMaxNesting) {
    throw Error(ErrorCode::kOverflow, "the expression is nested more than " +
                                          std::to_string(kMaxNesting) + " levels deep");
  }
  switch (spec.type()) {
    case bson::Type::kString: {
      const std::string_view text = spec.as_string();
      return text.starts_with('$') ? parse_path(text) : constant(spec);
    }
    case bson::Type::kDocument:
      return parse_document(spec.as_document());
    case bson::Type::kArray: {
      std::vector<ExpressionPtr> members;
      bool all_constant = true;
      for (const bson::Element& member : spec.as_array()) {
        members.push_back(parse(member.value()));
        all_constant &= members.back()->is_constant();
      }
      auto array = std::make_unique<ArrayExpression>(std::move(members));
      if (!all_constant) return array;
      Evaluation evaluation;
      return constant(array->evaluate(evaluation));
    }
    default:
      return constant(spec);
  }
}

ExpressionPtr ExpressionParser::parse_document(bson::View document) {
  if (document.empty()) return constant(document.as_value());
  if (document.front().key().starts_with('$')) {
    if (document.count() != 1) {
      throw Error(15983,
                  "an object representing an expression must have exactly one field, found " +
                      std::to_string(document.count()) + " beginning with " +
                      std::string(document.front().key()));
    }
    return parse_operator(document.front());
  }
  std::vector<ObjectExpression::Field> fields;
  std::unordered_set<std::string_view> names;
  bool all_constant = true;
  for (const bson::Element& element : document) {
    const std::string name(element.key());
    if (name.find('.') != name.npos) {
      throw Error(16412,
                  "FieldPath field names may not contain '.'. Consider using $getField or "
                  "$setField.");
    }
    check_field_path(name);
    if (!names.insert(element.key()).second) {
      throw Error(16406, "duplicate field name specified in object literal: " + name);
    }
    fields.push_back({name, parse(element.value())});
    all_constant &= fields.back().value->is_constant();
  }
  auto object = std::make_unique<ObjectExpression>(std::move(fields));
  if (!all_constant) return object;
  Evaluation evaluation;
  return constant(object->evaluate(evaluation));
}

ExpressionPtr ExpressionParser::parse_operator(const bson::Element& op) {
  const auto found = operators().find(op.key());
  if (found == operators().end()) {
    for (const std::string_view name : kRefused) {
      if (op.key() == name) {
        throw Error(ErrorCode::kInvalidPipelineOperator,
                    "the expression " + std::string(name) + " is not supported by this engine");
      }
    }
    throw Error(ErrorCode::kInvalidPipelineOperator,
                "Unrecognized expression '" + std::string(op.key()) + "'");
  }
  if (const SyntaxOperator* syntax = found->second.syntax) return syntax->parse(op, *this);
  const FunctionOperator& function = *found->second.function;
  return call(function.function, function.nulls, arguments(op, function.min, function.max));
}

std::vector<ExpressionPtr> ExpressionParser::arguments(const bson::Element& op, std::size_t min,
                                                       std::size_t max) {
  std::vector<ExpressionPtr> parsed;
  if (op.is_array()) {
    for (const bson::Element& member : op.as_array()) parsed.push_back(parse(member.value()));
  } else {
    parsed.push_back(parse(op.value()));
  }
  if (parsed.size() >= min && parsed.size() <= max) return parsed;
  const std::string name(op.key());
  const std::string given = std::to_string(parsed.size());
  if (min == max) {
    throw Error(16020, "Expression " + name + " takes exactly " + std::to_string(min) +
                           " arguments. " + given + " were passed in.");
  }
  throw Error(28667, "Expression " + name + " takes at least " + std::to_string(min) +
                         " arguments" +
                         (max == kAnyNumber ? "" : ", and at most " + std::to_string(max)) +
                         ", but " + given + " were passed in.");
}

ExpressionPtr ExpressionParser::call(Function function, Nulls nulls,
                                     std::vector<ExpressionPtr> arguments) {
  bool all_constant = true;
  for (const ExpressionPtr& argument : arguments) all_constant &= argument->is_constant();
  auto node = std::make_unique<FunctionExpression>(function, nulls == Nulls::kGiveNull,
                                                   std::move(arguments));
  if (!all_constant) return node;
  try {
    Evaluation evaluation;
    const Datum value = node->evaluate(evaluation);
    return constant(value);
  } catch (const Error&) {
    return node;  // fails when it is evaluated, if it is
  }
}

ExpressionPtr ExpressionParser::parse_path(std::string_view text) {
  if (!text.starts_with("$$")) {
    if (text.size() == 1) throw Error(16872, "'$' by itself is not a valid FieldPath");
    check_field_path(text.substr(1));
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
      if (it->name == "CURRENT") {
        return std::make_unique<PathExpression>(it->slot, FieldPath(text.substr(1)));
      }
    }
    return document_path(FieldPath(text.substr(1)));
  }
  if (text.size() == 2) throw Error(16870, "empty variable names are not allowed");
  const std::size_t dot = text.find('.');
  const std::string_view name = text.substr(2, dot == text.npos ? dot : dot - 2);
  std::optional<FieldPath> path;
  if (dot != text.npos) {
    check_field_path(text.substr(dot + 1));
    path.emplace(text.substr(dot + 1));
  }
  for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
    if (it->name == name) return std::make_unique<PathExpression>(it->slot, std::move(path));
  }
  const auto fixed = [&](bson::ValueView value) {
    if (!path) return constant(value);
    Evaluation evaluation;
    return constant(path_value(value, *path, 0, evaluation));
  };
  if (name == "ROOT" || name == "CURRENT") {
    return document_path(std::move(path));
  }
  if (name == "REMOVE") return constant(bson::ValueView());
  if (name == "NOW") {
    const bson::Value now = bson::Value::of(context_.now);
    return fixed(now);
  }
  if (const bson::Element variable = context_.let[name]) return fixed(variable.value());
  for (const std::string& variable : context_.let_missing) {
    if (variable == name) return constant(bson::ValueView());
  }
  throw Error(17276, "Use of undefined variable: " + std::string(name));
}

ExpressionPtr ExpressionParser::document_path(std::optional<FieldPath> path) const {
  if (document_ == Document::kNone) language::no_document_in_let();
  return std::make_unique<PathExpression>(std::nullopt, std::move(path));
}

void ExpressionParser::check_variable_name(std::string_view name) {
  language::check_variable_name(name);
}

ExpressionParser::Variable::Variable(ExpressionParser& parser, std::string_view name)
    : parser_(parser), slot_(parser.new_slot()) {
  check_variable_name(name);
  parser_.variables_.push_back({std::string(name), slot_});
}

namespace {

bson::View named_arguments(const bson::Element& op, std::int32_t not_object) {
  if (op.is_document()) return op.as_document();
  throw Error(not_object, std::string(op.key()) + " only supports an object as its argument");
}

}  // namespace

ExpressionParser::Named::Named(const bson::Element& op,
                               std::initializer_list<std::string_view> names,
                               std::int32_t not_object, std::int32_t unknown_name)
    : StrictReader(named_arguments(op, not_object), op.key(), names,
                   {.unknown = {unknown_name, "Unrecognized parameter to {where}: {name}"}}),
      op_(op.key()) {}

bson::Element ExpressionParser::Named::required(std::string_view name,
                                                std::int32_t missing_code) const {
  const bson::Element element = (*this)[name];
  if (element.missing()) {
    throw Error(missing_code,
                "Missing '" + std::string(name) + "' parameter to " + std::string(op_));
  }
  return element;
}

ExpressionPtr ExpressionParser::parse_optional(const bson::Element& element) {
  return element.missing() ? nullptr : parse(element.value());
}

Expression Expression::parse(bson::ValueView spec, const ParseContext& context) {
  return ExpressionParser(context).parse_whole(spec);
}

Datum Expression::evaluate(bson::View document, Evaluation& evaluation) const {
  evaluation.root = document;
  return root_->evaluate(evaluation);
}

bool Expression::is_constant() const { return root_->is_constant(); }

}  // namespace quern::query
