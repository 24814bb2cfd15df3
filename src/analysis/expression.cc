// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "analysis/expression_operators.h"
#include "analysis/marking.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using schema::EncryptedField;

constexpr std::string_view kSystemVariables[] = {
    "NOW", "CLUSTER_TIME", "REMOVE", "DESCEND", "PRUNE", "KEEP", "USER_ROLES", "SEARCH_META"};

bool is_operation(ValueView value) {
  return value.is_document() && value.as_document().front().key().starts_with('$');
}

Element operation_of(ValueView value) {
  const View document = value.as_document();
  if (document.count() != 1) {
    refuse::malformed(
        fmt::format("An expression must have one operator, but {} has others beside it",
                    document.front().key()));
  }
  return document.front();
}

// The two operands of a binary operator.
std::pair<ValueView, ValueView> pair_of(const Element& operation) {
  if (operation.is_array()) {
    const View operands = operation.as_array();
    if (operands.count() == 2) return {operands["0"], operands["1"]};
  }
  refuse::malformed(fmt::format("Expression {} takes exactly 2 arguments", operation.key()));
}

View document_of(const Element& operation) {
  if (!operation.is_document()) {
    refuse::malformed(
        fmt::format("Expression {} takes a document of named arguments", operation.key()));
  }
  return operation.as_document();
}

Element argument(const Element& operation, std::string_view name) {
  const Element found = document_of(operation)[name];
  if (!found) refuse::malformed(fmt::format("Expression {} needs '{}'", operation.key(), name));
  return found;
}

// Of an expression whose outcome is constant.
ValueView constant_value(ValueView expression) {
  return is_operation(expression) ? operation_of(expression).value() : expression;
}

class ExpressionAnalysis {
 public:
  ExpressionAnalysis(Context& context, const EncryptionTree& tree, Comparisons comparisons,
                     bson::Builder& out)
      : context_(context), tree_(tree), comparisons_(comparisons), out_(out) {}

  // What the expression yields. Looks only at what the result is made of, not at what it is
  // computed with.
  Outcome outcome(ValueView expression) {
    switch (expression.type()) {
      case bson::Type::kString:
        if (expression.as_string().starts_with('$')) return reference(expression.as_string());
        break;
      case bson::Type::kArray:
        return array_outcome(expression.as_array());
      case bson::Type::kDocument:
        if (is_operation(expression)) return operation_outcome(operation_of(expression));
        return object_outcome(expression.as_document());
      default:
        break;
    }
    return constant();
  }

  // Appends an expression whose outcome has been checked. With a field, what can be the result is
  // compared with that field: constants become markings.
  void write(std::string_view key, ValueView expression, const EncryptedField* field = nullptr) {
    if (field != nullptr && outcome(expression).constant) {
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

  // Appends an expression that somebody computes with.
  void write_evaluated(std::string_view key, ValueView expression) {
    const Outcome result = outcome(expression);
    if (result.tree.encrypts()) refuse::reference(result.path);
    write(key, expression);
  }

 private:
  static Outcome constant() { return {{}, true, true, {}}; }

  // Outcomes.

  Outcome reference(std::string_view text) {
    std::string_view path = text.substr(1);
    if (path.starts_with('$')) {
      path.remove_prefix(1);
      const std::string_view variable = take_component(path);
      if (variable != "ROOT" && variable != "CURRENT") {
        check_variable(variable);
        return {};
      }
    }
    if (path.data() == nullptr) {  // the whole document
      if (tree_.encrypts()) refuse::reference(tree_.first_encrypted_path());
      return {};
    }
    const EncryptionTree::Target target = tree_.resolve(path);
    switch (target.kind) {
      case EncryptionTree::Target::Kind::kPlain:
        return {};
      case EncryptionTree::Target::Kind::kBelow:
        refuse::below_encrypted(path);
      case EncryptionTree::Target::Kind::kArrayPosition:
        refuse::inside_array(path);
      case EncryptionTree::Target::Kind::kEncrypted:
      case EncryptionTree::Target::Kind::kAbove:
      case EncryptionTree::Target::Kind::kUnknown:
      case EncryptionTree::Target::Kind::kArray:
        break;
    }
    Outcome result;
    result.tree = target.rest.data() == nullptr ? *target.node : EncryptionTree::unknown();
    result.path = path;
    return result;
  }

  void check_variable(std::string_view name) {
    const auto known = [&](auto&& names) {
      return std::find(std::begin(names), std::end(names), name) != std::end(names);
    };
    if (known(kSystemVariables) || known(variables_) || known(context_.variables())) return;
    refuse::malformed(fmt::format("Use of undefined variable: {}", name));
  }

  Outcome array_outcome(View array) {
    Outcome result = constant();
    for (const Element& item : array) {
      Outcome of_item = outcome(item);
      result.constant = result.some_constant = result.constant && of_item.constant;
      if (!of_item.tree.encrypts() || result.tree.encrypts()) continue;
      result.tree = EncryptionTree::array_of(EncryptionTree::unknown());
      result.path = std::move(of_item.path);
    }
    return result;
  }

  Outcome object_outcome(View object) {
    Outcome result = constant();
    for (const Element& member : object) {
      if (member.key().find('.') != std::string_view::npos || member.key().starts_with('$')) {
        refuse::malformed(fmt::format(
            "Field name '{}' in an expression may not hold '.' or start with $", member.key()));
      }
      Outcome of_member = outcome(member);
      result.constant = result.some_constant = result.constant && of_member.constant;
      if (!of_member.tree.encrypts()) continue;
      if (of_member.tree.kind() == EncryptionTree::Kind::kEncrypted && of_member.some_constant) {
        of_member.tree = EncryptionTree::unknown();
      }
      if (result.path.empty()) result.path = of_member.path;
      result.tree.set(member.key(), std::move(of_member.tree));
    }
    return result;
  }

  Outcome operation_outcome(const Element& operation) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kLiteral:
        return constant();
      case Shape::kCondition:
      case Shape::kIfNull:
      case Shape::kSwitch:
        return any_of(alternatives(operation));
      case Shape::kLet: {
        const Scope scope(*this, argument(operation, "vars"));
        return outcome(argument(operation, "in"));
      }
      case Shape::kEvaluated:
      case Shape::kEquality:
      case Shape::kOrdering:
      case Shape::kMembership:
      case Shape::kOverArray:
      case Shape::kGetField:
      case Shape::kText:
        break;
    }
    return {};
  }

  Outcome any_of(const std::vector<ValueView>& expressions) {
    Outcome result;
    bool first = true;
    for (const ValueView expression : expressions) {
      Outcome one = outcome(expression);
      result.some_constant = result.some_constant || one.some_constant;
      if (one.constant) continue;
      if (result.path.empty()) result.path = std::move(one.path);
      if (first) {
        result.tree = std::move(one.tree);
        first = false;
      } else if (!same(result.tree, one.tree)) {
        result.tree = EncryptionTree::unknown();
      }
    }
    return result;
  }

  static bool same(const EncryptionTree& a, const EncryptionTree& b) {
    if (!a.encrypts() && !b.encrypts()) return true;
    return a.kind() == EncryptionTree::Kind::kEncrypted && b.kind() == a.kind() &&
           &a.field() == &b.field();
  }

  // The operands that an operator of shape kCondition, kIfNull or kSwitch can yield.
  std::vector<ValueView> alternatives(const Element& operation) {
    std::vector<ValueView> result;
    switch (shape_of_operator(operation.key())) {
      case Shape::kCondition:
        if (operation.is_array() && operation.as_array().count() == 3) {
          const View operands = operation.as_array();
          return {operands["1"], operands["2"]};
        }
        for (const Element& argument : document_of(operation)) {
          if (argument.key() != "if") result.push_back(argument);
        }
        break;
      case Shape::kIfNull:
        if (!operation.is_array()) refuse::malformed("Expression $ifNull takes an array");
        for (const Element& operand : operation.as_array()) result.push_back(operand);
        break;
      default:
        for (const Element& branch : branches_of(operation)) {
          result.push_back(branch.as_document()["then"]);
        }
        if (const Element otherwise = operation.as_document()["default"])
          result.push_back(otherwise);
    }
    return result;
  }

  static View branches_of(const Element& operation) {
    const Element branches = document_of(operation)["branches"];
    if (!branches.is_array()) refuse::malformed("Expression $switch needs an array 'branches'");
    for (const Element& branch : branches.as_array()) {
      if (!branch.is_document())
        refuse::malformed("Expression $switch needs documents as branches");
      check_arguments("$switch.branches", branch.as_document(), {"case", "then"});
    }
    return branches.as_array();
  }

  static void check_arguments(std::string_view name, View arguments,
                              std::initializer_list<std::string_view> known) {
    for (const Element& argument : arguments) {
      if (std::find(known.begin(), known.end(), argument.key()) == known.end()) {
        refuse::unknown_member(name, argument.key());
      }
    }
  }

  // Writing.

  void write_operation(const Element& operation, const EncryptedField* field) {
    switch (shape_of_operator(operation.key())) {
      case Shape::kLiteral:
        out_.append(operation);
        break;
      case Shape::kEvaluated:
        write_evaluated(operation.key(), operation);
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
      case Shape::kText:
        text(operation);
        break;
    }
  }

  // $eq, $ne, $gt, $gte, $lt, $lte.
  void comparison(const Element& operation) {
    const auto [left, right] = pair_of(operation);
    const Outcome of_left = outcome(left);
    const Outcome of_right = outcome(right);
    const EncryptedField* field = nullptr;
    if (of_left.tree.encrypts()) {
      field = &compared_field(operation.key(), of_left, of_right);
    } else if (of_right.tree.encrypts()) {
      field = &compared_field(operation.key(), of_right, of_left);
    }
    out_.open_array(operation.key());
    write("0", left, field);
    write("1", right, field);
    out_.close();
  }

  // The field of the encrypted operand of a comparison, after checking that the other one fits.
  const EncryptedField& compared_field(std::string_view name, const Outcome& encrypted,
                                       const Outcome& other) {
    check_comparable(encrypted);
    if (!other.constant) refuse::non_constant(encrypted.path);
    const EncryptedField& field = encrypted.tree.field();
    check_queryable(field, encrypted.path);
    if (shape_of_operator(name) == Shape::kOrdering) refuse::invalid_operator(name, encrypted.path);
    return field;
  }

  void check_comparable(const Outcome& encrypted) {
    if (encrypted.tree.kind() != EncryptionTree::Kind::kEncrypted)
      refuse::reference(encrypted.path);
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
    const auto [needle, haystack] = pair_of(operation);
    const Outcome of_needle = outcome(needle);
    if (!of_needle.tree.encrypts()) {
      out_.open_array(operation.key());
      write("0", needle);
      write_evaluated("1", haystack);
      out_.close();
      return;
    }
    check_comparable(of_needle);
    const ValueView constants = outcome(haystack).constant ? constant_value(haystack) : ValueView();
    if (!constants.is_array()) refuse::non_constant(of_needle.path);
    const EncryptedField& field = of_needle.tree.field();
    check_queryable(field, of_needle.path);
    const bool literal = is_operation(haystack);
    out_.open_array(operation.key());
    write("0", needle, &field);
    out_.open_array("1");
    for (const Element& item : constants.as_array()) {
      mark_constant(item.key(), literal ? item.value() : constant_value(item), field);
    }
    out_.close().close();
  }

  void condition(const Element& operation, const EncryptedField* field) {
    if (operation.is_array()) {
      const View operands = operation.as_array();
      out_.open_array(operation.key());
      write_evaluated("0", operands["0"]);
      write("1", operands["1"], field);
      write("2", operands["2"], field);
      out_.close();
      return;
    }
    check_arguments("$cond", operation.as_document(), {"if", "then", "else"});
    out_.open_document(operation.key());
    for (const Element& argument : operation.as_document()) {
      if (argument.key() == "if") {
        write_evaluated("if", argument);
      } else {
        write(argument.key(), argument, field);
      }
    }
    out_.close();
  }

  void switch_cases(const Element& operation, const EncryptedField* field) {
    check_arguments("$switch", operation.as_document(), {"branches", "default"});
    out_.open_document(operation.key());
    out_.open_array("branches");
    for (const Element& branch : branches_of(operation)) {
      out_.open_document(branch.key());
      for (const Element& argument : branch.as_document()) {
        if (argument.key() == "case") {
          write_evaluated("case", argument);
        } else {
          write("then", argument, field);
        }
      }
      out_.close();
    }
    out_.close();
    if (const Element otherwise = operation.as_document()["default"]) {
      write("default", otherwise, field);
    }
    out_.close();
  }

  // Names of variables, in scope while it lives.
  class Scope {
   public:
    Scope(ExpressionAnalysis& analysis, ValueView names) : analysis_(analysis) {
      before_ = analysis_.variables_.size();
      if (!names.is_document()) refuse::malformed("Expression $let needs a document 'vars'");
      for (const Element& name : names.as_document()) add(name.key());
    }
    Scope(ExpressionAnalysis& analysis, std::initializer_list<std::string_view> names)
        : analysis_(analysis), before_(analysis.variables_.size()) {
      for (const std::string_view name : names) add(name);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { analysis_.variables_.resize(before_); }

   private:
    // CURRENT and the other system variables start with a capital: rebinding them would make paths
    // mean something else.
    void add(std::string_view name) {
      if (name.empty() || (name[0] >= 'A' && name[0] <= 'Z') ||
          name.find('.') != std::string_view::npos) {
        refuse::malformed(fmt::format("'{}' is not a valid name for a variable", name));
      }
      analysis_.variables_.push_back(name);
    }
    ExpressionAnalysis& analysis_;
    std::size_t before_ = 0;
  };

  void let(const Element& operation, const EncryptedField* field) {
    const View arguments = document_of(operation);
    check_arguments("$let", arguments, {"vars", "in"});
    out_.open_document(operation.key());
    write_evaluated("vars", argument(operation, "vars"));
    const Scope scope(*this, argument(operation, "vars"));
    write("in", argument(operation, "in"), field);
    out_.close();
  }

  // $map, $filter, $reduce: with plain arrays only.
  void over_array(const Element& operation) {
    const View arguments = document_of(operation);
    check_arguments(operation.key(), arguments,
                    {"input", "as", "in", "cond", "limit", "initialValue"});
    std::string_view name = "this";
    if (const Element as = arguments["as"]) {
      if (!as.is_string())
        refuse::malformed(fmt::format("{}.as must be a string", operation.key()));
      name = as.as_string();
    }
    out_.open_document(operation.key());
    for (const Element& argument : arguments) {
      if (argument.key() == "in" || argument.key() == "cond") {
        const Scope scope(*this, {name, "this", "value"});
        write_evaluated(argument.key(), argument);
      } else {
        write_evaluated(argument.key(), argument);
      }
    }
    out_.close();
  }

  // The name is taken as it stands: with dots it is no path.
  void get_field(const Element& operation) {
    ValueView name = operation;
    ValueView input;
    if (operation.is_document() && !is_operation(operation)) {
      check_arguments(operation.key(), operation.as_document(), {"field", "input"});
      name = operation.as_document()["field"];
      input = operation.as_document()["input"];
    }
    if (input.missing()) {
      if (!outcome(name).constant) {
        if (tree_.encrypts()) refuse::reference(tree_.first_encrypted_path());
      } else if (const ValueView field = constant_value(name); field.is_string()) {
        if (tree_.child(field.as_string()) != nullptr) refuse::reference(field.as_string());
      }
    }
    write_evaluated(operation.key(), operation);
  }

  void text(const Element& operation) {
    const Outcome input = outcome(argument(operation, "input"));
    if (input.tree.kind() == EncryptionTree::Kind::kEncrypted &&
        input.tree.field().unsupported_query() != nullptr) {
      refuse::not_yet_encryptable(input.tree.field(), input.path);
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
  std::vector<std::string_view> variables_;  // all are plain
};

}  // namespace

Outcome outcome_of(Context& context, const EncryptionTree& tree, ValueView expression) {
  bson::Builder unused;
  return ExpressionAnalysis(context, tree, Comparisons::kRefused, unused).outcome(expression);
}

Outcome analyse_output(Context& context, const EncryptionTree& tree, std::string_view key,
                       ValueView expression, bson::Builder& out) {
  ExpressionAnalysis analysis(context, tree, Comparisons::kRefused, out);
  Outcome result = analysis.outcome(expression);
  analysis.write(key, expression);
  if (result.tree.kind() == EncryptionTree::Kind::kEncrypted && result.some_constant) {
    result.tree = EncryptionTree::unknown();
  }
  return result;
}

void analyse_evaluated(Context& context, const EncryptionTree& tree, std::string_view key,
                       ValueView expression, Comparisons comparisons, bson::Builder& out) {
  ExpressionAnalysis(context, tree, comparisons, out).write_evaluated(key, expression);
}

}  // namespace quern::analysis
