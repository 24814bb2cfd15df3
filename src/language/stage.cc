// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/stage.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <unordered_map>

#include "bson/strict_reader.h"
#include "language/variable.h"

namespace quern::language {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;

constexpr std::size_t kMaxStages = 1000;
constexpr auto kFailedToParse = static_cast<std::int32_t>(ErrorCode::kFailedToParse);

constexpr std::array<std::string_view, kStageCount> kNames = {
    "$addFields",
    "$bucket",
    "$bucketAuto",
    "$changeStream",
    "$changeStreamSplitLargeEvent",
    "$collStats",
    "$count",
    "$currentOp",
    "$densify",
    "$documents",
    "$facet",
    "$fill",
    "$geoNear",
    "$graphLookup",
    "$group",
    "$indexStats",
    "$limit",
    "$listLocalSessions",
    "$listSampledQueries",
    "$listSearchIndexes",
    "$listSessions",
    "$lookup",
    "$match",
    "$merge",
    "$out",
    "$planCacheStats",
    "$project",
    "$querySettings",
    "$queryStats",
    "$rankFusion",
    "$redact",
    "$replaceRoot",
    "$replaceWith",
    "$sample",
    "$scoreFusion",
    "$search",
    "$searchMeta",
    "$set",
    "$setWindowFields",
    "$shardedDataDistribution",
    "$skip",
    "$sort",
    "$sortByCount",
    "$unionWith",
    "$unset",
    "$unwind",
    "$vectorSearch",
};

[[noreturn]] void fail(std::int32_t code, const std::string& text) { throw Error(code, text); }

// The codes for a specification that is no document, an option that is unknown or of a wrong type,
// and one that is missing.
struct Codes {
  std::int32_t not_document = kFailedToParse;
  std::int32_t unknown = kFailedToParse;
  std::int32_t wrong_type = kFailedToParse;
  std::int32_t missing = kFailedToParse;
};

// The options of a stage.
class Options : public bson::StrictReader {
 public:
  Options(const Element& operation, std::initializer_list<std::string_view> known,
          const Codes& codes)
      : StrictReader(document_of(operation, codes.not_document), operation.key(), known,
                     faults_of(codes)) {}

  std::string_view required_string(std::string_view name) const {
    return string_of(required(name));
  }
  std::optional<std::string_view> string(std::string_view name) const {
    const Element option = (*this)[name];
    if (!option) return std::nullopt;
    return string_of(option);
  }
  std::optional<View> document(std::string_view name) const {
    const Element option = (*this)[name];
    if (!option) return std::nullopt;
    if (!option.is_document()) wrong_type(option, "object");
    return option.as_document();
  }
  std::optional<PipelineSpec> pipeline(std::string_view name) const {
    const Element option = (*this)[name];
    if (!option) return std::nullopt;
    if (!option.is_array()) wrong_type(option, "array");
    return parse_pipeline(option.as_array());
  }
  Expression required_expression(std::string_view name) const {
    return parse_expression(required(name));
  }
  Expression expression(std::string_view name) const {  // absent like the option
    const Element option = (*this)[name];
    return option ? parse_expression(option) : Expression();
  }
  std::vector<Field> variables(std::string_view name) const {
    const View values = document(name).value_or(View());
    bson::require_distinct(values, name);
    std::vector<Field> variables;
    for (const Element& variable : values) {
      check_variable_name(variable.key());
      variables.push_back({variable.key(), parse_expression(variable)});
    }
    return variables;
  }

  static View document_of(const Element& operation, std::int32_t code) {
    if (operation.is_document()) return operation.as_document();
    fail(code, fmt::format("the {} specification must be an object, not a value of type '{}'",
                           operation.key(), bson::alias(operation.type())));
  }

 private:
  static bson::MemberFaults faults_of(const Codes& codes) {
    bson::MemberFaults faults;
    faults.unknown.code = codes.unknown;
    faults.wrong_type.code = codes.wrong_type;
    faults.missing.code = codes.missing;
    return faults;
  }
  std::string_view string_of(const Element& option) const {
    if (!option.is_string()) wrong_type(option, "string");
    return option.as_string();
  }
};

UnsetSpec parse_unset(const Element& operation) {
  UnsetSpec spec;
  const auto add = [&](const Element& path, std::int32_t code) {
    if (!path.is_string()) fail(code, "$unset takes a path or an array of paths, all strings");
    spec.paths.push_back(path.as_string());
  };
  if (!operation.is_array()) {
    add(operation, 31002);
    return spec;
  }
  for (const Element& path : operation.as_array()) add(path, 31120);
  if (spec.paths.empty()) fail(31119, "$unset takes at least one path");
  return spec;
}

SortSpec parse_sort(const Element& operation) {
  const View pattern = Options::document_of(operation, 15973);
  if (pattern.empty()) fail(15976, "$sort stage must have at least one sort key");
  return {pattern};
}

std::int64_t count_of(const Element& operation, std::int64_t least, std::int32_t code) {
  const auto count = operation.whole_number();
  if (count && *count >= least) return *count;
  fail(code, fmt::format("invalid argument to {0} stage: Expected a {1} number in: {0}",
                         operation.key(), least == 0 ? "non-negative" : "positive"));
}

LimitSpec parse_limit(const Element& operation) {
  if (operation.whole_number() == 0) fail(15958, "the limit must be positive");
  return {count_of(operation, 1, 5107201)};
}

SampleSpec parse_sample(const Element& operation) {
  const Options options(operation, {"size"}, {28745, 28748, 28746, 28749});
  const Element size = options.required("size");
  if (!size.is_number()) options.wrong_type(size, "number");
  return {size};
}

CountSpec parse_count(const Element& operation) {
  if (!operation.is_string()) fail(40156, "the count field must be a non-empty string");
  const std::string_view field = operation.as_string();
  if (field.empty()) fail(40157, "the count field must be a non-empty string");
  if (field.front() == '$') fail(40158, "the count field cannot be a $-prefixed path");
  if (field.find('\0') != field.npos) fail(40159, "the count field cannot contain a null byte");
  if (field.find('.') != field.npos) fail(40160, "the count field cannot contain '.'");
  return {field};
}

AccumulatorSpec parse_field(const Element& field) {
  const std::string_view name = field.key();
  if (name.find('.') != name.npos) {
    fail(40235, fmt::format("The field name '{}' cannot contain '.'", name));
  }
  if (name.starts_with('$')) {
    fail(40236, fmt::format("The field name '{}' cannot be an operator name", name));
  }
  if (!field.is_document() || !field.as_document().front().key().starts_with('$')) {
    fail(40234, fmt::format("The field '{}' must be an accumulator object", name));
  }
  if (field.as_document().count() != 1) {
    fail(40238, fmt::format("The field '{}' must specify one accumulator", name));
  }
  return {name, parse_accumulator(field.as_document().front())};
}

GroupSpec parse_group(const Element& operation) {
  const View document = Options::document_of(operation, 15947);
  bson::require_distinct(document, operation.key());
  const Element id = document["_id"];
  if (!id) fail(15955, "a group specification must include an _id");
  GroupSpec spec{parse_expression(id), {}};
  for (const Element& field : document) {
    if (field.key() != "_id") spec.fields.push_back(parse_field(field));
  }
  return spec;
}

SortByCountSpec parse_sort_by_count(const Element& operation) {
  const bool path = operation.is_string() && operation.as_string().starts_with('$');
  const bool computed =
      operation.is_document() && operation.as_document().front().key().starts_with('$');
  if (path || computed) return {parse_expression(operation)};
  fail(operation.is_string()     ? 40148
       : operation.is_document() ? 40147
                                 : 40149,
       "the sortByCount field must be defined as a $-prefixed path or an expression inside an "
       "object");
}

std::optional<std::vector<AccumulatorSpec>> parse_output(const Options& options,
                                                         std::int32_t code) {
  const Element output = options["output"];
  if (!output) return std::nullopt;
  if (!output.is_document()) fail(code, "The output of a bucket must be a document");
  bson::require_distinct(output.as_document(), output.key());
  std::vector<AccumulatorSpec> fields;
  for (const Element& field : output.as_document()) fields.push_back(parse_field(field));
  return fields;
}

BucketSpec parse_bucket(const Element& operation) {
  const Options options(operation, {"groupBy", "boundaries", "default", "output"},
                        {40201, 40197, 40200, 40198});
  return {options.required_expression("groupBy"), options.required_expression("boundaries"),
          options.expression("default"), parse_output(options, 40196)};
}

BucketAutoSpec parse_bucket_auto(const Element& operation) {
  const Options options(operation, {"groupBy", "buckets", "granularity", "output"},
                        {40240, 40245, 40241, 40246});
  const Element buckets = options.required("buckets");
  if (!buckets.is_number()) options.wrong_type(buckets, "number");
  return {options.required_expression("groupBy"), buckets, options["granularity"],
          parse_output(options, 40244)};
}

std::string_view unwound_path(const Element& path) {
  if (!path.is_string()) {
    fail(28808, fmt::format("expected a string as the path for $unwind stage, got {}",
                            bson::alias(path.type())));
  }
  const std::string_view text = path.as_string();
  if (text.empty()) fail(28812, "no path specified to $unwind stage");
  if (text.front() != '$') {
    fail(28818,
         fmt::format("path option to $unwind stage should be prefixed with a '$': {}", text));
  }
  return text.substr(1);
}

UnwindSpec parse_unwind(const Element& operation) {
  if (operation.is_string()) return {unwound_path(operation), std::nullopt};
  const Options options(operation, {"path", "includeArrayIndex", "preserveNullAndEmptyArrays"},
                        {15981, 28811, 28809, 28812});
  UnwindSpec spec{unwound_path(options.required("path")), std::nullopt};
  if (const Element index = options["includeArrayIndex"]) {
    if (!index.is_string() || index.as_string().empty()) {
      fail(28810, "expected a non-empty string for the includeArrayIndex option to $unwind stage");
    }
    if (index.as_string().starts_with('$')) {
      fail(28822, "includeArrayIndex option to $unwind stage should not be prefixed with a '$'");
    }
    spec.index = index.as_string();
  }
  if (const Element keep = options["preserveNullAndEmptyArrays"]) {
    if (keep.type() != bson::Type::kBool) options.wrong_type(keep, "bool");
    spec.keeps_empty = keep.as_bool();
  }
  return spec;
}

ReplaceRootSpec parse_replace_root(const Element& operation) {
  const Options options(operation, {"newRoot"}, {40229, 40415, 40229, 40231});
  return {options.required_expression("newRoot")};
}

LookupSpec parse_lookup(const Element& operation) {
  const Options options(operation, {"from", "as", "localField", "foreignField", "let", "pipeline"},
                        {});
  LookupSpec spec;
  spec.from = options.string("from");
  spec.as = options.required_string("as");
  spec.local_field = options.string("localField");
  spec.foreign_field = options.string("foreignField");
  spec.let = options.variables("let");
  spec.stages = options["pipeline"];
  spec.pipeline = options.pipeline("pipeline");
  if (spec.as.empty() || spec.from == "") {
    fail(kFailedToParse, "'from' and 'as' of a $lookup must not be empty");
  }
  if (spec.local_field.has_value() != spec.foreign_field.has_value()) {
    fail(kFailedToParse, "$lookup requires both 'localField' and 'foreignField', or neither");
  }
  return spec;
}

GraphLookupSpec parse_graph_lookup(const Element& operation) {
  const Options options(operation,
                        {"from", "as", "startWith", "connectFromField", "connectToField",
                         "maxDepth", "depthField", "restrictSearchWithMatch"},
                        {40327, 40104, 40103, 40105});
  GraphLookupSpec spec;
  spec.from = options.required_string("from");
  spec.as = options.required_string("as");
  spec.start_with = options.required_expression("startWith");
  spec.connect_from = options.required_string("connectFromField");
  spec.connect_to = options.required_string("connectToField");
  spec.max_depth = options["maxDepth"];
  if (spec.max_depth && !spec.max_depth.is_number()) options.wrong_type(spec.max_depth, "number");
  spec.depth_field = options.string("depthField");
  spec.restriction = options.document("restrictSearchWithMatch");
  return spec;
}

UnionWithSpec parse_union_with(const Element& operation) {
  if (operation.is_string()) return {operation.as_string(), std::nullopt};
  const Options options(operation, {"coll", "pipeline"}, {});
  UnionWithSpec spec{options.string("coll"), options.pipeline("pipeline")};
  if (!spec.collection && !spec.pipeline) options.missing("coll");
  return spec;
}

FacetSpec parse_facet(const Element& operation) {
  const View outputs = Options::document_of(operation, 40169);
  if (outputs.empty()) fail(40169, "the $facet specification must be a non-empty object");
  bson::require_distinct(outputs, operation.key());
  FacetSpec spec;
  for (const Element& output : outputs) {
    const std::string_view name = output.key();
    if (name.empty() || name.front() == '$' || name.find('.') != name.npos) {
      fail(40170, "the names of $facet's outputs can't be empty, begin with '$' or contain '.'");
    }
    if (!output.is_array()) {
      fail(40171, fmt::format("arguments to $facet must be arrays, {} is type {}", name,
                              bson::alias(output.type())));
    }
    spec.outputs.push_back({name, output.as_array(), parse_pipeline(output.as_array())});
    for (const StageSpec& stage : spec.outputs.back().pipeline) {
      if (stage.id == StageId::kFacet) {
        fail(40600, "$facet is not allowed to be used within a $facet stage");
      }
    }
  }
  return spec;
}

// "collection" or {db: "database", coll: "collection"}
OutputCollection output_collection(const Element& target, std::string_view stage,
                                   std::initializer_list<std::string_view> known) {
  if (target.is_string()) return {std::nullopt, target.as_string()};
  const Options options(Element(stage, target), known, {});
  return {options.string("db"), options.required_string("coll")};
}

MergeSpec parse_merge(const Element& operation) {
  if (operation.is_string()) return {{std::nullopt, operation.as_string()}, std::nullopt};
  const Options options(operation, {"into", "on", "let", "whenMatched", "whenNotMatched"}, {});
  options.variables("let");
  MergeSpec spec{output_collection(options.required("into"), "$merge.into", {"db", "coll"}),
                 std::nullopt};
  if (options["whenMatched"].is_array()) spec.when_matched = options.pipeline("whenMatched");
  return spec;
}

GeoNearSpec parse_geo_near(const Element& operation) {
  const Options options(operation,
                        {"near", "distanceField", "key", "query", "includeLocs", "spherical",
                         "minDistance", "maxDistance", "distanceMultiplier"},
                        {10065, 40415, 10065, 10065});
  GeoNearSpec spec;
  spec.near = options["near"];
  spec.distance_field = options.string("distanceField");
  spec.include_locations = options.string("includeLocs");
  spec.key = options.string("key");
  spec.query = options.document("query");
  return spec;
}

CollStatsSpec parse_coll_stats(const Element& operation) {
  const Options options(operation, {"latencyStats", "storageStats", "count", "queryExecStats"},
                        {5447000, 40415, 40415, 40415});
  for (const Element& option : options.view())
    Options(option, {"histograms", "scale"}, {14, 40415});
  return {};
}

FusionSpec parse_fusion(const Element& operation) {
  const Options options(operation, {"input", "combination", "scoreDetails"}, {});
  const Element input = options.required("input");
  const Options inputs(Element(operation.key(), input), {"pipelines", "normalization"}, {});
  const Element pipelines = inputs.required("pipelines");
  if (!pipelines.is_document()) inputs.wrong_type(pipelines, "object");
  bson::require_distinct(pipelines.as_document(), pipelines.key());
  FusionSpec spec;
  for (const Element& pipeline : pipelines.as_document()) {
    if (!pipeline.is_array()) inputs.wrong_type(pipeline, "array");
    spec.pipelines.push_back(parse_pipeline(pipeline.as_array()));
  }
  return spec;
}

decltype(StageSpec::spec) parse_spec(StageId id, const Element& operation) {
  switch (id) {
    case StageId::kAddFields:
    case StageId::kSet:
      return AddFieldsSpec{Options::document_of(operation, 40272)};
    case StageId::kBucket:
      return parse_bucket(operation);
    case StageId::kBucketAuto:
      return parse_bucket_auto(operation);
    case StageId::kCollStats:
      return parse_coll_stats(operation);
    case StageId::kCount:
      return parse_count(operation);
    case StageId::kFacet:
      return parse_facet(operation);
    case StageId::kGeoNear:
      return parse_geo_near(operation);
    case StageId::kGraphLookup:
      return parse_graph_lookup(operation);
    case StageId::kGroup:
      return parse_group(operation);
    case StageId::kIndexStats:
      Options(operation, {}, {28803, 40415});
      return IndexStatsSpec{};
    case StageId::kLimit:
      return parse_limit(operation);
    case StageId::kLookup:
      return parse_lookup(operation);
    case StageId::kMatch:
      return MatchSpec{Options::document_of(operation, 15959)};
    case StageId::kMerge:
      return parse_merge(operation);
    case StageId::kOut:
      return OutSpec{output_collection(operation, "$out", {"db", "coll", "timeseries"})};
    case StageId::kProject:
      return ProjectSpec{Options::document_of(operation, 15969)};
    case StageId::kRankFusion:
    case StageId::kScoreFusion:
      return parse_fusion(operation);
    case StageId::kRedact:
      return RedactSpec{parse_expression(operation)};
    case StageId::kReplaceRoot:
      return parse_replace_root(operation);
    case StageId::kReplaceWith:
      return ReplaceRootSpec{parse_expression(operation)};
    case StageId::kSample:
      return parse_sample(operation);
    case StageId::kSkip:
      return SkipSpec{count_of(operation, 0, 5107200)};
    case StageId::kSort:
      return parse_sort(operation);
    case StageId::kSortByCount:
      return parse_sort_by_count(operation);
    case StageId::kUnionWith:
      return parse_union_with(operation);
    case StageId::kUnset:
      return parse_unset(operation);
    case StageId::kUnwind:
      return parse_unwind(operation);
    case StageId::kChangeStream:
    case StageId::kChangeStreamSplitLargeEvent:
    case StageId::kCurrentOp:
    case StageId::kDensify:
    case StageId::kDocuments:
    case StageId::kFill:
    case StageId::kListLocalSessions:
    case StageId::kListSampledQueries:
    case StageId::kListSearchIndexes:
    case StageId::kListSessions:
    case StageId::kPlanCacheStats:
    case StageId::kQuerySettings:
    case StageId::kQueryStats:
    case StageId::kSearch:
    case StageId::kSearchMeta:
    case StageId::kSetWindowFields:
    case StageId::kShardedDataDistribution:
    case StageId::kVectorSearch:
      return OpaqueSpec{};
  }
  return OpaqueSpec{};
}

// Adds the collections that one stage names.
class References {
 public:
  explicit References(std::vector<CollectionReference>& out) : out_(out) {}

  void add(std::span<const StageSpec> pipeline) {
    for (const StageSpec& stage : pipeline) {
      std::visit([this](const auto& spec) { of(spec); }, stage.spec);
    }
  }

 private:
  void of(const LookupSpec& spec) {
    if (spec.from) read(*spec.from);
    if (spec.pipeline) add(*spec.pipeline);
  }
  void of(const GraphLookupSpec& spec) { read(spec.from); }
  void of(const UnionWithSpec& spec) {
    if (spec.collection) read(*spec.collection);
    if (spec.pipeline) add(*spec.pipeline);
  }
  void of(const FacetSpec& spec) {
    for (const FacetSpec::Output& output : spec.outputs) add(output.pipeline);
  }
  void of(const FusionSpec& spec) {
    for (const PipelineSpec& pipeline : spec.pipelines) add(pipeline);
  }
  void of(const MergeSpec& spec) {
    write(spec.into);
    if (spec.when_matched) add(*spec.when_matched);
  }
  void of(const OutSpec& spec) { write(spec.into); }
  // The others name none.
  void of(const MatchSpec&) {}
  void of(const ProjectSpec&) {}
  void of(const AddFieldsSpec&) {}
  void of(const UnsetSpec&) {}
  void of(const SortSpec&) {}
  void of(const LimitSpec&) {}
  void of(const SkipSpec&) {}
  void of(const SampleSpec&) {}
  void of(const CountSpec&) {}
  void of(const GroupSpec&) {}
  void of(const SortByCountSpec&) {}
  void of(const BucketSpec&) {}
  void of(const BucketAutoSpec&) {}
  void of(const UnwindSpec&) {}
  void of(const ReplaceRootSpec&) {}
  void of(const RedactSpec&) {}
  void of(const GeoNearSpec&) {}
  void of(const CollStatsSpec&) {}
  void of(const IndexStatsSpec&) {}
  void of(const OpaqueSpec&) {}

  void read(std::string_view collection) { out_.push_back({std::nullopt, collection}); }
  void write(const OutputCollection& into) {
    out_.push_back({into.database, into.collection, true});
  }

  std::vector<CollectionReference>& out_;
};

}  // namespace

std::string_view name(StageId id) { return kNames[static_cast<std::size_t>(id)]; }

std::optional<StageId> stage_id(std::string_view name) {
  static const auto ids = [] {
    std::unordered_map<std::string_view, StageId> by_name;
    for (std::size_t i = 0; i < kStageCount; ++i) {
      by_name.emplace(kNames[i], static_cast<StageId>(i));
    }
    return by_name;
  }();
  const auto at = ids.find(name);
  if (at == ids.end()) return std::nullopt;
  return at->second;
}

PipelineSpec parse_pipeline(View stages) {
  PipelineSpec pipeline;
  for (const Element& stage : stages) {
    if (!stage.is_document()) {
      throw Error(ErrorCode::kTypeMismatch,
                  "Each element of the 'pipeline' array must be an object");
    }
    if (stage.as_document().count() != 1) {
      fail(40323, "A pipeline stage specification object must contain exactly one field.");
    }
    if (pipeline.size() == kMaxStages) {
      fail(7749501, fmt::format("Pipeline length must be no longer than {} stages", kMaxStages));
    }
    const Element operation = stage.as_document().front();
    const auto id = stage_id(operation.key());
    if (!id) fail(40324, fmt::format("Unrecognized pipeline stage name: '{}'", operation.key()));
    pipeline.push_back({*id, stage.key(), operation, parse_spec(*id, operation)});
  }
  return pipeline;
}

std::vector<CollectionReference> collection_references(std::span<const StageSpec> pipeline) {
  std::vector<CollectionReference> references;
  References(references).add(pipeline);
  return references;
}

}  // namespace quern::language
