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
using bson::View;
using Target = EncryptionTree::Target;

void replace_root(const StageAnalysis& stage, std::string_view key) {
  Outcome root = analyse_output(stage.context, stage.tree, key,
                                stage.spec.as<language::ReplaceRootSpec>().new_root, stage.out);
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

}  // namespace

void require_plain(const EncryptionTree& tree, std::string_view path, std::string_view what) {
  if (tree.resolve(path).encrypts()) {
    refuse::operation(fmt::format("{} '{}' is, holds or is inside an encrypted field", what, path));
  }
}

void analyse_match(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  analyse_filter(stage.context, stage.tree, stage.spec.as<language::MatchSpec>().filter,
                 FilterUse::kQuery, stage.out);
  stage.out.close();
}

void analyse_project(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  stage.tree = analyse_projection(stage.context, stage.tree,
                                  stage.spec.as<language::ProjectSpec>().projection,
                                  ProjectionUse::kStage, stage.out);
  stage.out.close();
}

void analyse_add_fields_stage(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  stage.tree = analyse_add_fields(stage.context, stage.tree,
                                  stage.spec.as<language::AddFieldsSpec>().fields, stage.out);
  stage.out.close();
}

void analyse_unset(const StageAnalysis& stage, const Element& operation) {
  for (const std::string_view path : stage.spec.as<language::UnsetSpec>().paths) {
    stage.tree = without(stage.tree, path);
  }
  stage.out.append(operation);
}

void analyse_sort(const StageAnalysis& stage, const Element& operation) {
  check_key_pattern(operation.key(), stage.spec.as<language::SortSpec>().pattern);
  stage.out.append(operation);
}

// A stage whose specification names no field: $limit, $skip, $sample.
void analyse_number(const StageAnalysis& stage, const Element& operation) {
  stage.out.append(operation);
}

void analyse_count(const StageAnalysis& stage, const Element& operation) {
  stage.tree = stage.tree.removed();
  stage.tree.assign(stage.spec.as<language::CountSpec>().field, {});
  stage.out.append(operation);
}

// $collStats, $indexStats.
void analyse_statistics(const StageAnalysis& stage, const Element& operation) {
  stage.tree = stage.tree.removed();
  stage.out.append(operation);
}

void analyse_unwind(const StageAnalysis& stage, const Element& operation) {
  const auto& unwind = stage.spec.as<language::UnwindSpec>();
  const std::string_view name = unwind.path;
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
  if (unwind.index) {
    require_plain(stage.tree, *unwind.index, "$unwind.includeArrayIndex");
    stage.tree.assign(*unwind.index, {});
  }
  stage.out.append(operation);
}

void analyse_replace_root(const StageAnalysis& stage, const Element& operation) {
  stage.out.open_document(operation.key());
  replace_root(stage, "newRoot");
  stage.out.close();
}

void analyse_replace_with(const StageAnalysis& stage, const Element& operation) {
  replace_root(stage, operation.key());
}

// $$DESCEND runs the expression again with each embedded document as the root, so it must keep away
// from encrypted fields at every level.
void analyse_redact(const StageAnalysis& stage, const Element& operation) {
  const auto& expression = stage.spec.as<language::RedactSpec>().expression;
  const auto check_below = [&](const auto& self, const EncryptionTree& tree) -> void {
    bson::Builder discarded;
    analyse_evaluated(stage.context, tree, operation.key(), expression, Comparisons::kRefused,
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

// A GeoJSON point.
static void check_point(View point) {
  constexpr std::string_view kPoint[] = {"type", "coordinates"};
  refuse::check_options("$geoNear.near", point, kPoint);
}

void analyse_geo_near(const StageAnalysis& stage, const Element& operation) {
  const auto& near = stage.spec.as<language::GeoNearSpec>();
  stage.out.open_document(operation.key());
  for (const Element& member : operation.as_document()) {
    if (member.key() != "query") {
      if (member.key() == "near" && member.is_document()) check_point(member.as_document());
      stage.out.append(member);
      continue;
    }
    stage.out.open_document(member.key());
    analyse_filter(stage.context, stage.tree, *near.query, FilterUse::kQuery, stage.out);
    stage.out.close();
  }
  stage.out.close();
  for (const auto& path : {near.key, near.distance_field, near.include_locations}) {
    if (path) require_plain(stage.tree, *path, "$geoNear");
  }
  for (const auto& path : {near.distance_field, near.include_locations}) {
    if (path) stage.tree.assign(*path, {});
  }
}

}  // namespace quern::analysis
