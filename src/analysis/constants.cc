// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "analysis/expression_operators.h"
#include "analysis/expression_syntax.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Kind = EncryptionTree::Kind;

bool is_container(ValueView value) { return value.is_document() || value.is_array(); }

bool is_literal_operation(ValueView expression) {
  return is_operation(expression) &&
         shape_of_operator(operation_of(expression).key()) == Shape::kLiteral;
}

// The name of a field, where an expression gives it as a constant.
std::optional<std::string_view> constant_name(ValueView expression) {
  const bool literal = is_literal_operation(expression);
  const ValueView value = literal ? constant_value(expression) : expression;
  if (!value.is_string() || (!literal && value.as_string().starts_with('$'))) return std::nullopt;
  return value.as_string();
}

// {$operator: [operand]} and {$operator: operand} are the same.
ValueView single_operand(const Element& operation) {
  if (!operation.is_array() || operation.as_array().count() != 1) return operation;
  return operation.as_array().front();
}

// How an expression, or a part of it, gets into the value.
enum class Place {
  kValue,           // it is the value
  kOperand,         // the value is computed with it
  kLiteral,         // it is the value, and no expression
  kLiteralOperand,  // the value is computed with it, and it is no expression
};

class Constants {
 public:
  using Refuse = void (*)(std::string_view path);
  explicit Constants(Refuse refuse) : refuse_(refuse) {}

  // The expression comes in place of old.
  void check(const EncryptionTree& old, const std::string& path, ValueView expression,
             Place place) {
    switch (old.kind()) {
      case Kind::kPlain:
        return;
      case Kind::kArray:
        check(old.children().front(), path, expression, place);
        return;
      case Kind::kObject:
        check_document(old, path, expression, place);
        return;
      case Kind::kRemoved:
      case Kind::kEncrypted:
      case Kind::kUnknown:
        if (is_literal(place) || holds_constant(expression)) refuse_(path);
    }
  }

 private:
  struct Variable {
    std::string_view name;
    bool constant;
  };

  // Names variables while it lives.
  class Scope {
   public:
    explicit Scope(Constants& constants)
        : constants_(constants), before_(constants.variables_.size()) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { constants_.variables_.resize(before_); }

   private:
    Constants& constants_;
    const std::size_t before_;
  };

  static bool is_literal(Place place) {
    return place == Place::kLiteral || place == Place::kLiteralOperand;
  }
  static bool is_operand(Place place) {
    return place == Place::kOperand || place == Place::kLiteralOperand;
  }

  static Place literal(Place place) {
    return is_operand(place) ? Place::kLiteralOperand : Place::kLiteral;
  }

  // Variables.

  // Those that start with a capital are the server's.
  bool is_constant_variable(std::string_view path) const {
    const std::string_view name = take_component(path);
    if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') return false;
    const auto bound = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const Variable& v) { return v.name == name; });
    return bound == variables_.rend() || bound->constant;
  }

  bool is_constant_reference(std::string_view reference) const {
    return reference.starts_with("$$") && is_constant_variable(reference.substr(2));
  }

  void bind_let(const Element& operation) {
    const Element vars = argument(operation, "vars");
    if (!vars.is_document()) return;
    std::vector<Variable> bound;
    for (const Element& variable : vars.as_document()) {
      bound.push_back({variable.key(), holds_constant(variable)});
    }
    variables_.insert(variables_.end(), bound.begin(), bound.end());
  }

  // Returns whether what $reduce starts with holds a constant.
  bool bind_elements(View arguments) {
    const Element as = arguments["as"];
    const bool constant = holds_constant(arguments["input"]);
    const bool accumulates = holds_constant(arguments["initialValue"]);
    variables_.push_back({as.is_string() ? as.as_string() : "this", constant});
    variables_.push_back({"value", accumulates});
    return accumulates;
  }

  // Whether the value of an expression has a constant in it, or is computed with one.

  bool holds_constant(ValueView expression) {
    if (expression.missing()) return false;
    if (is_operation(expression)) return operation_holds_constant(operation_of(expression));
    if (is_container(expression)) return any_holds_constant(expression.as_document_or_array());
    if (!expression.is_string() || !expression.as_string().starts_with('$')) return true;
    return is_constant_reference(expression.as_string());
  }

  bool any_holds_constant(View expressions) {
    return std::ranges::any_of(expressions, [&](const Element& e) { return holds_constant(e); });
  }

  bool operation_holds_constant(const Element& operation) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kLiteral:
        return true;
      case Shape::kMetadata:
        return false;
      case Shape::kCondition:
      case Shape::kSwitch:
      case Shape::kIfNull:
        return std::ranges::any_of(alternatives_of(operation),
                                   [&](ValueView e) { return holds_constant(e); });
      case Shape::kLet: {
        const Scope scope(*this);
        bind_let(operation);
        return holds_constant(argument(operation, "in"));
      }
      case Shape::kOverArray: {
        if (!operation.is_document()) return true;
        const View arguments = operation.as_document();
        if (operation.key() == "$filter") return holds_constant(arguments["input"]);
        const Scope scope(*this);
        return bind_elements(arguments) || holds_constant(arguments["in"]);
      }
      case Shape::kGetField:
        return holds_constant(input_of_get_field(operation));
      default:
        break;
    }
    if (changes_field(operation)) {
      const View arguments = arguments_of(operation, {"field", "input", "value"});
      return holds_constant(arguments["input"]) || holds_constant(arguments["value"]);
    }
    return is_container(operation) ? any_holds_constant(operation.as_document_or_array())
                                   : holds_constant(operation);
  }

  static std::vector<ValueView> alternatives_of(const Element& operation) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kCondition: {
        const Condition parts = condition_of(operation);
        return {parts.consequence, parts.otherwise};
      }
      case Shape::kSwitch: {
        const Switch parts = switch_of(operation);
        std::vector<ValueView> alternatives;
        for (const Switch::Branch& branch : parts.branches) {
          alternatives.push_back(branch.consequence);
        }
        if (parts.otherwise) alternatives.push_back(parts.otherwise);
        return alternatives;
      }
      default:
        return operands_of_if_null(operation);
    }
  }

  static bool changes_field(const Element& operation) {
    return operation.key() == "$setField" || operation.key() == "$unsetField";
  }

  // Missing where it is the document at hand.
  static ValueView input_of_get_field(const Element& operation) {
    if (!operation.is_document() || is_operation(operation)) return {};
    return operation.as_document()["input"];
  }

  // In place of a document that holds encrypted fields.

  void check_document(const EncryptionTree& old, const std::string& path, ValueView expression,
                      Place place) {
    if (expression.missing()) return;
    if (!is_literal(place) && is_operation(expression)) {
      check_operation(old, path, operation_of(expression), place);
    } else if (expression.is_array()) {
      for (const Element& item : expression.as_array()) check(old, path, item, place);
    } else if (expression.is_document()) {
      for (const Element& member : expression.as_document()) {
        check_member(old, path, member.key(), member, place);
      }
    } else if (!is_literal(place) && expression.is_string() &&
               expression.as_string().starts_with('$')) {
      if (is_constant_reference(expression.as_string())) refuse(old, path);
    } else if (!is_operand(place) && old.encrypts()) {
      refuse(old, path);  // without encrypted fields it is a document that goes away
    }
  }

  // One of the fields of old will do for the message.
  void refuse(const EncryptionTree& old, std::string path) {
    const EncryptionTree* field = &old;
    while (!field->children().empty()) {
      field = &field->children().front();
      if (!path.empty()) path += '.';
      path += field->name();
    }
    refuse_(path);
  }

  // A member of the document that comes in place of old, or of one that it is computed with.
  void check_member(const EncryptionTree& old, const std::string& path,
                    std::optional<std::string_view> name, ValueView value, Place place) {
    if (!name) {  // it may be any
      if (is_literal(place) || holds_constant(value)) refuse(old, path);
      return;
    }
    const EncryptionTree* member = old.child(*name);
    if (member == nullptr && old.resolve(*name).node != nullptr) {  // a name with dots
      if (is_literal(place) || holds_constant(value)) refuse(old, path);
    }
    if (member != nullptr) {
      check(*member, path.empty() ? std::string(*name) : fmt::format("{}.{}", path, *name), value,
            is_literal(place) ? Place::kLiteral : Place::kValue);
    }
    // An operator may yield what is further inside.
    if (is_operand(place)) check(old, path, value, place);
  }

  void check_operation(const EncryptionTree& old, const std::string& path, const Element& operation,
                       Place place) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kLiteral:
        check(old, path, operation, literal(place));
        return;
      case Shape::kEquality:
      case Shape::kOrdering:
      case Shape::kMembership:
      case Shape::kMetadata:
        return;  // yields no document
      case Shape::kCondition:
      case Shape::kSwitch:
      case Shape::kIfNull:
        for (const ValueView alternative : alternatives_of(operation)) {
          check(old, path, alternative, place);
        }
        return;
      case Shape::kLet: {
        const Scope scope(*this);
        bind_let(operation);
        check(old, path, argument(operation, "in"), place);
        return;
      }
      case Shape::kOverArray: {
        if (!operation.is_document()) break;
        const View arguments = operation.as_document();
        if (operation.key() == "$filter") {
          check(old, path, arguments["input"], place);
          return;
        }
        const Scope scope(*this);
        check(old, path, arguments["initialValue"], place);
        bind_elements(arguments);
        // Later rounds start with what earlier ones made.
        if (holds_constant(arguments["in"])) variables_.back().constant = true;
        check(old, path, arguments["in"], place);
        return;
      }
      case Shape::kGetField:
        check(old, path, input_of_get_field(operation), Place::kOperand);
        return;
      case Shape::kEvaluated:
      case Shape::kText:
        break;
    }
    const std::string_view name = operation.key();
    if (name == "$mergeObjects") {
      check(old, path, operation, place);
    } else if (name == "$arrayToObject") {
      check_pairs(old, path, single_operand(operation), place);
    } else if (changes_field(operation)) {
      const View arguments = arguments_of(operation, {"field", "input", "value"});
      check(old, path, arguments["input"], place);
      check_member(old, path, constant_name(arguments["field"]), arguments["value"], place);
    } else if (!is_container(operation)) {
      check(old, path, operation, Place::kOperand);
    } else {
      for (const Element& operand : operation.as_document_or_array()) {
        check(old, path, operand, Place::kOperand);
      }
    }
  }

  // Names and values, from which $arrayToObject makes a document.
  void check_pairs(const EncryptionTree& old, const std::string& path, ValueView pairs,
                   Place place) {
    if (is_literal_operation(pairs)) {
      pairs = constant_value(pairs);
      place = literal(place);
    }
    if (pairs.is_array()) {
      for (const Element& pair : pairs.as_array()) check_pair(old, path, pair, place);
    } else if (!is_literal(place) && is_operation(pairs) && operation_of(pairs).key() == "$map" &&
               operation_of(pairs).is_document()) {
      const View arguments = operation_of(pairs).as_document();
      const Scope scope(*this);
      bind_elements(arguments);
      check_pair(old, path, arguments["in"], place);
    } else {
      check_member(old, path, std::nullopt, pairs, place);
    }
  }

  void check_pair(const EncryptionTree& old, const std::string& path, ValueView pair, Place place) {
    const auto name = [&](ValueView name) {
      if (!is_literal(place)) return constant_name(name);
      return name.is_string() ? std::optional(name.as_string()) : std::nullopt;
    };
    if (pair.is_array() && pair.as_array().count() == 2) {
      const View both = pair.as_array();
      check_member(old, path, name(both.front()), std::next(both.begin())->value(), place);
    } else if (pair.is_document() && pair.as_document().contains("k")) {
      check_member(old, path, name(pair.as_document()["k"]), pair.as_document()["v"], place);
    } else {
      check_member(old, path, std::nullopt, pair, place);
    }
  }

  const Refuse refuse_;
  std::vector<Variable> variables_;
};

}  // namespace

void refuse_constants(const EncryptionTree& old, std::string_view path, ValueView expression) {
  Constants(refuse::constant).check(old, std::string(path), expression, Place::kValue);
}

void refuse_compared_constants(const EncryptionTree& document, std::string_view path,
                               ValueView expression) {
  Constants(refuse::removed).check(document, std::string(path), expression, Place::kOperand);
}

}  // namespace quern::analysis
