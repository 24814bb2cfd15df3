// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression_outcome.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/expression_operators.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using language::Call;
using language::Expression;
using Constant = EncryptionTree::Constant;
using Target = EncryptionTree::Target;

constexpr std::string_view kSystemVariables[] = {
    "NOW", "CLUSTER_TIME", "REMOVE", "DESCEND", "PRUNE", "KEEP", "USER_ROLES", "SEARCH_META"};

Outcome constant(ValueView value) { return {tree_of_constant(value), true, {}}; }

// The components of a path before those that are left.
std::string_view known_part(std::string_view path, std::string_view rest) {
  return rest.data() == nullptr ? path : path.substr(0, path.size() - rest.size() - 1);
}

// The name of a member, where an expression gives it as a constant.
std::optional<std::string_view> constant_name(const Expression& expression) {
  const auto* constant = expression.as<language::Constant>();
  if (constant == nullptr || !constant->value.is_string()) return std::nullopt;
  return constant->value.as_string();
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

// Where $arrayToObject puts a value: under its name, if that is known.
void add_pair_of(std::optional<std::string_view> name, EncryptionTree value,
                 EncryptionTree& document) {
  if (!name) return add_somewhere(value, document);
  value.join(document.member(*name));
  document.set_member(*name, std::move(value));
}

// A pair that stands in the command as it is.
void add_constant_pair(ValueView pair, EncryptionTree& document) {
  ValueView name;
  ValueView value = pair;
  if (pair.is_array() && pair.as_array().count() == 2) {
    name = pair.as_array().front();
    value = std::next(pair.as_array().begin())->value();
  } else if (pair.is_document() && pair.as_document().contains("k")) {
    name = pair.as_document()["k"];
    value = pair.as_document()["v"];
  }
  add_pair_of(name.is_string() ? std::optional(name.as_string()) : std::nullopt,
              tree_of_constant(value), document);
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

EncryptionTree Outcome::handed_on() && {
  if (!tree.encrypts() || tree.constant() == Constant::kNone) return std::move(tree);
  EncryptionTree unknown = EncryptionTree::unknown(tree.fields());
  unknown.add_constant(Constant::kHere);
  return unknown;
}

Outcome Outcomes::of(const Expression& expression) {
  if (const auto* value = expression.as<language::Constant>()) return constant(value->value);
  if (const auto* path = expression.as<language::FieldPath>())
    return of_path(documents(), path->path);
  if (const auto* path = expression.as<language::VariablePath>()) return of_variable(*path);
  if (const auto* array = expression.as<language::Array>()) return of_array(*array);
  if (const auto* object = expression.as<language::Object>()) return of_object(*object);
  return of_call(std::get<Call>(expression.node));
}

Outcome Outcomes::of_variable(const language::VariablePath& path) {
  const bool is_root = path.name == "ROOT" || path.name == "CURRENT";
  const EncryptionTree& root = is_root ? documents() : variable(path.name);
  if (path.path) return of_path(root, *path.path);
  if (root.encrypts()) refuse::reference(root.first_encrypted_path());
  return {root, false, {}};
}

Outcome Outcomes::of_path(const EncryptionTree& document, std::string_view path) {
  const Target target = document.resolve(path);
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

Outcome Outcomes::of_array(const language::Array& array) {
  Outcome result{{}, true, {}};
  EncryptionTree element;
  for (const Expression& member : array.members) {
    Outcome of_member = of(member);
    result.constant = result.constant && of_member.constant;
    if (result.path.empty() || (of_member.tree.encrypts() && !element.encrypts())) {
      result.path = std::move(of_member.path);
    }
    if (of_member.tree.encrypts()) element.join(EncryptionTree::unknown(of_member.tree.fields()));
    element.join(of_member.tree);
  }
  result.tree = EncryptionTree::array_of(std::move(element));
  return result;
}

Outcome Outcomes::of_object(const language::Object& object) {
  Outcome result{{}, true, {}};
  for (const language::Field& field : object.fields) {
    Outcome of_field = of(field.value);
    result.constant = result.constant && of_field.constant;
    if (!result.tree.encrypts()) result.path = of_field.path;
    result.tree.set_member(field.name, std::move(of_field).handed_on());
  }
  return result;
}

Outcome Outcomes::of_call(const Call& call) {
  switch (shape_of(*call.op)) {
    case Shape::kCondition:
      return any_of({&call[1], &call[2]});
    case Shape::kIfNull: {
      std::vector<const Expression*> alternatives;
      for (const Expression& argument : call.arguments) alternatives.push_back(&argument);
      return any_of(alternatives);
    }
    case Shape::kSwitch: {
      std::vector<const Expression*> alternatives;
      for (const language::Branch& branch : call[0].as<language::Branches>()->list) {
        alternatives.push_back(&branch.consequence);
      }
      if (!call[1].absent()) alternatives.push_back(&call[1]);
      return any_of(alternatives);
    }
    case Shape::kLet: {
      const Scope scope(*this, call);
      return of(call[1]);
    }
    case Shape::kEvaluated:
      return {evaluated(call), false, {}};
    case Shape::kOverArray:
      return {over_array(call), false, {}};
    case Shape::kGetField:
      return {get_field(call), false, {}};
    case Shape::kEquality:
    case Shape::kOrdering:
    case Shape::kMembership:
      return {computed(call), false, {}};
    case Shape::kLiteral:
    case Shape::kMetadata:
    case Shape::kText:
      break;
  }
  return {};
}

// Constants fit everything: a comparison turns them into markings of the field that is compared.
Outcome Outcomes::any_of(const std::vector<const Expression*>& alternatives) {
  Outcome result;
  EncryptionTree constants;
  bool first = true;
  for (const Expression* alternative : alternatives) {
    Outcome one = of(*alternative);
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
EncryptionTree Outcomes::plain(const Expression& expression) {
  if (expression.absent()) return {};
  EncryptionTree tree = of(expression).tree;
  if (!tree.encrypts()) return tree;
  return EncryptionTree::constant_of(tree.holds_constant() ? Constant::kHere : Constant::kNone);
}

std::vector<EncryptionTree> Outcomes::of_arguments(const Call& call) {
  std::vector<EncryptionTree> trees;
  for (const Expression& argument : call.arguments) {
    if (!argument.absent()) trees.push_back(plain(argument));
  }
  return trees;
}

// A value of its own, without members.
EncryptionTree Outcomes::computed(const Call& call) {
  EncryptionTree result;
  for (const EncryptionTree& argument : of_arguments(call)) add_computed(argument, result);
  return result;
}

EncryptionTree Outcomes::over_array(const Call& call) {
  if (call.op->name == "$filter") {
    EncryptionTree result = plain(call[0]);
    add_computed(plain(call[3]), result);  // the limit
    return result;
  }
  const Scope scope(*this, call);
  if (call.op->name == "$reduce") return variable("value");
  return EncryptionTree::array_of(plain(call[2]));
}

EncryptionTree Outcomes::get_field(const Call& call) {
  EncryptionTree input = call[1].absent() ? documents() : plain(call[1]);
  EncryptionTree result;
  if (const auto name = constant_name(call[0])) {
    result = input.member(*name);
  } else {
    input = input.element();
    for (const EncryptionTree& child : input.children()) result.join(child);
    add_somewhere(input, result);
  }
  return result.encrypts() ? EncryptionTree() : result;
}

EncryptionTree Outcomes::evaluated(const Call& call) {
  EncryptionTree result;
  switch (yield_of(*call.op)) {
    case Yield::kParts:
      for (const EncryptionTree& argument : of_arguments(call)) result.join(argument.parts());
      break;
    case Yield::kOperands:
      for (const Expression& argument : call.arguments) result.join(plain(argument));
      break;
    case Yield::kFirst:
      result = computed(call);
      result.join(plain(call[0]));
      break;
    case Yield::kInput:
      result = computed(call);
      result.join(plain(*call.argument("input")));
      break;
    case Yield::kDocument:
      for (const EncryptionTree& argument : of_arguments(call)) add_somewhere(argument, result);
      break;
    case Yield::kMembers:
      return set_member(call);
    case Yield::kPairs:
      return of_pairs(call[0]);
    case Yield::kNames: {
      const EncryptionTree document = plain(call[0]).element();
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
EncryptionTree Outcomes::set_member(const Call& call) {
  EncryptionTree document = plain(call[1]).element();
  const Expression* given = call.argument("value");
  EncryptionTree value = given == nullptr ? EncryptionTree() : plain(*given);
  const auto name = constant_name(call[0]);
  if (!name) {
    add_somewhere(value, document);
  } else {
    value.come_in_place_of(document.member(*name));
    document.set_member(*name, std::move(value));
  }
  return document;
}

// The document that $arrayToObject makes.
EncryptionTree Outcomes::of_pairs(const Expression& pairs) {
  EncryptionTree document;
  const auto* constant = pairs.as<language::Constant>();
  const auto* call = pairs.as<Call>();
  if (const auto* array = pairs.as<language::Array>()) {
    for (const Expression& pair : array->members) add_pair(pair, document);
  } else if (constant != nullptr && constant->value.is_array()) {
    for (const Element& pair : constant->value.as_array()) add_constant_pair(pair, document);
  } else if (call != nullptr && call->op->name == "$map") {
    const Scope scope(*this, *call);
    add_pair((*call)[2], document);
  } else {
    const EncryptionTree pair = plain(pairs).element();
    const bool named = pair.child("k") != nullptr || pair.child("v") != nullptr;
    add_somewhere(named ? pair.member("v") : pair, document);
  }
  return document;
}

void Outcomes::add_pair(const Expression& pair, EncryptionTree& document) {
  const auto* array = pair.as<language::Array>();
  if (array != nullptr && array->members.size() == 2) {
    return add_pair_of(constant_name(array->members[0]), plain(array->members[1]), document);
  }
  const auto* object = pair.as<language::Object>();
  const Expression* name = object == nullptr ? nullptr : object->field("k");
  if (name == nullptr) return add_pair_of(std::nullopt, plain(pair), document);
  const Expression* value = object->field("v");
  add_pair_of(constant_name(*name), value == nullptr ? EncryptionTree() : plain(*value), document);
}

Outcomes::Scope::Scope(Outcomes& outcomes, const Call& call)
    : outcomes_(outcomes), before_(outcomes.variables_.size()) {
  if (shape_of(*call.op) == Shape::kLet) {
    add_let(*call[0].as<language::Object>());
  } else {
    add_element(call);
  }
}

void Outcomes::Scope::add_let(const language::Object& variables) {
  std::vector<Variable> bound;
  for (const language::Field& variable : variables.fields) {
    bound.push_back({variable.name, outcomes_.plain(variable.value)});
  }
  for (Variable& variable : bound) add(variable.name, std::move(variable.value));
}

void Outcomes::Scope::add_element(const Call& call) {
  const Expression* as = call.argument("as");
  const bool named = as != nullptr && !as->absent();
  add(named ? as->source.as_string() : "this", outcomes_.plain(call[0]).element());
  if (call.op->name == "$reduce") add_rounds(call);
}

// Later rounds start with what earlier ones made: a second look sees what the first one adds. What
// still grows then, and what is nested too deep to be looked at twice, may be anything.
void Outcomes::Scope::add_rounds(const Call& reduce) {
  constexpr int kDepth = 2;
  const EncryptionTree start = outcomes_.plain(reduce[1]);
  add("value", start);
  ++outcomes_.rounds_;
  EncryptionTree value = start;
  for (int round = 0, rounds = outcomes_.rounds_ > kDepth ? 1 : 2; round < rounds; ++round) {
    EncryptionTree next = value;
    next.join(outcomes_.plain(reduce[2]));
    const bool stable = next == value;
    value = std::move(next);
    if (!stable && round + 1 == rounds) add_somewhere(EncryptionTree(value), value);
    outcomes_.variables_.back().value = value;
    if (stable) break;
  }
  --outcomes_.rounds_;
}

// CURRENT may be bound: but then all paths mean something else.
void Outcomes::Scope::add(std::string_view name, EncryptionTree value) {
  if (name == "CURRENT") refuse::malformed("'CURRENT' is not a valid name for a variable");
  outcomes_.variables_.push_back({name, std::move(value)});
}

}  // namespace quern::analysis
