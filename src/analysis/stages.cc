// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The stages that neither group nor join.
#include <fmt/format.h>

#include <vector>

#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/key_pattern.h"
#include "analysis/match.h"
#include "analysis/project.h"
#include "analysis/refusal.h"
#include "analysis/stage.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Target = EncryptionTree::Target;

void replace_root(const StageAnalysis& stage, std::string_view key, ValueView expression) {
  Outcome root = analyse_output(stage.context, stage.tree, key, expression, stage.out);
  refuse_constants(stage.tree, {}, root.tree);
  const std::string path = root.path;
  EncryptionTree documents = std::move(root).handed_on();
  if (documents.encrypts() && documents.kind() != EncryptionTree::Kind::kObject) {
    refuse::reference(path);
  }
  documents = documents.element();  // whatever may be an array, a document is none
  documents.come_in_place_of(stage.tree);
  stage.tree = std::move(documents);
}

// The options of $collStats and those of them; $indexStats has none.
constexpr std::string_view kCollStats[] = {"latencyStats", "storageStats", "count",
                                           "queryExecStats"};
constexpr std::string_view kCollStatsDetails[] = {"histograms", "scale"};

}  // namespace

View stage_document(const Element& stage) {
  if (!stage.is_document()) refuse::malformed(fmt::format("{} takes a document", stage.key()));
  return stage.as_document();
}

View stage_options(const Element& stage) {
  refuse::repeated_member(stage.key(), stage_document(stage));
  return stage.as_document();
}

std::string_view member_string(const Element& stage, const Element& member) {
  if (!member.is_string()) {
    refuse::wrong_member_type(stage.key(), member.key(), "a string", member.type());
  }
  return member.as_string();
}

void require_plain(const EncryptionTree& tree, std::string_view path, std::string_view what) {
  if (tree.resolve(path).encrypts()) {
    refuse::operation(fmt::format("{} '{}' is, holds or is inside an encrypted field", what, path));
  }
}

void analyse_match(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  analyse_filter(stage.context, stage.tree, stage_document(operation), FilterUse::kQuery,
                 stage.out);
  stage.out.close();
}

void analyse_project(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  stage.tree = analyse_projection(stage.context, stage.tree, stage_document(operation),
                                  ProjectionUse::kStage, stage.out);
  stage.out.close();
}

void analyse_add_fields_stage(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  stage.tree = analyse_add_fields(stage.context, stage.tree, stage_document(operation), stage.out);
  stage.out.close();
}

void analyse_unset(const StageAnalysis& stage, const Element& operation) {
  const auto drop = [&](const Element& path) {
    if (!path.is_string()) refuse::malformed("$unset takes a path or an array of paths");
    stage.tree = without(stage.tree, path.as_string());
  };
  if (operation.is_array()) {
    for (const Element& path : operation.as_array()) drop(path);
  } else {
    drop(operation);
  }
  stage.out.append(operation);
}

void analyse_sort(const StageAnalysis& stage, const Element& operation) {
  check_key_pattern(operation.key(), stage_document(operation));
  stage.out.append(operation);
}

void analyse_number(const StageAnalysis& stage, const Element& operation) {
  if (!operation.is_number()) refuse::malformed(fmt::format("{} takes a number", operation.key()));
  stage.out.append(operation);
}

void analyse_sample(const StageAnalysis& stage, const Element& operation) {
  for (const Element& member : stage_options(operation)) {
    if (member.key() != "size") refuse::unknown_member("$sample", member.key());
    if (!member.is_number()) {
      refuse::wrong_member_type(operation.key(), member.key(), "a number", member.type());
    }
  }
  stage.out.append(operation);
}

void analyse_count(const StageAnalysis& stage, const Element& operation) {
  if (!operation.is_string()) refuse::malformed("$count takes the name of a field");
  stage.tree = stage.tree.removed();
  stage.tree.assign(operation.as_string(), {});
  stage.out.append(operation);
}

void analyse_coll_stats(const StageAnalysis& stage, const Element& operation) {
  refuse::check_options(operation.key(), stage_document(operation), kCollStats);
  for (const Element& option : operation.as_document()) {
    refuse::check_options(option.key(), stage_document(option), kCollStatsDetails);
  }
  stage.tree = stage.tree.removed();
  stage.out.append(operation);
}

void analyse_index_stats(const StageAnalysis& stage, const Element& operation) {
  refuse::check_options(operation.key(), stage_document(operation), {});
  stage.tree = stage.tree.removed();
  stage.out.append(operation);
}

void analyse_unwind(const StageAnalysis& stage, const Element& operation) {
  Element path = operation;
  std::string_view index;
  if (operation.is_document()) {
    path = Element();
    for (const Element& member : stage_options(operation)) {
      if (member.key() == "path") {
        path = member;
      } else if (member.key() == "includeArrayIndex") {
        index = member_string(operation, member);
      } else if (member.key() != "preserveNullAndEmptyArrays") {
        refuse::unknown_member(operation.key(), member.key());
      }
    }
  }
  if (!path.is_string() || !path.as_string().starts_with('$')) {
    refuse::malformed("$unwind takes a path that starts with $");
  }
  const std::string_view name = path.as_string().substr(1);
  const Target target = stage.tree.resolve(name);
  switch (target.kind) {
    case Target::Kind::kArray:
      if (target.rest.data() != nullptr) refuse::inside_array(name);
      stage.tree.set(name, EncryptionTree(target.node->children().front()));
      break;
    case Target::Kind::kPlain:
    case Target::Kind::kRemoved:
    case Target::Kind::kAbove:
      break;
    default:
      refuse::operation(fmt::format("$unwind cannot take the encrypted field '{}' apart", name));
  }
  if (!index.empty()) {
    require_plain(stage.tree, index, "$unwind.includeArrayIndex");
    stage.tree.assign(index, {});
  }
  stage.out.append(operation);
}

void analyse_replace_root(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  for (const Element& member : stage_options(operation)) {
    if (member.key() != "newRoot") refuse::unknown_member(operation.key(), member.key());
    replace_root(stage, member.key(), member);
  }
  stage.out.close();
}

void analyse_replace_with(const StageAnalysis& stage, const Element& operation) {
  replace_root(stage, operation.key(), operation);
}

// $$DESCEND runs the expression again with each embedded document as the root, so it must keep away
// from encrypted fields at every level.
void analyse_redact(const StageAnalysis& stage, const Element& operation) {
  const auto check_below = [&](const auto& self, const EncryptionTree& tree) -> void {
    bson::Builder discarded;
    analyse_evaluated(stage.context, tree, operation.key(), operation, Comparisons::kRefused,
                      discarded);
    for (const EncryptionTree& child : tree.children()) {
      using Kind = EncryptionTree::Kind;
      if (child.kind() == Kind::kEncrypted || child.kind() == Kind::kPlain) continue;
      self(self, child);
    }
  };
  check_below(check_below, stage.tree);
  stage.out.append(operation);
}

void analyse_geo_near(const StageAnalysis& stage, const Element& operation) {
  std::vector<std::string_view> assigned;
  stage.out.open_document(operation.key());
  for (const Element& member : stage_options(operation)) {
    const std::string_view name = member.key();
    if (name == "query") {
      if (!member.is_document()) refuse::malformed("$geoNear.query takes a filter");
      stage.out.open_document(name);
      analyse_filter(stage.context, stage.tree, member.as_document(), FilterUse::kQuery, stage.out);
      stage.out.close();
      continue;
    }
    if (name == "key" || name == "distanceField" || name == "includeLocs") {
      require_plain(stage.tree, member_string(operation, member), "$geoNear");
      if (name != "key") assigned.push_back(member.as_string());
    } else if (name != "near" && name != "spherical" && name != "minDistance" &&
               name != "maxDistance" && name != "distanceMultiplier") {
      refuse::unknown_member(operation.key(), name);
    }
    stage.out.append(member);
  }
  stage.out.close();
  for (const std::string_view path : assigned) stage.tree.assign(path, {});
}

}  // namespace quern::analysis
