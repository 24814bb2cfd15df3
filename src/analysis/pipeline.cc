// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/pipeline.h"

#include "analysis/refusal.h"
#include "analysis/stage.h"

namespace quern::analysis {
namespace {

using language::PipelineSpec;
using language::StageId;
using language::StageSpec;

// The analysis of a stage; null for one that is refused where anything is encrypted.
AnalyseStage analysis_of(StageId id) {
  switch (id) {
    case StageId::kAddFields:
      return analyse_add_fields_stage;
    case StageId::kBucket:
      return analyse_bucket;
    case StageId::kBucketAuto:
      return analyse_bucket_auto;
    case StageId::kCollStats:
      return analyse_statistics;
    case StageId::kCount:
      return analyse_count;
    case StageId::kGeoNear:
      return analyse_geo_near;
    case StageId::kGraphLookup:
      return analyse_graph_lookup;
    case StageId::kGroup:
      return analyse_group;
    case StageId::kIndexStats:
      return analyse_statistics;
    case StageId::kLimit:
      return analyse_number;
    case StageId::kLookup:
      return analyse_lookup;
    case StageId::kMatch:
      return analyse_match;
    case StageId::kProject:
      return analyse_project;
    case StageId::kRedact:
      return analyse_redact;
    case StageId::kReplaceRoot:
      return analyse_replace_root;
    case StageId::kReplaceWith:
      return analyse_replace_with;
    case StageId::kSample:
      return analyse_number;
    case StageId::kSet:
      return analyse_add_fields_stage;
    case StageId::kSkip:
      return analyse_number;
    case StageId::kSort:
      return analyse_sort;
    case StageId::kSortByCount:
      return analyse_sort_by_count;
    case StageId::kUnset:
      return analyse_unset;
    case StageId::kUnwind:
      return analyse_unwind;
    // Nobody has said what they do with encrypted fields.
    case StageId::kChangeStream:
    case StageId::kChangeStreamSplitLargeEvent:
    case StageId::kCurrentOp:
    case StageId::kDensify:
    case StageId::kDocuments:
    case StageId::kFacet:
    case StageId::kFill:
    case StageId::kListLocalSessions:
    case StageId::kListSampledQueries:
    case StageId::kListSearchIndexes:
    case StageId::kListSessions:
    case StageId::kMerge:
    case StageId::kOut:
    case StageId::kPlanCacheStats:
    case StageId::kQuerySettings:
    case StageId::kQueryStats:
    case StageId::kRankFusion:
    case StageId::kScoreFusion:
    case StageId::kSearch:
    case StageId::kSearchMeta:
    case StageId::kSetWindowFields:
    case StageId::kShardedDataDistribution:
    case StageId::kUnionWith:
    case StageId::kVectorSearch:
      return nullptr;
  }
  return nullptr;
}

AnalyseStage supported_analysis_of(StageId id) {
  const AnalyseStage analyse = analysis_of(id);
  if (analyse == nullptr) refuse::stage(language::name(id));
  return analyse;
}

}  // namespace

EncryptionTree analyse_pipeline(Context& context, EncryptionTree tree, std::string_view collection,
                                std::string_view key, const PipelineSpec& stages,
                                bson::Builder& out) {
  out.open_array(key);
  for (const StageSpec& stage : stages) {
    out.open_document(stage.key);
    supported_analysis_of(stage.id)({context, tree, collection, out, stage}, stage.operation);
    out.close();
  }
  out.close();
  return tree;
}

void check_plain_pipeline(const PipelineSpec& stages) {
  for (const StageSpec& stage : stages) {
    supported_analysis_of(stage.id);
    const auto* lookup = std::get_if<language::LookupSpec>(&stage.spec);
    if (lookup == nullptr) continue;
    check_lookup_let(*lookup);
    if (lookup->pipeline) check_plain_pipeline(*lookup->pipeline);
  }
}

}  // namespace quern::analysis
