// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the analyses of the stages share. pipeline.cc says which is whose.
#ifndef QUERN_ANALYSIS_STAGE_H_
#define QUERN_ANALYSIS_STAGE_H_

#include <string_view>

#include "analysis/context.h"
#include "language/stage.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// One stage: appends it to the open document of out, and turns tree into that of its output.
struct StageAnalysis {
  Context& context;
  EncryptionTree& tree;
  std::string_view collection;
  bson::Builder& out;
  const language::StageSpec& spec;  // what is read of the stage is read of this
};

using AnalyseStage = void (*)(const StageAnalysis&, const bson::Element&);

// group.cc
void analyse_group(const StageAnalysis&, const bson::Element&);
void analyse_sort_by_count(const StageAnalysis&, const bson::Element&);
void analyse_bucket(const StageAnalysis&, const bson::Element&);
void analyse_bucket_auto(const StageAnalysis&, const bson::Element&);

// join.cc
void analyse_lookup(const StageAnalysis&, const bson::Element&);
void analyse_graph_lookup(const StageAnalysis&, const bson::Element&);
// Variables of an outer pipeline could carry encrypted fields into the inner one.
void check_lookup_let(const language::LookupSpec&);

// stages.cc
void analyse_match(const StageAnalysis&, const bson::Element&);
void analyse_project(const StageAnalysis&, const bson::Element&);
void analyse_add_fields_stage(const StageAnalysis&, const bson::Element&);
void analyse_unset(const StageAnalysis&, const bson::Element&);
void analyse_sort(const StageAnalysis&, const bson::Element&);
void analyse_number(const StageAnalysis&, const bson::Element&);
void analyse_count(const StageAnalysis&, const bson::Element&);
void analyse_statistics(const StageAnalysis&, const bson::Element&);
void analyse_unwind(const StageAnalysis&, const bson::Element&);
void analyse_replace_root(const StageAnalysis&, const bson::Element&);
void analyse_replace_with(const StageAnalysis&, const bson::Element&);
void analyse_redact(const StageAnalysis&, const bson::Element&);
void analyse_geo_near(const StageAnalysis&, const bson::Element&);

// A path of a plain field, where encryption has no answer for an encrypted one.
void require_plain(const EncryptionTree& tree, std::string_view path, std::string_view what);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_STAGE_H_
