// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression.h"

#include <fmt/format.h>

#include "analysis/conjunction.h"
#include "analysis/constants.h"
#include "analysis/expression_operators.h"
#include "analysis/expression_syntax.h"
#include "analysis/key_pattern.h"
#include "analysis/marking.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using schema::EncryptedField;

class ExpressionAnalysis {
 public:
  ExpressionAnalysis(Context& context, const EncryptionTree& tree, Comparisons comparisons,
                     bson::Builder& out)
      : context_(context),
        tree_(tree),
        comparisons_(comparisons),
        out_(out),
        outcomes_(context, tree) {}

  // Appends an expression whose value is handed on.
  Outcome handed_on(std::string_view key, ValueView expression) {
    Outcome outcome = outcomes_.of(expression);
    write(key, expression);
    return outcome;
  }

  // Appends an expression that somebody computes with.
  void evaluated(std::string_view key, ValueView expression) {
    const Outcome outcome = outcomes_.of(expression);
    if (outcome.tree.encrypts()) refuse::reference(outcome.path);
    write(key, expression);
  }

 private:
  // Appends an expression whose outcome has been checked. With a field, what it can yield is
  // compared with that field: constants become markings.
  void write(std::string_view key, ValueView expression, const EncryptedField* field = nullptr) {
    if (field != nullptr && outcomes_.of(expression).constant) {
      mark_constant(key, constant_value(expression), *field);
    } else if (expression.is_array()) {
      out_.open_array(key);
      for (const Element& item : expression.as_array()) write(item.key(), item);
      out_.close();
    } else if (is_operation(expression)) {
      out_.open_document(key);
      write_operation(operation_of(expression), field);
      out_.close();
    } else if (expression.is_document()) {
      out_.open_document(key);
      for (const Element& member : expression.as_document()) write(member.key(), member);
      out_.close();
    } else {
      out_.append(key, expression);
    }
  }

  void write_operation(const Element& operation, const EncryptedField* field) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kLiteral:
        out_.append(operation);
        break;
      case Shape::kEvaluated:
        check_operands(operation);
        evaluated(operation.key(), operation);
        break;
      case Shape::kEquality:
      case Shape::kOrdering:
        comparison(operation);
        break;
      case Shape::kMembership:
        membership(operation);
        break;
      case Shape::kCondition:
        condition(operation, field);
        break;
      case Shape::kIfNull:
        out_.open_array(operation.key());
        for (const Element& operand : operation.as_array()) write(operand.key(), operand, field);
        out_.close();
        break;
      case Shape::kSwitch:
        switch_cases(operation, field);
        break;
      case Shape::kLet:
        let(operation, field);
        break;
      case Shape::kOverArray:
        over_array(operation);
        break;
      case Shape::kGetField:
        get_field(operation);
        break;
      case Shape::kMetadata:
        if (!is_metadata_keyword(operation)) {
          refuse::malformed(
              fmt::format("Expression {} takes the name of metadata", operation.key()));
        }
        out_.append(operation);
        break;
      case Shape::kText:
        text(operation);
        break;
    }
  }

  // $eq, $ne, $gt, $gte, $lt, $lte.
  void comparison(const Element& operation) {
    const auto [left, right] = two_operands(operation);
    const Outcome of_left = outcomes_.of(left);
    const Outcome of_right = outcomes_.of(right);
    const EncryptedField* field = nullptr;
    if (of_left.tree.encrypts()) {
      field = &compared_field(operation.key(), of_left, of_right);
    } else if (of_right.tree.encrypts()) {
      field = &compared_field(operation.key(), of_right, of_left);
    } else {
      refuse_compared_constants(of_left.tree, of_left.path, of_right.tree, of_right.path);
    }
    out_.open_array(operation.key());
    write("0", left, field);
    write("1", right, field);
    out_.close();
  }

  // Whatever the operator does with its operands, it may tell whether they are alike.
  void check_operands(const Element& operation) {
    const std::vector<EncryptionTree> operands = outcomes_.of_operands(operation);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (!operands[i].is_sensitive()) continue;
      for (std::size_t j = 0; j < operands.size(); ++j) {
        if (j != i) refuse_compared_constants(operands[i], {}, operands[j], {});
      }
    }
  }

  // The field of the encrypted operand of a comparison, after checking that the other one fits.
  const EncryptedField& compared_field(std::string_view name, const Outcome& encrypted,
                                       const Outcome& other) {
    check_comparable(encrypted);
    if (!other.constant) refuse::non_constant(encrypted.path);
    const EncryptedField& field = encrypted.tree.field();
    check_one_valued(field, encrypted.path);
    if (shape_of_operator(name) == Shape::kOrdering) refuse::invalid_operator(name, encrypted.path);
    return field;
  }

  // That constants stand for the values that the field is compared with, one each.
  static void check_one_valued(const EncryptedField& field, std::string_view path) {
    check_queryable(field, path);
    if (is_ordered(field)) refuse::order_in_expression(path);
  }

  void check_comparable(const Outcome& encrypted) {
    if (encrypted.tree.kind() != EncryptionTree::Kind::kEncrypted) {
      refuse::reference(encrypted.path);
    }
    switch (comparisons_) {
      case Comparisons::kMarked:
        break;
      case Comparisons::kRefused:
        refuse::operation(
            fmt::format("Comparison with the encrypted field '{}' is supported only in a "
                        "filter ($match, with or without $expr)",
                        encrypted.path));
      case Comparisons::kValidator:
        refuse::comparison(encrypted.path);
    }
  }

  void membership(const Element& operation) {
    const auto [needle, haystack] = two_operands(operation);
    const Outcome of_needle = outcomes_.of(needle);
    out_.open_array(operation.key());
    if (!of_needle.tree.encrypts()) {
      const Outcome of_haystack = outcomes_.of(haystack);
      if (of_haystack.tree.encrypts()) refuse::reference(of_haystack.path);
      refuse_compared_constants(of_needle.tree, of_needle.path, of_haystack.tree, of_haystack.path);
      write("0", needle);
      evaluated("1", haystack);
      out_.close();
      return;
    }
    check_comparable(of_needle);
    const bool constant = outcomes_.of(haystack).constant;
    const ValueView constants = constant ? constant_value(haystack) : ValueView();
    if (!constants.is_array()) refuse::non_constant(of_needle.path);
    const EncryptedField& field = of_needle.tree.field();
    check_one_valued(field, of_needle.path);
    const bool literal = is_operation(haystack);
    write("0", needle, &field);
    out_.open_array("1");
    for (const Element& item : constants.as_array()) {
      mark_constant(item.key(), literal ? item.value() : constant_value(item), field);
    }
    out_.close().close();
  }

  void condition(const Element& operation, const EncryptedField* field) {
    const CondOperands parts = cond_operands_of(operation);
    if (operation.is_array()) {
      out_.open_array(operation.key());
    } else {
      out_.open_document(operation.key());
    }
    const bool named = operation.is_document();
    evaluated(named ? "if" : "0", parts.condition);
    write(named ? "then" : "1", parts.consequence, field);
    write(named ? "else" : "2", parts.otherwise, field);
    out_.close();
  }

  void switch_cases(const Element& operation, const EncryptedField* field) {
    const Switch parts = switch_of(operation);
    out_.open_document(operation.key()).open_array("branches");
    for (const Switch::Branch& branch : parts.branches) {
      out_.push_document();
      evaluated("case", branch.condition);
      write("then", branch.consequence, field);
      out_.close();
    }
    out_.close();
    if (parts.otherwise) write("default", parts.otherwise, field);
    out_.close();
  }

  void let(const Element& operation, const EncryptedField* field) {
    out_.open_document(operation.key());
    evaluated("vars", argument(operation, "vars"));
    const Outcomes::Scope scope(outcomes_, operation);
    write("in", argument(operation, "in"), field);
    out_.close();
  }

  // $map, $filter, $reduce: with plain arrays only.
  void over_array(const Element& operation) {
    const View arguments =
        arguments_of(operation, {"input", "as", "in", "cond", "limit", "initialValue"});
    out_.open_document(operation.key());
    for (const Element& argument : arguments) {
      if (argument.key() == "in" || argument.key() == "cond") {
        const Outcomes::Scope scope(outcomes_, operation);
        evaluated(argument.key(), argument);
      } else {
        evaluated(argument.key(), argument);
      }
    }
    out_.close();
  }

  // The name is taken as it stands: with dots it is no path.
  void get_field(const Element& operation) {
    ValueView name = operation;
    ValueView input;
    if (operation.is_document() && !is_operation(operation)) {
      const View arguments = arguments_of(operation, {"field", "input"});
      name = argument(operation, "field");
      input = arguments["input"];
    }
    const EncryptionTree of_input = input.missing() ? tree_ : outcomes_.of(input).tree;
    const bool known = outcomes_.of(name).constant;
    const ValueView field = known ? constant_value(name) : ValueView();
    if (name.is_array() || (known && !field.is_string())) {
      refuse::malformed("Expression $getField takes the name of a field");
    }
    if (known) {
      if (const EncryptionTree* child = of_input.child(field.as_string())) {
        if (child->encrypts()) refuse::reference(field.as_string());
      }
    } else if (of_input.encrypts()) {
      refuse::reference(of_input.first_encrypted_path());
    }
    evaluated(operation.key(), operation);
  }

  void text(const Element& operation) {
    const ValueView input =
        operation.is_document() ? operation.as_document()["input"] : ValueView();
    const Outcome outcome = outcomes_.of(input);
    if (outcome.tree.kind() == EncryptionTree::Kind::kEncrypted &&
        outcome.tree.field().unsupported_query() != nullptr) {
      refuse::not_yet_encryptable(outcome.tree.field(), outcome.path);
    }
    refuse::operation(fmt::format(
        "{} needs as input a field that is encrypted with a prefix, suffix or substring query",
        operation.key()));
  }

  void mark_constant(std::string_view key, ValueView value, const EncryptedField& field) {
    if (value.is_null()) refuse::null_equality(field.path);
    mark_for_find(context_, field, field.path, key, value, out_);
  }

  Context& context_;
  const EncryptionTree& tree_;
  const Comparisons comparisons_;
  bson::Builder& out_;
  Outcomes outcomes_;
};

}  // namespace

Outcome analyse_output(Context& context, const EncryptionTree& tree, std::string_view key,
                       ValueView expression, bson::Builder& out) {
  return ExpressionAnalysis(context, tree, Comparisons::kRefused, out).handed_on(key, expression);
}

EncryptionTree tree_of_expression(const Context& context, const EncryptionTree& tree,
                                  ValueView expression) {
  return Outcomes(context, tree).of(expression).tree;
}

void analyse_evaluated(Context& context, const EncryptionTree& tree, std::string_view key,
                       ValueView expression, Comparisons comparisons, bson::Builder& out) {
  ExpressionAnalysis(context, tree, comparisons, out).evaluated(key, expression);
}

}  // namespace quern::analysis
