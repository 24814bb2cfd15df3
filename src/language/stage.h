// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The stages of aggregation pipelines as typed values. A pipeline is read here, once and strictly:
// a stage that does not exist, an option that a stage does not have or that is there twice, a wrong
// type or a missing option throws, with MongoDB's code. Whoever analyses, rewrites or runs a
// pipeline works with these values and never reads an option by its name, so that none of them can
// see another pipeline than the others do.
//
// All values borrow from the pipeline's BSON. Filters and projections in them are as they came.
#ifndef QUERN_LANGUAGE_STAGE_H_
#define QUERN_LANGUAGE_STAGE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "language/expression.h"
#include "quern/bson/view.h"

namespace quern::language {

// Every stage that MongoDB has. Who handles stages does so by a switch without a default, so that
// the compiler names those who do not know a new one.
enum class StageId : std::uint8_t {
  kAddFields,
  kBucket,
  kBucketAuto,
  kChangeStream,
  kChangeStreamSplitLargeEvent,
  kCollStats,
  kCount,
  kCurrentOp,
  kDensify,
  kDocuments,
  kFacet,
  kFill,
  kGeoNear,
  kGraphLookup,
  kGroup,
  kIndexStats,
  kLimit,
  kListLocalSessions,
  kListSampledQueries,
  kListSearchIndexes,
  kListSessions,
  kLookup,
  kMatch,
  kMerge,
  kOut,
  kPlanCacheStats,
  kProject,
  kQuerySettings,
  kQueryStats,
  kRankFusion,
  kRedact,
  kReplaceRoot,
  kReplaceWith,
  kSample,
  kScoreFusion,
  kSearch,
  kSearchMeta,
  kSet,
  kSetWindowFields,
  kShardedDataDistribution,
  kSkip,
  kSort,
  kSortByCount,
  kUnionWith,
  kUnset,
  kUnwind,
  kVectorSearch,
};
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(StageId::kVectorSearch) + 1;

// "$addFields"
std::string_view name(StageId id);
std::optional<StageId> stage_id(std::string_view name);

struct StageSpec;
using PipelineSpec = std::vector<StageSpec>;

struct MatchSpec {
  bson::View filter;
};
struct ProjectSpec {
  bson::View projection;
};
struct AddFieldsSpec {  // $addFields, $set
  bson::View fields;
};
struct UnsetSpec {
  std::vector<std::string_view> paths;  // at least one
};
struct SortSpec {
  bson::View pattern;  // not empty
};
struct LimitSpec {
  std::int64_t count;  // at least 1
};
struct SkipSpec {
  std::int64_t count;  // at least 0
};
struct SampleSpec {
  bson::ValueView size;  // a number
};
struct CountSpec {
  std::string_view field;  // a name without dots
};
// A field of $group, or of the output of a bucket.
struct AccumulatorSpec {
  std::string_view field;  // a name without dots
  Call call;               // of a row of language/accumulators.h
};
struct GroupSpec {
  Expression id;
  std::vector<AccumulatorSpec> fields;  // in their order, each name once
};
struct SortByCountSpec {
  Expression expression;
};
struct BucketSpec {
  Expression group_by;
  Expression boundaries;
  Expression otherwise;                                // the member "default"; may be absent
  std::optional<std::vector<AccumulatorSpec>> output;  // without it documents are counted
};
struct BucketAutoSpec {
  Expression group_by;
  bson::Element buckets;
  bson::Element granularity;  // may be missing
  std::optional<std::vector<AccumulatorSpec>> output;
};
struct UnwindSpec {
  std::string_view path;                  // without the $
  std::optional<std::string_view> index;  // includeArrayIndex
  bool keeps_empty = false;               // preserveNullAndEmptyArrays
};
struct ReplaceRootSpec {  // $replaceRoot, $replaceWith
  Expression new_root;
};
struct RedactSpec {
  Expression expression;
};
struct LookupSpec {
  std::optional<std::string_view> from;  // without it the pipeline starts with $documents
  std::string_view as;
  std::optional<std::string_view> local_field;  // both or neither
  std::optional<std::string_view> foreign_field;
  std::vector<Field> let;
  bson::Element stages;                  // the member "pipeline"; missing like it
  std::optional<PipelineSpec> pipeline;  // needed without fields
};
struct GraphLookupSpec {
  std::string_view from;
  std::string_view as;
  Expression start_with;
  std::string_view connect_from;
  std::string_view connect_to;
  bson::Element max_depth;  // a number, or missing
  std::optional<std::string_view> depth_field;
  std::optional<bson::View> restriction;  // restrictSearchWithMatch
};
struct UnionWithSpec {
  std::optional<std::string_view> collection;  // without it the pipeline starts with $documents
  std::optional<PipelineSpec> pipeline;
};
struct FacetSpec {
  struct Output {
    std::string_view name;
    bson::View stages;
    PipelineSpec pipeline;
  };
  std::vector<Output> outputs;  // at least one
};
// Where $merge and $out write to.
struct OutputCollection {
  std::optional<std::string_view> database;  // that of the command unless given
  std::string_view collection;
};
struct MergeSpec {
  OutputCollection into;
  std::optional<PipelineSpec> when_matched;  // where it is a pipeline
};
struct OutSpec {
  OutputCollection into;
};
struct GeoNearSpec {
  bson::Element near;
  std::optional<std::string_view> distance_field;
  std::optional<std::string_view> include_locations;
  std::optional<std::string_view> key;
  std::optional<bson::View> query;
};
struct CollStatsSpec {};
struct IndexStatsSpec {};
// $rankFusion, $scoreFusion: pipelines over the same collection.
struct FusionSpec {
  std::vector<PipelineSpec> pipelines;
};
// A stage that names no collection, and of which nothing else has to be known here.
struct OpaqueSpec {};

struct StageSpec {
  StageId id;
  std::string_view key;     // its index in the pipeline, as it is written there
  bson::Element operation;  // its name with its specification
  std::variant<MatchSpec, ProjectSpec, AddFieldsSpec, UnsetSpec, SortSpec, LimitSpec, SkipSpec,
               SampleSpec, CountSpec, GroupSpec, SortByCountSpec, BucketSpec, BucketAutoSpec,
               UnwindSpec, ReplaceRootSpec, RedactSpec, LookupSpec, GraphLookupSpec, UnionWithSpec,
               FacetSpec, MergeSpec, OutSpec, GeoNearSpec, CollStatsSpec, IndexStatsSpec,
               FusionSpec, OpaqueSpec>
      spec;

  template <class Spec>
  const Spec& as() const {
    return std::get<Spec>(spec);
  }
};

// Reads a pipeline with all that are nested in it. 40324 for a stage that does not exist, 40323 for
// one that is not one member, 7749501 for more than a thousand of them; the codes of the stages.
PipelineSpec parse_pipeline(bson::View stages);

// A collection that a pipeline reads or writes beside the one that it runs on.
struct CollectionReference {
  std::optional<std::string_view> database;  // that of the command unless given
  std::string_view collection;
  bool written = false;
};
// All of them, in the order in which they stand, nested pipelines included; some may be there more
// than once.
std::vector<CollectionReference> collection_references(std::span<const StageSpec> pipeline);

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_STAGE_H_
