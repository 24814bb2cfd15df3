// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/update.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/document.h"
#include "analysis/match.h"
#include "analysis/refusal.h"
#include "language/operators.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;
using Target = EncryptionTree::Target;

enum class Effect {
  kAssign,   // stores the operand
  kRemove,   // ignores the operand
  kRename,   // the operand is a path
  kCompute,  // the server computes with the old value
};

struct Modifier {
  std::string_view name;
  Effect effect;
  std::string_view refused_as;  // kCompute: how the refusal names the operator
};

constexpr Modifier kModifiers[] = {
    {"$set", Effect::kAssign, ""},
    {"$setOnInsert", Effect::kAssign, ""},
    {"$unset", Effect::kRemove, ""},
    {"$rename", Effect::kRename, ""},
    {"$inc", Effect::kCompute, "$inc and $mul"},
    {"$mul", Effect::kCompute, "$inc and $mul"},
    {"$min", Effect::kCompute, "$max and $min"},
    {"$max", Effect::kCompute, "$max and $min"},
    {"$addToSet", Effect::kCompute, "$addToSet"},
    {"$pop", Effect::kCompute, "$pop"},
    {"$pull", Effect::kCompute, "$pull"},
    {"$pullAll", Effect::kCompute, "$pullAll"},
    {"$push", Effect::kCompute, "$push"},
    {"$currentDate", Effect::kCompute, "$currentDate"},
    {"$bit", Effect::kCompute, "$bit"},
};

static_assert(language::is_complete(language::kUpdateOperators, kModifiers));

const Modifier& modifier(std::string_view name) {
  const auto* row = std::ranges::find(kModifiers, name, &Modifier::name);
  if (row == std::end(kModifiers)) {
    throw Error(
        ErrorCode::kFailedToParse,
        fmt::format("Unknown modifier: {}. Expected a valid update modifier or a replacement "
                    "without modifiers",
                    name));
  }
  return *row;
}

[[noreturn]] void refuse_modifier(std::string_view name, std::string_view path) {
  refuse::operation(fmt::format("{} not allowed on encrypted values: '{}'", name, path));
}

// Where an update path leads, once it is known not to reach inside an encrypted field or into an
// array above one.
Target resolve(const EncryptionTree& tree, std::string_view path) {
  const Target target = tree.resolve(path);
  if (target.kind != Target::Kind::kBelow && target.kind != Target::Kind::kArrayPosition) {
    return target;
  }
  std::string_view rest = target.rest;
  const std::string_view next = take_component(rest);
  if (next == "$") {
    refuse::operation(
        fmt::format("Cannot encrypt fields below '$' positional update operator: '{}'", path));
  }
  if (next.starts_with("$[")) refuse_modifier("Array update operations", path);
  if (target.kind == Target::Kind::kBelow) refuse::below_encrypted(path);
  refuse::inside_array(path);
}

// {$each: …, $sort: …}: how a modifier is to work, as opposed to a value that it is to store.
void check_clauses(const Element& operand) {
  if (!operand.is_document() || !operand.as_document().front().key().starts_with('$')) return;
  refuse::repeated_member(operand.key(), operand.as_document());
  if (const Element order = operand.as_document()["$sort"]; order.is_document()) {
    refuse::repeated_member(order.key(), order.as_document());
  }
}

class Modification {
 public:
  explicit Modification(const CommandAnalysis& analysis)
      : context_(analysis.context), tree_(analysis.tree), out_(analysis.out) {}

  void modifiers(View update) {
    refuse::repeated_member("update", update);
    for (const Element& element : update) {
      const Modifier& row = modifier(element.key());
      if (!element.is_document()) {
        refuse::malformed(fmt::format("Modifiers operate on fields, but {} has no document of them",
                                      element.key()));
      }
      refuse::repeated_member(element.key(), element.as_document());
      out_.open_document(element.key());
      for (const Element& field : element.as_document()) modify(row, field);
      out_.close();
    }
  }

 private:
  void modify(const Modifier& row, const Element& field) {
    const std::string_view path = field.key();
    const Target target = resolve(tree_, path);
    const bool plain = target.kind == Target::Kind::kPlain;
    switch (row.effect) {
      case Effect::kAssign:
        if (!plain) {
          analyse_stored_value(context_, *target.node, path, field, out_);
          return;
        }
        break;
      case Effect::kRemove:
        if (!plain) {
          out_.append(path, "");  // whatever the operand was, the server has no use for it
          return;
        }
        break;
      case Effect::kRename:
        if (!field.is_string()) refuse::malformed("$rename takes paths as strings");
        if (!plain) refuse_modifier(row.name, path);
        if (resolve(tree_, field.as_string()).kind != Target::Kind::kPlain) {
          refuse_modifier(row.name, field.as_string());
        }
        break;
      case Effect::kCompute:
        if (!plain) refuse_modifier(row.refused_as, path);
        check_clauses(field);
        break;
    }
    out_.append(field);
  }

  Context& context_;
  const EncryptionTree& tree_;
  bson::Builder& out_;
};

}  // namespace

void analyse_update_member(const CommandAnalysis& analysis, const Element& member) {
  if (member.is_array()) {
    refuse::operation(
        "Update pipelines are not allowed on a collection with encrypted fields: expressions "
        "cannot "
        "compute ciphertexts. Use update operators or a replacement");
  }
  const View update = document_member(analysis, member);
  analysis.out.open_document(member.key());
  if (update.front().key().starts_with('$')) {
    Modification(analysis).modifiers(update);
  } else {
    for (const Element& element : update) {
      if (!element.key().starts_with('$')) continue;
      refuse::malformed(
          fmt::format("A replacement document cannot hold the update operator {}", element.key()));
    }
    analyse_stored_document(analysis.context, analysis.tree, update, analysis.out);
  }
  analysis.out.close();
}

// Array elements hold no encrypted fields, so the filters go out as they came. One whose identifier
// is the name of an encrypted field is taken for a mistake.
void analyse_array_filters_member(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_array(member.key());
  for (const Element& filter : array_member(analysis, member)) {
    if (!filter.is_document()) refuse::malformed("arrayFilters takes documents");
    bson::Builder discarded;
    analyse_filter(analysis.context, analysis.tree, filter.as_document(), FilterUse::kValidator,
                   discarded);
    analysis.out.append(filter);
  }
  analysis.out.close();
}

}  // namespace quern::analysis
