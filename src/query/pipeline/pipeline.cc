// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/pipeline.h"

#include <algorithm>

#include "quern/base/error.h"
#include "query/pipeline/stage.h"

namespace quern::query {
namespace {

using language::StageId;

StagePtr stage_of(const language::StageSpec& stage, const PipelineContext& context) {
  const auto make = [&](const auto& spec) { return make_stage(spec, context); };
  switch (stage.id) {
    case StageId::kAddFields:
    case StageId::kSet:
      return make(stage.as<language::AddFieldsSpec>());
    case StageId::kCount:
      return make(stage.as<language::CountSpec>());
    case StageId::kFacet:
      return make(stage.as<language::FacetSpec>());
    case StageId::kGroup:
      return make(stage.as<language::GroupSpec>());
    case StageId::kLimit:
      return make(stage.as<language::LimitSpec>());
    case StageId::kLookup:
      return make(stage.as<language::LookupSpec>());
    case StageId::kMatch:
      return make(stage.as<language::MatchSpec>());
    case StageId::kProject:
      return make(stage.as<language::ProjectSpec>());
    case StageId::kReplaceRoot:
    case StageId::kReplaceWith:
      return make(stage.as<language::ReplaceRootSpec>());
    case StageId::kSkip:
      return make(stage.as<language::SkipSpec>());
    case StageId::kSort:
      return make(stage.as<language::SortSpec>());
    case StageId::kSortByCount:
      return make(stage.as<language::SortByCountSpec>());
    case StageId::kUnset:
      return make(stage.as<language::UnsetSpec>());
    case StageId::kUnwind:
      return make(stage.as<language::UnwindSpec>());
    // Stages that MongoDB has and this engine doesn't.
    case StageId::kBucket:
    case StageId::kBucketAuto:
    case StageId::kChangeStream:
    case StageId::kChangeStreamSplitLargeEvent:
    case StageId::kCollStats:
    case StageId::kCurrentOp:
    case StageId::kDensify:
    case StageId::kDocuments:
    case StageId::kFill:
    case StageId::kGeoNear:
    case StageId::kGraphLookup:
    case StageId::kIndexStats:
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
    case StageId::kRedact:
    case StageId::kSample:
    case StageId::kScoreFusion:
    case StageId::kSearch:
    case StageId::kSearchMeta:
    case StageId::kSetWindowFields:
    case StageId::kShardedDataDistribution:
    case StageId::kUnionWith:
    case StageId::kVectorSearch:
      break;
  }
  throw Error(40324, "the pipeline stage " + std::string(language::name(stage.id)) +
                         " is not supported by this engine");
}

// A $sort needs to keep only what the $skip and $limit right after it let through.
void limit_sorts(std::vector<StagePtr>& stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i]->sort() == nullptr) continue;
    std::int64_t skipped = 0;
    for (std::size_t j = i + 1; j < stages.size(); ++j) {
      if (const auto skip = stages[j]->skip()) {
        if (__builtin_add_overflow(skipped, *skip, &skipped)) break;
      } else if (const auto limit = stages[j]->limit()) {
        std::int64_t needed = 0;
        if (!__builtin_add_overflow(skipped, *limit, &needed)) stages[i]->keep_first(needed);
        break;
      } else {
        break;
      }
    }
  }
}

}  // namespace

Pipeline::Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Pipeline Pipeline::parse(bson::View array, const PipelineContext& context) {
  return make(language::parse_pipeline(array), context);
}

Pipeline Pipeline::make(std::span<const language::StageSpec> specs, const PipelineContext& context,
                        std::optional<Matcher> first) {
  std::vector<StagePtr> stages;
  if (first) stages.push_back(std::make_unique<MatchStage>(std::move(*first)));
  for (const language::StageSpec& spec : specs) {
    stages.push_back(stage_of(spec, context));
  }
  limit_sorts(stages);
  Pipeline pipeline;
  for (StagePtr& stage : stages) pipeline.stages_.push_back(std::move(stage));
  for (const language::CollectionReference& joined : language::collection_references(specs)) {
    const auto at = std::find(pipeline.joined_.begin(), pipeline.joined_.end(), joined.collection);
    if (at == pipeline.joined_.end()) pipeline.joined_.emplace_back(joined.collection);
  }
  return pipeline;
}

Pipeline::Leading Pipeline::leading() const {
  Leading leading;
  auto stage = stages_.begin();
  if (stage != stages_.end() && (leading.match = (*stage)->match()) != nullptr) ++stage;
  if (stage != stages_.end() && (leading.sort = (*stage)->sort()) != nullptr) ++stage;
  if (stage != stages_.end()) leading.limit = (*stage)->limit();
  return leading;
}

std::unique_ptr<DocumentStream> Pipeline::attach(std::unique_ptr<DocumentStream> source,
                                                 Done done) const {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = *stages_[i];
    if (done.match && i == 0 && stage.match() != nullptr) continue;
    if (done.sort && i <= 1 && stage.sort() != nullptr) {
      done.sort = false;  // only the leading one
      continue;
    }
    source = stage.attach(std::move(source));
  }
  return source;
}

}  // namespace quern::query
