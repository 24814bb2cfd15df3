// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "bson/strict_reader.h"
#include "language/field_path.h"
#include "language/variable.h"

namespace quern::language {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Spelling = Call::Spelling;

[[noreturn]] void fail(std::int32_t code, const std::string& text) { throw Error(code, text); }

bool is_operation(View document) { return document.front().key().starts_with('$'); }

class Parser {
 public:
  Expression parse(ValueView spec) {
    if (depth_ == kMaxExpressionDepth) {
      throw Error(
          ErrorCode::kOverflow,
          fmt::format("the expression is nested more than {} levels deep", kMaxExpressionDepth));
    }
    ++depth_;
    Expression expression{spec, node(spec)};
    --depth_;
    return expression;
  }

 private:
  decltype(Expression::node) node(ValueView spec) {
    switch (spec.type()) {
      case bson::Type::kString:
        if (spec.as_string().starts_with('$')) return path(spec.as_string());
        return Constant{spec};
      case bson::Type::kDocument:
        if (is_operation(spec.as_document())) return operation(spec.as_document());
        return object(spec.as_document());
      case bson::Type::kArray:
        return Array{list(spec.as_array())};
      default:
        return Constant{spec};
    }
  }

  static decltype(Expression::node) path(std::string_view text) {
    if (!text.starts_with("$$")) {
      if (text.size() == 1) fail(16872, "'$' by itself is not a valid FieldPath");
      check_field_path(text.substr(1));
      return FieldPath{text.substr(1)};
    }
    if (text.size() == 2) fail(16870, "empty variable names are not allowed");
    if (text.ends_with('.')) fail(40353, "FieldPath must not end with a '.'.");
    const std::size_t dot = text.find('.');
    if (dot == text.npos) return VariablePath{text.substr(2), std::nullopt};
    check_field_path(text.substr(dot + 1));
    return VariablePath{text.substr(2, dot - 2), text.substr(dot + 1)};
  }

  std::vector<Expression> list(View array) {
    std::vector<Expression> members;
    for (const Element& member : array) members.push_back(parse(member));
    return members;
  }

  Object object(View document) {
    bson::require_distinct(document, {},
                           {16406, "duplicate field name specified in object literal: {name}"});
    Object object;
    for (const Element& element : document) {
      if (element.key().find('.') != std::string_view::npos) {
        fail(16412,
             "FieldPath field names may not contain '.'. Consider using $getField or $setField.");
      }
      if (element.key().empty()) fail(15998, "FieldPath field names may not be empty strings.");
      check_field_path(element.key());
      object.fields.push_back({element.key(), parse(element)});
    }
    return object;
  }

  decltype(Expression::node) operation(View document) {
    const Element operand = document.front();
    if (const std::size_t count = document.count(); count != 1) {
      fail(15983, fmt::format("an object representing an expression must have exactly one field, "
                              "found {} beginning with {}",
                              count, operand.key()));
    }
    const ExpressionOperator* op = expression_operator(operand.key());
    if (op == nullptr) {
      throw Error(ErrorCode::kInvalidPipelineOperator,
                  fmt::format("Unrecognized expression '{}'", operand.key()));
    }
    const bool document_of_names = operand.is_document() && !is_operation(operand.as_document());
    switch (op->arguments) {
      case Arguments::kConstant:
        return Constant{operand};
      case Arguments::kKeyword:
        return Call{op, operand, {{operand, Constant{operand}}}, Spelling::kOne};
      case Arguments::kNamed:
        return named_call(*op, operand);
      case Arguments::kNamedOrList:
        if (document_of_names) return named_call(*op, operand);
        break;
      case Arguments::kNamedOrOne:
        if (document_of_names) return named_call(*op, operand);
        return Call{op, operand, filled(*op, {parse(operand)}), Spelling::kOne};
      case Arguments::kList:
        break;
    }
    return Call{op, operand, filled(*op, counted(*op, operand)),
                operand.is_array() ? Spelling::kList : Spelling::kOne};
  }

  // A list of as many as there are parameters.
  static std::vector<Expression> filled(const ExpressionOperator& op,
                                        std::vector<Expression> arguments) {
    if (!op.parameters.empty()) arguments.resize(op.parameters.size());
    return arguments;
  }

  std::vector<Expression> counted(const ExpressionOperator& op, const Element& operand) {
    std::vector<Expression> arguments;
    const bool nothing = op.max == 0 && operand.is_document() && operand.as_document().empty();
    if (operand.is_array()) {
      arguments = list(operand.as_array());
    } else if (!nothing) {
      arguments.push_back(parse(operand));
    }
    const std::size_t given = arguments.size();
    if (given >= op.min && given <= op.max) return arguments;
    if (op.name == "$ifNull") {
      fail(1257300, fmt::format("$ifNull needs at least two arguments, had: {}", given));
    }
    if (op.parameters.data() == parameters::kDatePart) {
      fail(40536, fmt::format("{} accepts exactly one argument if given an array, but was given {}",
                              op.name, given));
    }
    if (op.min == op.max) {
      fail(16020, fmt::format("Expression {} takes exactly {} arguments. {} were passed in.",
                              op.name, op.min, given));
    }
    fail(28667,
         fmt::format("Expression {} takes at least {} arguments{}, but {} were passed in.", op.name,
                     op.min, op.max == kAnyNumber ? "" : fmt::format(", and at most {}", op.max),
                     given));
  }

  Call named_call(const ExpressionOperator& op, const Element& operand) {
    return Call{&op, operand, named(operand, op.parameters, op.not_named, op.unknown),
                Spelling::kNames};
  }

  std::vector<Expression> named(const Element& operand, std::span<const Parameter> parameters,
                                std::int32_t not_named, std::int32_t unknown) {
    if (!operand.is_document()) {
      fail(not_named, fmt::format("{} only supports an object as its argument", operand.key()));
    }
    std::vector<std::string_view> names;
    for (const Parameter& parameter : parameters) names.push_back(parameter.name);
    const bson::StrictReader reader(
        operand.as_document(), operand.key(), names,
        {.unknown = {unknown, "Unrecognized parameter to {where}: {name}"}});
    std::vector<Expression> arguments;
    for (const Parameter& parameter : parameters) {
      const Element argument = reader[parameter.name];
      if (argument) {
        arguments.push_back({argument, argument_node(operand.key(), parameter, argument)});
      } else if (parameter.missing == kOptional) {
        arguments.emplace_back();
      } else if (parameter.reading == Reading::kBranches) {
        fail(parameter.missing, "$switch requires at least one branch.");
      } else {
        fail(parameter.missing,
             fmt::format("Missing '{}' parameter to {}", parameter.name, operand.key()));
      }
    }
    return arguments;
  }

  decltype(Expression::node) argument_node(std::string_view op, const Parameter& parameter,
                                           const Element& argument) {
    switch (parameter.reading) {
      case Reading::kExpression:
        return parse(argument).node;
      case Reading::kFlag:
        if (argument.type() != bson::Type::kBool) {
          fail(parameter.wrong_type, fmt::format("{} must be a bool", parameter.name));
        }
        return Constant{argument};
      case Reading::kOrder:
        if (!argument.is_document() && argument.whole_number() != 1 &&
            argument.whole_number() != -1) {
          fail(parameter.wrong_type,
               fmt::format("{}'s {} must be 1, -1 or a sort pattern", op, parameter.name));
        }
        if (argument.is_document()) {
          bson::require_distinct(argument.as_document(), fmt::format("{}.{}", op, parameter.name));
        }
        return Constant{argument};
      case Reading::kVariable:
        if (!argument.is_string()) {
          fail(parameter.wrong_type, fmt::format("'{}' must be a string", parameter.name));
        }
        check_variable_name(argument.as_string());
        return Constant{argument};
      case Reading::kVariables:
        return variables(op, parameter, argument);
      case Reading::kList:
        if (!argument.is_array()) {
          fail(parameter.wrong_type,
               fmt::format("{} must be an array of expressions", parameter.name));
        }
        return Array{list(argument.as_array())};
      case Reading::kBranches:
        return branches(parameter, argument);
    }
    return {};
  }

  Object variables(std::string_view op, const Parameter& parameter, const Element& argument) {
    if (!argument.is_document()) {
      fail(parameter.wrong_type, fmt::format("{}: '{}' must be an object", op, parameter.name));
    }
    bson::require_distinct(argument.as_document(), fmt::format("{}.{}", op, parameter.name));
    Object object;
    for (const Element& variable : argument.as_document()) {
      object.fields.push_back({variable.key(), parse(variable)});
    }
    for (const Field& field : object.fields) check_variable_name(field.name);
    return object;
  }

  Branches branches(const Parameter& parameter, const Element& argument) {
    if (!argument.is_array()) {
      fail(parameter.wrong_type, fmt::format("$switch expected an array for 'branches', found: {}",
                                             bson::alias(argument.type())));
    }
    Branches branches;
    for (const Element& member : argument.as_array()) {
      auto parts =
          named(Element("$switch branch", member), parameters::kSwitchBranch, 40062, 40063);
      branches.list.push_back({std::move(parts[0]), std::move(parts[1])});
    }
    if (branches.list.empty()) fail(parameter.missing, "$switch requires at least one branch.");
    return branches;
  }

  int depth_ = 0;
};

}  // namespace

const ExpressionOperator* expression_operator(std::string_view name) {
  static const auto rows = [] {
    std::unordered_map<std::string_view, const ExpressionOperator*> by_name;
    for (const ExpressionOperator& row : kExpressionOperators) by_name.emplace(row.name, &row);
    return by_name;
  }();
  const auto at = rows.find(name);
  return at == rows.end() ? nullptr : at->second;
}

const Expression* Call::argument(std::string_view parameter) const {
  const auto at = std::ranges::find(op->parameters, parameter, &Parameter::name);
  return at == op->parameters.end() ? nullptr : &arguments[at - op->parameters.begin()];
}

const Expression* Object::field(std::string_view name) const {
  const auto at = std::ranges::find(fields, name, &Field::name);
  return at == fields.end() ? nullptr : &at->value;
}

Expression parse_expression(ValueView expression) { return Parser().parse(expression); }

}  // namespace quern::language
