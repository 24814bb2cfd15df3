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
using Constant = EncryptionTree::Constant;
using Target = EncryptionTree::Target;

constexpr std::string_view kSystemVariables[] = {
    "NOW", "CLUSTER_TIME", "REMOVE", "DESCEND", "PRUNE", "KEEP", "USER_ROLES", "SEARCH_META"};

Outcome constant(ValueView value) { return {tree_of_constant(value), true, {}}; }

// The components of a path before those that are left.
std::string_view known_part(std::string_view path, std::string_view rest) {
  return rest.data() == nullptr ? path : path.substr(0, path.size() - rest.size() - 1);
}

bool is_literal(ValueView expression) {
  return is_operation(expression) &&
         shape_of_operator(operation_of(expression).key()) == Shape::kLiteral;
}

// {$operator: [operand]} and {$operator: operand} are the same.
ValueView single_operand(const Element& operation) {
  if (!operation.is_array() || operation.as_array().count() != 1) return operation;
  return operation.as_array().front();
}

std::vector<ValueView> listed_operands(const Element& operation) {
  if (!operation.is_array()) return {operation};
  std::vector<ValueView> operands;
  for (const Element& operand : operation.as_array()) operands.push_back(operand);
  return operands;
}

// Where a value stands under a name that only the server knows: any name may be that of a field
// that was encrypted, and hold the constants.
void add_somewhere(const EncryptionTree& value, EncryptionTree& document) {
  if (value.holds_constant()) document.add_constant(Constant::kAnywhere);
  if (value.is_sensitive()) document.set_was_encrypted();
}

void add_computed(const EncryptionTree& operand, EncryptionTree& value) {
  if (operand.holds_constant()) value.add_constant(Constant::kComputed);
}

}  // namespace

EncryptionTree tree_of_constant(ValueView value) {
  if (value.is_array()) {
    EncryptionTree element;
    for (const Element& item : value.as_array()) element.join(tree_of_constant(item));
    return EncryptionTree::array_of(std::move(element));
  }
  if (!value.is_document()) return EncryptionTree::constant_of(Constant::kHere);
  EncryptionTree document;
  for (const Element& member : value.as_document()) {
    EncryptionTree either = document.member(member.key());  // of two with one name
    either.join(tree_of_constant(member));
    document.set_member(member.key(), std::move(either));
  }
  return document;
}

std::optional<std::string_view> constant_name(ValueView expression) {
  const bool literal = is_literal(expression);
  const ValueView value = literal ? constant_value(expression) : expression;
  if (!value.is_string() || (!literal && value.as_string().starts_with('$'))) return std::nullopt;
  return value.as_string();
}

EncryptionTree Outcome::handed_on() && {
  if (!tree.encrypts() || tree.constant() == Constant::kNone) return std::move(tree);
  EncryptionTree unknown = EncryptionTree::unknown(tree.fields());
  unknown.add_constant(Constant::kHere);
  return unknown;
}

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
  return constant(expression);
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
    return {*root, false, {}};
  }
  const Target target = root->resolve(path);
  // The text may be a value that its author forgot to quote: messages name what the schema knows.
  const std::string known(known_part(path, target.rest));
  if (target.kind == Target::Kind::kBelow) refuse::below_encrypted(known + ".…");
  if (target.kind == Target::Kind::kArrayPosition) refuse::inside_array(known + ".…");
  if (target.kind == Target::Kind::kRemoved && target.rest.data() != nullptr) {
    refuse::removed(known);
  }
  return {target.value(), false, target.is_sensitive() ? known : std::string()};
}

const EncryptionTree& Outcomes::variable(std::string_view name) const {
  static const EncryptionTree kPlain;
  const auto bound = std::find_if(variables_.rbegin(), variables_.rend(),
                                  [&](const Variable& v) { return v.name == name; });
  if (bound != variables_.rend()) return bound->value;
  if (const EncryptionTree* value = context_.variable(name)) return *value;
  if (std::ranges::find(kSystemVariables, name) != std::end(kSystemVariables)) return kPlain;
  refuse::malformed(
      "Use of an undefined variable; write {$literal: …} for a string that starts with $");
}

Outcome Outcomes::of_array(View array) {
  Outcome result{{}, true, {}};
  EncryptionTree element;
  for (const Element& item : array) {
    Outcome of_item = of(item);
    result.constant = result.constant && of_item.constant;
    if (result.path.empty() || (of_item.tree.encrypts() && !element.encrypts())) {
      result.path = std::move(of_item.path);
    }
    if (of_item.tree.encrypts()) element.join(EncryptionTree::unknown(of_item.tree.fields()));
    element.join(of_item.tree);
  }
  result.tree = EncryptionTree::array_of(std::move(element));
  return result;
}

Outcome Outcomes::of_object(View object) {
  refuse::repeated_member("an expression", object);
  Outcome result{{}, true, {}};
  for (const Element& member : object) {
    if (member.key().find('.') != std::string_view::npos || member.key().starts_with('$')) {
      refuse::malformed(fmt::format(
          "Field name '{}' in an expression may not hold '.' or start with $", member.key()));
    }
    Outcome of_member = of(member);
    result.constant = result.constant && of_member.constant;
    if (!result.tree.encrypts()) result.path = of_member.path;
    result.tree.set_member(member.key(), std::move(of_member).handed_on());
  }
  return result;
}

Outcome Outcomes::of_operation(const Element& operation) {
  switch (shape_of_operator(operation.key())) {
    case Shape::kLiteral:
      return constant(operation);
    case Shape::kCondition: {
      const CondOperands parts = cond_operands_of(operation);
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
      const Scope scope(*this, operation);
      return of(argument(operation, "in"));
    }
    case Shape::kEvaluated:
      return {evaluated(operation), false, {}};
    case Shape::kOverArray:
      return {over_array(operation), false, {}};
    case Shape::kGetField:
      return {get_field(operation), false, {}};
    case Shape::kEquality:
    case Shape::kOrdering:
    case Shape::kMembership:
      return {computed(operation), false, {}};
    case Shape::kMetadata:
    case Shape::kText:
      break;
  }
  return {};
}

// Constants fit everything: a comparison turns them into markings of the field that is compared.
Outcome Outcomes::any_of(const std::vector<ValueView>& alternatives) {
  Outcome result;
  EncryptionTree constants;
  bool first = true;
  for (const ValueView alternative : alternatives) {
    Outcome one = of(alternative);
    if (result.path.empty()) result.path = std::move(one.path);
    if (one.constant) {
      constants.join(one.tree);
    } else if (first) {
      result.tree = std::move(one.tree);
      first = false;
    } else {
      result.tree.join(one.tree);
    }
  }
  if (!result.tree.encrypts()) {
    result.tree.join(constants);
  } else if (constants.holds_constant()) {
    result.tree.add_constant(Constant::kHere);
  }
  return result;
}

// Of an expression that is computed with: whether it is plain is for others to check.
EncryptionTree Outcomes::plain(ValueView expression) {
  if (expression.missing()) return {};
  EncryptionTree tree = of(expression).tree;
  if (!tree.encrypts()) return tree;
  return EncryptionTree::constant_of(tree.holds_constant() ? Constant::kHere : Constant::kNone);
}

std::vector<EncryptionTree> Outcomes::of_operands(const Element& operation) {
  std::vector<EncryptionTree> trees;
  if (operation.is_array() || (operation.is_document() && !is_operation(operation))) {
    for (const Element& operand : operation.as_document_or_array()) {
      trees.push_back(plain(operand));
    }
  } else {
    trees.push_back(plain(operation));
  }
  return trees;
}

// A value of its own, without members.
EncryptionTree Outcomes::computed(const Element& operation) {
  EncryptionTree result;
  for (const EncryptionTree& operand : of_operands(operation)) add_computed(operand, result);
  return result;
}

EncryptionTree Outcomes::over_array(const Element& operation) {
  if (operation.key() == "$filter") {
    EncryptionTree result = plain(argument(operation, "input"));
    add_computed(plain(operation.as_document()["limit"]), result);
    return result;
  }
  const Scope scope(*this, operation);
  if (operation.key() == "$reduce") return variable("value");
  return EncryptionTree::array_of(plain(argument(operation, "in")));
}

EncryptionTree Outcomes::get_field(const Element& operation) {
  ValueView name = operation;
  EncryptionTree input = tree_;
  if (operation.is_document() && !is_operation(operation)) {
    const View arguments = arguments_of(operation, {"field", "input"});
    name = arguments["field"];
    if (arguments.contains("input")) input = plain(arguments["input"]);
  }
  EncryptionTree result;
  if (const auto known = constant_name(name)) {
    result = input.member(*known);
  } else {
    input = input.element();
    for (const EncryptionTree& child : input.children()) result.join(child);
    add_somewhere(input, result);
  }
  return result.encrypts() ? EncryptionTree() : result;
}

EncryptionTree Outcomes::evaluated(const Element& operation) {
  EncryptionTree result;
  switch (yield_of_operator(operation.key())) {
    case Yield::kParts:
      for (const EncryptionTree& operand : of_operands(operation)) result.join(operand.parts());
      break;
    case Yield::kOperands:
      for (const ValueView operand : listed_operands(operation)) result.join(plain(operand));
      break;
    case Yield::kFirst:
      result = computed(operation);
      if (const auto operands = listed_operands(operation); !operands.empty()) {
        result.join(plain(operands.front()));
      }
      break;
    case Yield::kInput:
      result = computed(operation);
      if (operation.is_document()) result.join(plain(operation.as_document()["input"]));
      break;
    case Yield::kDocument:
      for (const EncryptionTree& operand : of_operands(operation)) add_somewhere(operand, result);
      break;
    case Yield::kMembers:
      return set_member(operation);
    case Yield::kPairs:
      return of_pairs(single_operand(operation));
    case Yield::kNames: {
      const EncryptionTree document = plain(single_operand(operation)).element();
      EncryptionTree value = EncryptionTree::constant_of(document.constant());
      for (const EncryptionTree& child : document.children()) value.join(child);
      result.set_member("k", EncryptionTree::constant_of(Constant::kHere));
      result.set_member("v", std::move(value));
      return EncryptionTree::array_of(std::move(result));
    }
  }
  return result;
}

// $setField, and $unsetField, which has no value.
EncryptionTree Outcomes::set_member(const Element& operation) {
  const View arguments = arguments_of(operation, {"field", "input", "value"});
  EncryptionTree document = plain(arguments["input"]).element();
  EncryptionTree value = plain(arguments["value"]);
  const auto name = constant_name(arguments["field"]);
  if (!name) {
    add_somewhere(value, document);
  } else {
    value.come_in_place_of(document.member(*name));
    document.set_member(*name, std::move(value));
  }
  return document;
}

// The document that $arrayToObject makes.
EncryptionTree Outcomes::of_pairs(ValueView pairs) {
  EncryptionTree document;
  const bool literal = is_literal(pairs);
  if (literal) pairs = constant_value(pairs);
  if (pairs.is_array()) {
    for (const Element& pair : pairs.as_array()) add_pair(pair, literal, document);
  } else if (!literal && is_operation(pairs) && operation_of(pairs).key() == "$map") {
    const Element map = operation_of(pairs);
    const Scope scope(*this, map);
    add_pair(argument(map, "in"), literal, document);
  } else if (!literal) {
    const EncryptionTree pair = plain(pairs).element();
    const bool named = pair.child("k") != nullptr || pair.child("v") != nullptr;
    add_somewhere(named ? pair.member("v") : pair, document);
  }
  return document;
}

void Outcomes::add_pair(ValueView pair, bool literal, EncryptionTree& document) {
  ValueView name;
  ValueView value = pair;
  if (pair.is_array() && pair.as_array().count() == 2) {
    name = pair.as_array().front();
    value = std::next(pair.as_array().begin())->value();
  } else if (pair.is_document() && pair.as_document().contains("k")) {
    name = pair.as_document()["k"];
    value = pair.as_document()["v"];
  }
  EncryptionTree tree = literal ? tree_of_constant(value) : plain(value);
  const auto known = literal && name.is_string() ? name.as_string() : constant_name(name);
  if (!known) {
    add_somewhere(tree, document);
    return;
  }
  tree.join(document.member(*known));
  document.set_member(*known, std::move(tree));
}

Outcomes::Scope::Scope(Outcomes& outcomes, const Element& operation)
    : outcomes_(outcomes), before_(outcomes.variables_.size()) {
  if (operation.key() == "$let") {
    add_let(argument(operation, "vars"));
  } else {
    add_element(operation);
  }
}

void Outcomes::Scope::add_let(ValueView vars) {
  if (!vars.is_document()) refuse::malformed("Expression $let needs a document 'vars'");
  std::vector<Variable> bound;
  for (const Element& name : vars.as_document()) {
    bound.push_back({name.key(), outcomes_.plain(name)});
  }
  for (Variable& variable : bound) add(variable.name, std::move(variable.value));
}

void Outcomes::Scope::add_element(const Element& operation) {
  const View arguments =
      arguments_of(operation, {"input", "as", "in", "cond", "limit", "initialValue"});
  const EncryptionTree element = outcomes_.plain(arguments["input"]).element();
  std::string_view name = "this";
  if (const Element as = arguments["as"]) {
    if (!as.is_string()) refuse::malformed(fmt::format("{}.as must be a string", operation.key()));
    name = as.as_string();
  }
  add(name, element);
  if (operation.key() == "$reduce") add_rounds(arguments);
}

// Later rounds start with what earlier ones made: a second look sees what the first one adds. What
// still grows then, and what is nested too deep to be looked at twice, may be anything.
void Outcomes::Scope::add_rounds(View arguments) {
  constexpr int kDepth = 2;
  const EncryptionTree start = outcomes_.plain(arguments["initialValue"]);
  add("value", start);
  ++outcomes_.rounds_;
  EncryptionTree value = start;
  for (int round = 0, rounds = outcomes_.rounds_ > kDepth ? 1 : 2; round < rounds; ++round) {
    EncryptionTree next = value;
    next.join(outcomes_.plain(arguments["in"]));
    const bool stable = next == value;
    value = std::move(next);
    if (!stable && round + 1 == rounds) add_somewhere(EncryptionTree(value), value);
    outcomes_.variables_.back().value = value;
    if (stable) break;
  }
  --outcomes_.rounds_;
}

// CURRENT and the other system variables start with a capital: rebinding them would make paths mean
// something else.
void Outcomes::Scope::add(std::string_view name, EncryptionTree value) {
  if (name.empty() || (name[0] >= 'A' && name[0] <= 'Z') ||
      name.find('.') != std::string_view::npos) {
    refuse::malformed(fmt::format("'{}' is not a valid name for a variable", name));
  }
  outcomes_.variables_.push_back({name, std::move(value)});
}

}  // namespace quern::analysis
