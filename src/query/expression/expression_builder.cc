// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/expression_builder.h"

#include <algorithm>
#include <array>
#include <iterator>

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

// Deliberately not evaluated.
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

// Read as constants.
constexpr std::string_view kConstants[] = {"$const", "$literal"};

struct Implementation {
  const FunctionOperator* function = nullptr;
  const NodeOperator* node = nullptr;
};

// Beside the rows of the language. Each operator is evaluated or refused, and there is no other.
using Implementations = std::array<Implementation, language::kExpressionOperatorCount>;

Implementations made_implementations() {
  Implementations all{};
  std::size_t known = std::size(kRefused) + std::size(kConstants);
  const auto add = [&](std::string_view name, const Implementation& implementation) {
    const language::ExpressionOperator* op = language::expression_operator(name);
    if (op == nullptr || std::ranges::find(kRefused, name) != std::end(kRefused)) {
      throw Error(ErrorCode::kInternalError,
                  "the operator " + std::string(name) + " is refused, or no operator");
    }
    all[language::position(*op)] = implementation;
    ++known;
  };
  for (const auto family : kFamilies) {
    for (const FunctionOperator& op : family().functions) add(op.name, {&op, nullptr});
    for (const NodeOperator& op : family().nodes) add(op.name, {nullptr, &op});
  }
  if (known != language::kExpressionOperatorCount) {
    throw Error(ErrorCode::kInternalError, "of the operators of expressions " +
                                               std::to_string(known) + " are evaluated or refused");
  }
  return all;
}

const Implementation& implementation_of(const language::ExpressionOperator& op) {
  static const Implementations all = made_implementations();
  return all[language::position(op)];
}

// Evaluated now; fails when it is evaluated for a document, if it is.
ExpressionPtr folded(ExpressionPtr node) {
  try {
    Evaluation evaluation;
    const Datum value = node->evaluate(evaluation);
    return ExpressionBuilder::constant(value);
  } catch (const Error&) {
    return node;
  }
}

bool all_constant(std::span<const ExpressionPtr> expressions) {
  return std::ranges::all_of(expressions, [](const auto& e) { return e->is_constant(); });
}

}  // namespace

ExpressionBuilder::ExpressionBuilder(const ParseContext& context, Document document)
    : context_(context), document_(document) {}

Expression ExpressionBuilder::build_whole(const language::Expression& expression) {
  Expression whole;
  whole.root_ = build(expression);
  return whole;
}

ExpressionPtr ExpressionBuilder::constant(bson::ValueView value) {
  return std::make_unique<ConstantExpression>(bson::Value(value));
}

ExpressionPtr ExpressionBuilder::build(const language::Expression& expression) {
  if (expression.absent()) return nullptr;
  if (const auto* value = expression.as<language::Constant>()) return constant(value->value);
  if (const auto* call = expression.as<language::Call>()) return build_call(*call);
  if (const auto* variable = expression.as<language::VariablePath>()) {
    return build_variable(*variable);
  }
  if (const auto* object = expression.as<language::Object>()) return build_object(*object);
  if (const auto* array = expression.as<language::Array>()) return build_array(*array);
  FieldPath path(std::get<language::FieldPath>(expression.node).path);
  if (const auto slot = slot_of("CURRENT")) {
    return std::make_unique<PathExpression>(slot, std::move(path));
  }
  return document_path(std::move(path));
}

std::vector<ExpressionPtr> ExpressionBuilder::build_all(
    std::span<const language::Expression> expressions) {
  std::vector<ExpressionPtr> nodes;
  for (const language::Expression& expression : expressions) {
    if (!expression.absent()) nodes.push_back(build(expression));
  }
  return nodes;
}

ExpressionPtr ExpressionBuilder::build_array(const language::Array& array) {
  std::vector<ExpressionPtr> members = build_all(array.members);
  const bool constant = all_constant(members);
  auto node = std::make_unique<ArrayExpression>(std::move(members));
  if (!constant) return node;
  return folded(std::move(node));
}

ExpressionPtr ExpressionBuilder::build_object(const language::Object& object) {
  std::vector<ObjectExpression::Field> fields;
  bool constant = true;
  for (const language::Field& field : object.fields) {
    fields.push_back({std::string(field.name), build(field.value)});
    constant &= fields.back().value->is_constant();
  }
  auto node = std::make_unique<ObjectExpression>(std::move(fields));
  if (!constant) return node;
  return folded(std::move(node));
}

ExpressionPtr ExpressionBuilder::build_call(const language::Call& call) {
  const Implementation& implementation = implementation_of(*call.op);
  if (implementation.node != nullptr) return implementation.node->build(call, *this);
  if (implementation.function == nullptr) {
    throw Error(
        ErrorCode::kInvalidPipelineOperator,
        "the expression " + std::string(call.op->name) + " is not supported by this engine");
  }
  const FunctionOperator& function = *implementation.function;
  std::vector<ExpressionPtr> arguments = build_all(call.arguments);
  const bool constant = all_constant(arguments);
  auto node = std::make_unique<FunctionExpression>(
      function.function, function.nulls == Nulls::kGiveNull, std::move(arguments));
  if (!constant) return node;
  return folded(std::move(node));
}

std::optional<std::size_t> ExpressionBuilder::slot_of(std::string_view name) const {
  const auto bound = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const Scoped& variable) { return variable.name == name; });
  if (bound == variables_.rend()) return std::nullopt;
  return bound->slot;
}

ExpressionPtr ExpressionBuilder::build_variable(const language::VariablePath& variable) {
  const std::string_view name = variable.name;
  std::optional<FieldPath> path;
  if (variable.path) path.emplace(*variable.path);
  if (const auto slot = slot_of(name)) {
    return std::make_unique<PathExpression>(slot, std::move(path));
  }
  const auto fixed = [&](bson::ValueView value) {
    if (!path) return constant(value);
    Evaluation evaluation;
    return constant(path_value(value, *path, 0, evaluation));
  };
  if (name == "ROOT" || name == "CURRENT") return document_path(std::move(path));
  if (name == "REMOVE") return constant(bson::ValueView());
  if (name == "NOW") {
    const bson::Value now = bson::Value::of(context_.now);
    return fixed(now);
  }
  if (const bson::Element given = context_.let[name]) return fixed(given.value());
  for (const std::string& missing : context_.let_missing) {
    if (missing == name) return constant(bson::ValueView());
  }
  throw Error(17276, "Use of undefined variable: " + std::string(name));
}

ExpressionPtr ExpressionBuilder::document_path(std::optional<FieldPath> path) const {
  if (document_ == Document::kNone) language::no_document_in_let();
  return std::make_unique<PathExpression>(std::nullopt, std::move(path));
}

ExpressionBuilder::Variable::Variable(ExpressionBuilder& builder, std::string_view name)
    : builder_(builder), slot_(builder.next_slot_++) {
  builder_.variables_.push_back({std::string(name), slot_});
}

Expression Expression::parse(bson::ValueView spec, const ParseContext& context) {
  return of(language::parse_expression(spec), context);
}

Expression Expression::of(const language::Expression& expression, const ParseContext& context) {
  return ExpressionBuilder(context).build_whole(expression);
}

Datum Expression::evaluate(bson::View document, Evaluation& evaluation) const {
  evaluation.root = document;
  return root_->evaluate(evaluation);
}

bool Expression::is_constant() const { return root_->is_constant(); }

}  // namespace quern::query
