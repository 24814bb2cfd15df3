// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression_syntax.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/refusal.h"

namespace quern::analysis {

using bson::Element;
using bson::ValueView;
using bson::View;

bool is_operation(ValueView expression) {
  return expression.is_document() && expression.as_document().front().key().starts_with('$');
}

Element operation_of(ValueView expression) {
  const View document = expression.as_document();
  if (document.count() != 1) {
    refuse::malformed(
        fmt::format("An expression must have one operator, but {} has others beside it",
                    document.front().key()));
  }
  return document.front();
}

ValueView constant_value(ValueView expression) {
  return is_operation(expression) ? operation_of(expression).value() : expression;
}

std::array<ValueView, 2> two_operands(const Element& operation) {
  if (operation.is_array() && operation.as_array().count() == 2) {
    const auto first = operation.as_array().begin();
    return {first->value(), std::next(first)->value()};
  }
  refuse::malformed(fmt::format("Expression {} takes exactly 2 arguments", operation.key()));
}

View arguments_of(const Element& operation, std::initializer_list<std::string_view> known) {
  if (!operation.is_document()) {
    refuse::malformed(
        fmt::format("Expression {} takes a document of named arguments", operation.key()));
  }
  return bson::StrictReader(operation.as_document(), operation.key(), known, refuse::kMemberFaults)
      .view();
}

Element argument(const Element& operation, std::string_view name) {
  const Element found = operation.as_document()[name];
  if (!found) refuse::malformed(fmt::format("Expression {} needs '{}'", operation.key(), name));
  return found;
}

CondOperands cond_operands_of(const Element& operation) {
  if (operation.is_array() && operation.as_array().count() == 3) {
    auto operand = operation.as_array().begin();
    const ValueView condition = operand->value();
    const ValueView consequence = (++operand)->value();
    return {condition, consequence, (++operand)->value()};
  }
  arguments_of(operation, {"if", "then", "else"});
  return {argument(operation, "if"), argument(operation, "then"), argument(operation, "else")};
}

Switch switch_of(const Element& operation) {
  const View arguments = arguments_of(operation, {"branches", "default"});
  const Element branches = argument(operation, "branches");
  if (!branches.is_array()) refuse::malformed("Expression $switch needs an array 'branches'");
  Switch result;
  for (const Element& branch : branches.as_array()) {
    const Element named("$switch.branches", branch);
    arguments_of(named, {"case", "then"});
    result.branches.push_back({argument(named, "case"), argument(named, "then")});
  }
  result.otherwise = arguments["default"];
  return result;
}

std::vector<ValueView> operands_of_if_null(const Element& operation) {
  if (!operation.is_array()) refuse::malformed("Expression $ifNull takes an array");
  std::vector<ValueView> operands;
  for (const Element& operand : operation.as_array()) operands.push_back(operand);
  return operands;
}

}  // namespace quern::analysis
