// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// find, count, distinct, aggregate.
#include "analysis/command.h"
#include "analysis/pipeline.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;

constexpr std::string_view kCursor[] = {"batchSize"};

constexpr Member kFindMembers[] = {
    {"find", copy_text_member},
    {"filter", analyse_filter_member},
    {"projection", analyse_projection_member},
    {"sort", analyse_key_pattern_member},
    {"hint", analyse_key_pattern_member},
    {"min", analyse_index_bound_member},
    {"max", analyse_index_bound_member},
    {"let", analyse_let_member},
    {"skip", copy_setting_member},
    {"limit", copy_setting_member},
    {"batchSize", copy_setting_member},
    {"singleBatch", copy_setting_member},
    {"returnKey", copy_setting_member},
    {"showRecordId", copy_setting_member},
    {"tailable", copy_setting_member},
    {"awaitData", copy_setting_member},
    {"oplogReplay", copy_setting_member},
    {"noCursorTimeout", copy_setting_member},
    {"allowPartialResults", copy_setting_member},
    {"allowDiskUse", copy_setting_member},
    {"collation", copy_collation_member},
};

constexpr Member kCountMembers[] = {
    {"count", copy_text_member},          {"query", analyse_filter_member},
    {"limit", copy_setting_member},       {"skip", copy_setting_member},
    {"hint", analyse_key_pattern_member}, {"collation", copy_collation_member},
};

void analyse_pipeline_member(const CommandAnalysis& analysis, const Element& member) {
  analysis.context.set_output(analyse_pipeline(analysis.context, analysis.tree, analysis.collection,
                                               member.key(), *analysis.pipeline, analysis.out));
}

constexpr Member kAggregateMembers[] = {
    {"aggregate", copy_text_member},
    {"pipeline", analyse_pipeline_member},
    {"cursor", copy_options_member<kCursor>},
    {"explain", copy_setting_member},
    {"allowDiskUse", copy_setting_member},
    {"bypassDocumentValidation", copy_setting_member},
    {"collation", copy_collation_member},
    {"hint", analyse_key_pattern_member},
    {"let", analyse_let_member},
};

}  // namespace

void analyse_find(const CommandAnalysis& analysis) {
  analyse_members(analysis, kFindMembers, /*with_generic_members=*/true);
}

void analyse_count(const CommandAnalysis& analysis) {
  analyse_members(analysis, kCountMembers, /*with_generic_members=*/true);
}

// The server finds distinct values by comparing them, which ciphertexts do not allow, and Queryable
// Encryption does not know the command at all.
void analyse_distinct(const CommandAnalysis&) {
  refuse::operation(
      "The command distinct is not supported on a collection with fields encrypted with Queryable "
      "Encryption");
}

void analyse_aggregate(const CommandAnalysis& analysis) {
  analyse_members(analysis, kAggregateMembers, /*with_generic_members=*/true);
}

}  // namespace quern::analysis
