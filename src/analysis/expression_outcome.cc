// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression_outcome.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_operators.h"
#include "analysis/expression_syntax.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Target = EncryptionTree::Target;

constexpr std::string_view kSystemVariables[] = {
    "NOW", "CLUSTER_TIME", "REMOVE", "DESCEND", "PRUNE", "KEEP", "USER_ROLES", "SEARCH_META"};

Outcome constant() { return {{}, true, true, {}}; }

bool same(const EncryptionTree& a, const EncryptionTree& b) {
  if (!a.encrypts() && !b.encrypts()) return true;
  return a.kind() == EncryptionTree::Kind::kEncrypted && b.kind() == a.kind() &&
         &a.field() == &b.field();
}

// The components of a path before those that are left.
std::string_view known_part(std::string_view path, std::string_view rest) {
  return rest.data() == nullptr ? path : path.substr(0, path.size() - rest.size() - 1);
}

}  // namespace

Outcome Outcomes::of(ValueView expression) {
  switch (expression.type()) {
    case bson::Type::kString:
      if (expression.as_string().starts_with('$')) return of_reference(expression.as_string());
      break;
    case bson::Type::kArray:
      return of_array(expression.as_array());
    case bson::Type::kDocument:
      if (is_operation(expression)) return of_operation(operation_of(expression));
      return of_object(expression.as_document());
    default:
      break;
  }
  return constant();
}

Outcome Outcomes::of_reference(std::string_view text) {
  std::string_view path = text.substr(1);
  const EncryptionTree* root = &tree_;
  if (path.starts_with('$')) {
    path.remove_prefix(1);
    const std::string_view name = take_component(path);
    if (name != "ROOT" && name != "CURRENT") root = &variable(name);
  }
  if (path.data() == nullptr) {  // the whole document
    if (root->encrypts()) refuse::reference(root->first_encrypted_path());
    return {*root, false, false, {}};
  }
  const Target target = root->resolve(path);
  // The text may be a value that its author forgot to quote: messages name what the schema knows.
  const std::string known(known_part(path, target.rest));
  switch (target.kind) {
    case Target::Kind::kPlain:
      return {};
    case Target::Kind::kRemoved:
      refuse::removed(known);
    case Target::Kind::kBelow:
      refuse::below_encrypted(known + ".…");
    case Target::Kind::kArrayPosition:
      refuse::inside_array(known + ".…");
    case Target::Kind::kEncrypted:
    case Target::Kind::kAbove:
    case Target::Kind::kUnknown:
    case Target::Kind::kArray:
      break;
  }
  Outcome result;
  result.tree = target.rest.data() == nullptr ? *target.node : EncryptionTree::unknown();
  result.path = known;
  return result;
}

const EncryptionTree& Outcomes::variable(std::string_view name) const {
  static const EncryptionTree kPlain;
  const auto bound = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const Variable& v) { return v.name == name; });
  if (bound != variables_.rend()) return bound->value;
  const auto known = [&](auto&& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  if (known(kSystemVariables) || known(context_.variables())) return kPlain;
  refuse::malformed(
      "Use of an undefined variable; write {$literal: …} for a string that starts with $");
}

Outcome Outcomes::of_array(View array) {
  Outcome result = constant();
  EncryptionTree removed;  // the names in all items
  for (const Element& item : array) {
    Outcome of_item = of(item);
    result.constant = result.some_constant = result.constant && of_item.constant;
    if (result.tree.encrypts()) continue;
    if (of_item.tree.encrypts()) {
      result.tree = EncryptionTree::array_of(EncryptionTree::unknown());
      result.path = std::move(of_item.path);
    } else {
      for (const EncryptionTree& name : of_item.tree.children()) removed.set(name.name(), name);
    }
  }
  if (!result.tree.encrypts()) result.tree = EncryptionTree::array_of(std::move(removed));
  return result;
}

Outcome Outcomes::of_object(View object) {
  Outcome result = constant();
  for (const Element& member : object) {
    if (member.key().find('.') != std::string_view::npos || member.key().starts_with('$')) {
      refuse::malformed(fmt::format(
          "Field name '{}' in an expression may not hold '.' or start with $", member.key()));
    }
    Outcome of_member = of(member);
    result.constant = result.some_constant = result.constant && of_member.constant;
    if (of_member.tree.kind() == EncryptionTree::Kind::kPlain) continue;
    if (!result.tree.encrypts()) result.path = of_member.path;
    result.tree.set(member.key(), std::move(of_member).handed_on());
  }
  return result;
}

Outcome Outcomes::of_operation(const Element& operation) {
  switch (shape_of_operator(operation.key())) {
    case Shape::kLiteral:
      return constant();
    case Shape::kCondition: {
      const Condition parts = condition_of(operation);
      return any_of({parts.consequence, parts.otherwise});
    }
    case Shape::kIfNull:
      return any_of(operands_of_if_null(operation));
    case Shape::kSwitch: {
      const Switch parts = switch_of(operation);
      std::vector<ValueView> alternatives;
      for (const Switch::Branch& branch : parts.branches)
        alternatives.push_back(branch.consequence);
      if (parts.otherwise) alternatives.push_back(parts.otherwise);
      return any_of(alternatives);
    }
    case Shape::kLet: {
      arguments_of(operation, {"vars", "in"});
      const Scope scope(*this, argument(operation, "vars"));
      return of(argument(operation, "in"));
    }
    case Shape::kEvaluated:
      return of_removed(operation);
    case Shape::kOverArray:
      if (operation.key() == "$filter") return of_removed(operation);
      break;
    case Shape::kEquality:
    case Shape::kOrdering:
    case Shape::kMembership:
    case Shape::kGetField:
    case Shape::kMetadata:
    case Shape::kText:
      break;
  }
  return {};
}

// What is computed with plain values is plain, but it may be one of them, or an element or a
// member. Whether they are plain is for others to check.
Outcome Outcomes::of_removed(ValueView operands) {
  if (operands.is_document() && !is_operation(operands)) {
    operands = operands.as_document()["input"];
    if (operands.missing()) return {};
  }
  Outcome result = of(operands);
  if (result.tree.encrypts()) return {};
  if (operands.is_array() && result.tree.kind() == EncryptionTree::Kind::kArray) {
    result.tree = EncryptionTree(result.tree.children().front());
  }
  return {std::move(result.tree), false, false, {}};
}

// Constants fit everything: a comparison turns them into markings of the field that is compared.
Outcome Outcomes::any_of(const std::vector<ValueView>& alternatives) {
  Outcome result;
  bool first = true;
  for (const ValueView alternative : alternatives) {
    Outcome one = of(alternative);
    result.some_constant = result.some_constant || one.some_constant;
    if (one.constant) continue;
    if (result.path.empty()) result.path = std::move(one.path);
    if (first) {
      result.tree = std::move(one.tree);
      first = false;
    } else if (!same(result.tree, one.tree)) {
      result.tree = EncryptionTree::unknown();
    } else if (result.tree.kind() == EncryptionTree::Kind::kPlain) {
      result.tree = std::move(one.tree);  // names of removed fields
    }
  }
  return result;
}

Outcomes::Scope::Scope(Outcomes& outcomes, std::string_view name, ValueView input,
                       ValueView initial_value)
    : outcomes_(outcomes), before_(outcomes.variables_.size()) {
  EncryptionTree element = outcomes.of(input).tree;
  EncryptionTree value = initial_value ? outcomes.of(initial_value).tree : EncryptionTree();
  add("this", element);
  add("value", std::move(value));
  add(name, std::move(element));
}

Outcomes::Scope::Scope(Outcomes& outcomes, ValueView vars)
    : outcomes_(outcomes), before_(outcomes.variables_.size()) {
  if (!vars.is_document()) refuse::malformed("Expression $let needs a document 'vars'");
  std::vector<Variable> bound;
  for (const Element& name : vars.as_document()) {
    bound.push_back({name.key(), outcomes.of(name).tree});
  }
  for (Variable& variable : bound) add(variable.name, std::move(variable.value));
}

// CURRENT and the other system variables start with a capital: rebinding them would make paths mean
// something else.
void Outcomes::Scope::add(std::string_view name, EncryptionTree value) {
  if (name.empty() || (name[0] >= 'A' && name[0] <= 'Z') ||
      name.find('.') != std::string_view::npos) {
    refuse::malformed(fmt::format("'{}' is not a valid name for a variable", name));
  }
  if (value.encrypts()) value = {};  // refused where the value is computed
  outcomes_.variables_.push_back({name, std::move(value)});
}

}  // namespace quern::analysis
