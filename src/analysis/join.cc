// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $lookup and $graphLookup: fields are compared by the server, so they must be plain.
#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/match.h"
#include "analysis/pipeline.h"
#include "analysis/refusal.h"
#include "analysis/stage.h"

namespace quern::analysis {
namespace {

using bson::Element;

void join_as(const StageAnalysis& stage, std::string_view path, std::string_view what,
             EncryptionTree joined) {
  require_plain(stage.tree, path, what);
  const EncryptionTree array = EncryptionTree::array_of(std::move(joined));
  refuse_constants(stage.tree, path, array);
  stage.tree.assign(path, array);
}

}  // namespace

void check_lookup_let(const language::LookupSpec& lookup) {
  if (lookup.let.empty()) return;
  refuse::operation(
      "Non-empty 'let' field is not allowed in the $lookup aggregation stage over an encrypted "
      "collection.");
}

void analyse_lookup(const StageAnalysis& stage, const Element& operation) {
  const auto& lookup = stage.spec.as<language::LookupSpec>();
  if (!lookup.from) refuse::malformed("$lookup needs a string 'from'");
  check_lookup_let(lookup);
  const EncryptionTree& foreign = stage.context.tree_of(*lookup.from);
  EncryptionTree joined = foreign;
  stage.out.open_document(operation.key());
  for (const Element& member : operation.as_document()) {
    if (member.key() == "pipeline") {
      joined = analyse_pipeline(stage.context, foreign, *lookup.from, member.key(),
                                *lookup.pipeline, stage.out);
    } else {
      stage.out.append(member);
    }
  }
  stage.out.close();
  if (lookup.local_field) {
    require_plain(stage.tree, *lookup.local_field, "$lookup.localField");
    require_plain(foreign, *lookup.foreign_field, "$lookup.foreignField");
  }
  join_as(stage, lookup.as, "$lookup.as", std::move(joined));
}

void analyse_graph_lookup(const StageAnalysis& stage, const Element& operation) {
  const auto& lookup = stage.spec.as<language::GraphLookupSpec>();
  if (lookup.from != stage.collection) {
    refuse::operation("$graphLookup is supported only from the collection that is aggregated");
  }
  EncryptionTree source = stage.context.tree_of(stage.collection);
  stage.out.open_document(operation.key());
  require_plain(source, lookup.connect_from, "$graphLookup");
  require_plain(source, lookup.connect_to, "$graphLookup");
  for (const Element& member : operation.as_document()) {
    const std::string_view name = member.key();
    if (name == "startWith") {
      analyse_evaluated(stage.context, stage.tree, name, lookup.start_with, Comparisons::kRefused,
                        stage.out);
    } else if (name == "restrictSearchWithMatch") {
      stage.out.open_document(name);
      analyse_filter(stage.context, source, *lookup.restriction, FilterUse::kQuery, stage.out);
      stage.out.close();
    } else {
      stage.out.append(member);
    }
  }
  stage.out.close();
  if (lookup.depth_field) {
    require_plain(source, *lookup.depth_field, "$graphLookup.depthField");
    source.assign(*lookup.depth_field, {});
  }
  join_as(stage, lookup.as, "$graphLookup.as", std::move(source));
}

}  // namespace quern::analysis
