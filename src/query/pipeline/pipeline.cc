// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/pipeline.h"

#include <algorithm>

#include "quern/base/error.h"
#include "query/pipeline/stage.h"

namespace quern::query {
namespace {

struct StageLine {
  std::string_view name;
  StageParser parse;
};
constexpr StageLine kStages[] = {
    {"$match", parse_match_stage},
    {"$project", parse_project_stage},
    {"$addFields", parse_add_fields_stage},
    {"$set", parse_add_fields_stage},
    {"$unset", parse_unset_stage},
    {"$sort", parse_sort_stage},
    {"$limit", parse_limit_stage},
    {"$skip", parse_skip_stage},
    {"$count", parse_count_stage},
    {"$replaceRoot", parse_replace_root_stage},
    {"$replaceWith", parse_replace_with_stage},
    {"$group", parse_group_stage},
    {"$sortByCount", parse_sort_by_count_stage},
    {"$unwind", parse_unwind_stage},
    {"$lookup", parse_lookup_stage},
    {"$facet", parse_facet_stage},
};

// Stages that MongoDB has and this engine doesn't.
constexpr std::string_view kRefused[] = {
    "$bucket",    "$bucketAuto", "$changeStream",    "$collStats",   "$densify",
    "$documents", "$fill",       "$geoNear",         "$graphLookup", "$indexStats",
    "$merge",     "$out",        "$planCacheStats",  "$redact",      "$sample",
    "$search",    "$searchMeta", "$setWindowFields", "$unionWith",   "$vectorSearch",
};

constexpr std::size_t kMaxStages = 1000;

StagePtr parse_stage(const bson::Element& spec, const PipelineContext& context) {
  for (const StageLine& line : kStages) {
    if (line.name == spec.key()) return line.parse(spec, context);
  }
  for (const std::string_view name : kRefused) {
    if (name == spec.key()) {
      throw Error(40324,
                  "the pipeline stage " + std::string(name) + " is not supported by this engine");
    }
  }
  throw Error(40324, "Unrecognized pipeline stage name: '" + std::string(spec.key()) + "'");
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

Pipeline Pipeline::parse(bson::View array, const PipelineContext& context,
                         std::optional<Matcher> first) {
  std::vector<StagePtr> stages;
  if (first) stages.push_back(std::make_unique<MatchStage>(std::move(*first)));
  for (const bson::Element& member : array) {
    if (!member.is_document()) {
      throw Error(ErrorCode::kTypeMismatch,
                  "Each element of the 'pipeline' array must be an object");
    }
    if (member.as_document().count() != 1) {
      throw Error(40323, "A pipeline stage specification object must contain exactly one field.");
    }
    if (stages.size() == kMaxStages) {
      throw Error(7749501, "Pipeline length must be no longer than " + std::to_string(kMaxStages) +
                               " stages");
    }
    stages.push_back(parse_stage(member.as_document().front(), context));
  }
  limit_sorts(stages);
  Pipeline pipeline;
  for (StagePtr& stage : stages) {
    std::vector<std::string> joined;
    stage->joined(joined);
    for (std::string& name : joined) {
      if (std::find(pipeline.joined_.begin(), pipeline.joined_.end(), name) ==
          pipeline.joined_.end()) {
        pipeline.joined_.push_back(std::move(name));
      }
    }
    pipeline.stages_.push_back(std::move(stage));
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
