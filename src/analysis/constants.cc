// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "analysis/expression_operators.h"
#include "analysis/expression_syntax.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;

bool is_container(ValueView value) { return value.is_document() || value.is_array(); }

bool is_reference(ValueView expression) {
  return expression.is_string() && expression.as_string().starts_with('$');
}

bool holds_constant(ValueView expression);

bool any_holds_constant(View expressions) {
  return std::ranges::any_of(expressions, holds_constant);
}

bool operation_holds_constant(const Element& operation) {
  switch (shape_of_operator(operation.key())) {
    case Shape::kLiteral:
      return true;
    case Shape::kMetadata:
      return false;
    case Shape::kCondition: {
      const Condition parts = condition_of(operation);
      return holds_constant(parts.consequence) || holds_constant(parts.otherwise);
    }
    case Shape::kSwitch: {
      const Switch parts = switch_of(operation);
      return (parts.otherwise && holds_constant(parts.otherwise)) ||
             std::ranges::any_of(parts.branches, [](const Switch::Branch& branch) {
               return holds_constant(branch.consequence);
             });
    }
    default:
      return is_container(operation) ? any_holds_constant(operation.as_document_or_array())
                                     : holds_constant(operation);
  }
}

bool holds_constant(ValueView expression) {
  if (is_operation(expression)) return operation_holds_constant(operation_of(expression));
  if (is_container(expression)) return any_holds_constant(expression.as_document_or_array());
  return !is_reference(expression);
}

// Where the part of an expression stands that is looked at.
enum class Place {
  kSpelledOut,  // it is the value
  kOperand,     // the value is computed with it
  kLiteral,     // it is the value, or an operand, and no expression
};

void check(const EncryptionTree& old, const std::string& path, ValueView expression, Place place);

void check_member(const EncryptionTree& old, const std::string& path, const Element& member,
                  Place place) {
  const EncryptionTree* child = old.child(member.key());
  if (child == nullptr) return;
  check(*child, path.empty() ? std::string(member.key()) : fmt::format("{}.{}", path, member.key()),
        member, place);
}

// In place of a document that holds encrypted fields.
void check_document(const EncryptionTree& old, const std::string& path, ValueView expression,
                    Place place) {
  if (place != Place::kLiteral && is_operation(expression)) {
    const Element operation = operation_of(expression);
    const bool literal = shape_of_operator(operation.key()) == Shape::kLiteral;
    check(old, path, operation, literal ? Place::kLiteral : Place::kOperand);
  } else if (expression.is_array()) {
    for (const Element& item : expression.as_array()) check(old, path, item, place);
  } else if (expression.is_document()) {
    for (const Element& member : expression.as_document()) {
      check_member(old, path, member, place);
      // It may be an argument, or a name beside its value.
      if (place == Place::kOperand) check(old, path, member, place);
    }
  } else if (place == Place::kSpelledOut) {
    if (!is_reference(expression)) refuse::constant(path);
  } else if (expression.is_string() && old.child(expression.as_string()) != nullptr) {
    // Operators make documents out of names and values too.
    check_member(old, path, Element(expression.as_string(), ValueView()), Place::kLiteral);
  }
}

void check(const EncryptionTree& old, const std::string& path, ValueView expression, Place place) {
  if (old.kind() == EncryptionTree::Kind::kObject) {
    check_document(old, path, expression, place);
  } else if (old.kind() != EncryptionTree::Kind::kPlain &&
             (place == Place::kLiteral || holds_constant(expression))) {
    refuse::constant(path);
  }
}

}  // namespace

void refuse_constants(const EncryptionTree& old, std::string_view path, ValueView expression) {
  check(old, std::string(path), expression, Place::kSpelledOut);
}

}  // namespace quern::analysis
