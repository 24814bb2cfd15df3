// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/stage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "quern/bson/document.h"
#include "quern/bson/json.h"

namespace quern::language {
namespace {

using ::testing::ElementsAre;

// The code with which a pipeline is refused; 0 when it is read.
std::int32_t code_of(std::string_view stages) {
  const bson::Document document =
      bson::from_json(std::string(R"({"p": )") + std::string(stages) + "}");
  try {
    parse_pipeline(document["p"].as_array());
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

// A well-formed specification of every stage that has options.
constexpr std::string_view kStages[] = {
    R"({"$bucket": {"groupBy": "$p", "boundaries": [0, 5], "default": 1, "output": {"n": {"$sum": 1}}}})",
    R"({"$bucketAuto": {"groupBy": "$p", "buckets": 2, "granularity": "R5", "output": {"n": {"$sum": 1}}}})",
    R"({"$collStats": {"latencyStats": {"histograms": true}, "storageStats": {"scale": 1}}})",
    R"({"$facet": {"a": [{"$match": {}}], "b": [{"$count": "n"}]}})",
    R"({"$geoNear": {"near": [0, 0], "distanceField": "d", "key": "k", "query": {}, "includeLocs": "l", "spherical": true, "minDistance": 0, "maxDistance": 1, "distanceMultiplier": 1}})",
    R"({"$graphLookup": {"from": "a", "as": "b", "startWith": "$p", "connectFromField": "c", "connectToField": "d", "maxDepth": 1, "depthField": "e", "restrictSearchWithMatch": {}}})",
    R"({"$group": {"_id": "$p", "n": {"$sum": 1}, "m": {"$max": "$q"}}})",
    R"({"$lookup": {"from": "a", "as": "b", "localField": "c", "foreignField": "d", "let": {"v": "$p"}, "pipeline": []}})",
    R"({"$merge": {"into": {"db": "a", "coll": "b"}, "on": "_id", "let": {"v": "$p"}, "whenMatched": [{"$set": {"x": 1}}], "whenNotMatched": "insert"}})",
    R"({"$out": {"db": "a", "coll": "b", "timeseries": {}}})",
    R"({"$rankFusion": {"input": {"pipelines": {"a": [{"$match": {}}]}}, "combination": {}, "scoreDetails": true}})",
    R"({"$replaceRoot": {"newRoot": "$p"}})",
    R"({"$sample": {"size": 1}})",
    R"({"$scoreFusion": {"input": {"pipelines": {"a": []}, "normalization": "none"}}})",
    R"({"$unionWith": {"coll": "a", "pipeline": []}})",
    R"({"$unwind": {"path": "$p", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true}})",
};

bson::Document one_stage(bson::View stage) {
  bson::Builder out;
  out.open_array("p").push(stage.as_value()).close();
  return out.finish();
}

bool is_refused(bson::View stage) {
  const bson::Document pipeline = one_stage(stage);
  try {
    parse_pipeline(pipeline["p"].as_array());
    return false;
  } catch (const Error&) {
    return true;
  }
}

// Calls visit with {operator: specification}, with one member of the specification again at its
// end.
template <class Visit>
void for_each_repetition(bson::Element operation, const Visit& visit) {
  for (const bson::Element& member : operation.as_document()) {
    bson::Builder out;
    out.open_document(operation.key()).append_all(operation.as_document()).append(member).close();
    visit(out.finish(), member.key());
  }
}

TEST(Stages, EveryStageHasAName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kStageCount; ++i) {
    const auto id = static_cast<StageId>(i);
    EXPECT_TRUE(name(id).starts_with('$')) << i;
    EXPECT_TRUE(names.insert(name(id)).second) << name(id);
    EXPECT_EQ(stage_id(name(id)), id);
  }
  EXPECT_EQ(stage_id("$frobnicate"), std::nullopt);
  EXPECT_EQ(name(StageId::kAddFields), "$addFields");
  EXPECT_EQ(name(StageId::kVectorSearch), "$vectorSearch");
}

TEST(Stages, NoOptionIsGivenTwice) {
  for (const std::string_view json : kStages) {
    const bson::Document stage = bson::from_json(json);
    EXPECT_FALSE(is_refused(stage)) << json;
    for_each_repetition(stage.view().front(), [](const bson::Document& repeated, auto member) {
      EXPECT_TRUE(is_refused(repeated)) << member << " twice in " << bson::to_json(repeated);
    });
  }
}

TEST(Stages, NoOptionIsUnknown) {
  for (const std::string_view json : kStages) {
    const bson::Document stage = bson::from_json(json);
    const bson::Element operation = stage.view().front();
    if (operation.key() == "$facet") continue;  // its members have any names
    bson::Builder out;
    out.open_document(operation.key()).append_all(operation.as_document()).append("$$", 1).close();
    EXPECT_TRUE(is_refused(out.finish())) << json;
    EXPECT_TRUE(is_refused(bson::doc(operation.key(), 5.5))) << json;
  }
}

TEST(Stages, MalformedOnesHaveTheirCodes) {
  EXPECT_EQ(code_of(R"([5])"), 14);
  EXPECT_EQ(code_of(R"([{}])"), 40323);
  EXPECT_EQ(code_of(R"([{"$match": {}, "$limit": 1}])"), 40323);
  EXPECT_EQ(code_of(R"([{"$frobnicate": {}}])"), 40324);
  EXPECT_EQ(code_of(R"([{"$match": 1}])"), 15959);
  EXPECT_EQ(code_of(R"([{"$project": 1}])"), 15969);
  EXPECT_EQ(code_of(R"([{"$set": 1}])"), 40272);
  EXPECT_EQ(code_of(R"([{"$unset": 1}])"), 31002);
  EXPECT_EQ(code_of(R"([{"$unset": []}])"), 31119);
  EXPECT_EQ(code_of(R"([{"$unset": [1]}])"), 31120);
  EXPECT_EQ(code_of(R"([{"$sort": 1}])"), 15973);
  EXPECT_EQ(code_of(R"([{"$sort": {}}])"), 15976);
  EXPECT_EQ(code_of(R"([{"$limit": 0}])"), 15958);
  EXPECT_EQ(code_of(R"([{"$limit": -1}])"), 5107201);
  EXPECT_EQ(code_of(R"([{"$skip": -1}])"), 5107200);
  EXPECT_EQ(code_of(R"([{"$skip": 0}, {"$limit": 1}])"), 0);
  EXPECT_EQ(code_of(R"([{"$sample": {}}])"), 28749);
  EXPECT_EQ(code_of(R"([{"$sample": {"size": "x"}}])"), 28746);
  EXPECT_EQ(code_of(R"([{"$count": "a.b"}])"), 40160);
  EXPECT_EQ(code_of(R"([{"$count": "$a"}])"), 40158);
  EXPECT_EQ(code_of(R"([{"$group": {"a": {"$sum": 1}}}])"), 15955);
  EXPECT_EQ(code_of(R"([{"$group": {"_id": 1, "$a": {"$sum": 1}}}])"), 40236);
  EXPECT_EQ(code_of(R"([{"$group": {"_id": 1, "a": {"$sum": 1, "$max": 1}}}])"), 40238);
  EXPECT_EQ(code_of(R"([{"$sortByCount": 1}])"), 40149);
  EXPECT_EQ(code_of(R"([{"$sortByCount": "x"}])"), 40148);
  EXPECT_EQ(code_of(R"([{"$sortByCount": {}}])"), 40147);
  EXPECT_EQ(code_of(R"([{"$unwind": "p"}])"), 28818);
  EXPECT_EQ(code_of(R"([{"$unwind": ""}])"), 28812);
  EXPECT_EQ(code_of(R"([{"$unwind": {"path": 1}}])"), 28808);
  EXPECT_EQ(code_of(R"([{"$unwind": {"path": "$p", "preserveNullAndEmptyArrays": 1}}])"), 28809);
  EXPECT_EQ(code_of(R"([{"$unwind": {"path": "$p", "includeArrayIndex": ""}}])"), 28810);
  EXPECT_EQ(code_of(R"([{"$unwind": {"path": "$p", "includeArrayIndex": "$i"}}])"), 28822);
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": "", "as": "x", "pipeline": []}}])"), 9);
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": "a", "as": "", "pipeline": []}}])"), 9);
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": "a", "as": "x", "localField": "y"}}])"), 9);
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": {"db": "a", "coll": "b"}, "as": "x"}}])"), 9);
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": "a", "as": "x", "pipeline": [{"$nope": 1}]}}])"),
            40324);
  EXPECT_EQ(code_of(R"([{"$graphLookup": {"from": "a"}}])"), 40105);
  EXPECT_EQ(code_of(R"([{"$unionWith": {}}])"), 9);
  EXPECT_EQ(code_of(R"([{"$facet": {}}])"), 40169);
  EXPECT_EQ(code_of(R"([{"$facet": {"a.b": []}}])"), 40170);
  EXPECT_EQ(code_of(R"([{"$facet": {"a": 1}}])"), 40171);
  EXPECT_EQ(code_of(R"([{"$facet": {"a": [{"$facet": {"b": []}}]}}])"), 40600);
  EXPECT_EQ(code_of(R"([{"$indexStats": {"x": 1}}])"), 40415);
}

TEST(Stages, AThousandAreAllowed) {
  bson::Builder out;
  out.open_array("p");
  for (int i = 0; i < 1000; ++i) out.push(bson::doc("$limit", 1));
  const bson::Document thousand = bson::Builder(out).close().finish();
  EXPECT_EQ(parse_pipeline(thousand["p"].as_array()).size(), 1000U);
  const bson::Document more = out.push(bson::doc("$limit", 1)).close().finish();
  EXPECT_THROW(parse_pipeline(more["p"].as_array()), Error);
}

TEST(Stages, AreReadAsTypedValues) {
  const bson::Document document = bson::from_json(
      R"({"p": [{"$unwind": {"path": "$a.b", "includeArrayIndex": "i"}},
                {"$lookup": {"from": "x", "as": "y", "localField": "l", "foreignField": "f"}},
                {"$group": {"n": {"$sum": 1}, "_id": "$k"}}, {"$unset": ["a", "b"]}]})");
  const PipelineSpec pipeline = parse_pipeline(document["p"].as_array());
  EXPECT_EQ(pipeline[0].as<UnwindSpec>().path, "a.b");
  EXPECT_EQ(pipeline[0].as<UnwindSpec>().index, "i");
  EXPECT_FALSE(pipeline[0].as<UnwindSpec>().keeps_empty);
  EXPECT_EQ(pipeline[1].as<LookupSpec>().from, "x");
  EXPECT_EQ(pipeline[1].as<LookupSpec>().foreign_field, "f");
  EXPECT_FALSE(pipeline[1].as<LookupSpec>().pipeline);
  EXPECT_EQ(pipeline[2].as<GroupSpec>().id.as<FieldPath>()->path, "k");
  EXPECT_EQ(pipeline[2].as<GroupSpec>().fields[0].field, "n");
  EXPECT_EQ(pipeline[2].as<GroupSpec>().fields[0].call.op->name, "$sum");
  EXPECT_EQ(pipeline[2].as<GroupSpec>().fields[0].call[0].source.as_int32(), 1);
  EXPECT_THAT(pipeline[3].as<UnsetSpec>().paths, ElementsAre("a", "b"));
  EXPECT_EQ(pipeline[3].key, "3");
}

TEST(Stages, ExpressionsInThemAreReadWithThem) {
  constexpr const char* kHolders[] = {
      R"([{{"$bucket": {{"groupBy": {}, "boundaries": [0, 1]}}}}])",
      R"([{{"$bucket": {{"groupBy": 1, "boundaries": {}}}}}])",
      R"([{{"$bucket": {{"groupBy": 1, "boundaries": [0, 1], "default": {}}}}}])",
      R"([{{"$bucket": {{"groupBy": 1, "boundaries": [0, 1], "output": {{"n": {{"$max": {}}}}}}}}}])",
      R"([{{"$bucketAuto": {{"groupBy": {}, "buckets": 2}}}}])",
      R"([{{"$graphLookup": {{"from": "a", "as": "b", "startWith": {}, "connectFromField": "c", "connectToField": "d"}}}}])",
      R"([{{"$group": {{"_id": {}}}}}])",
      R"([{{"$group": {{"_id": 1, "n": {{"$max": {}}}}}}}])",
      R"([{{"$lookup": {{"from": "a", "as": "b", "let": {{"v": {}}}, "pipeline": []}}}}])",
      R"([{{"$merge": {{"into": "a", "let": {{"v": {}}}}}}}])",
      R"([{{"$redact": {}}}])",
      R"([{{"$replaceRoot": {{"newRoot": {}}}}}])",
      R"([{{"$replaceWith": {}}}])",
      R"([{{"$sortByCount": {}}}])",
  };
  for (const char* holder : kHolders) {
    EXPECT_EQ(code_of(fmt::format(fmt::runtime(holder), R"({"$add": ["$p", 1]})")), 0) << holder;
    EXPECT_EQ(code_of(fmt::format(fmt::runtime(holder), R"({"$frobnicate": 1})")), 168) << holder;
  }
  EXPECT_EQ(code_of(R"([{"$lookup": {"from": "a", "as": "b", "let": {"V": 1}, "pipeline": []}}])"),
            16867);
}

TEST(CollectionReferences, AreThoseOfAllStagesAtAnyDepth) {
  const bson::Document document = bson::from_json(
      R"({"p": [{"$lookup": {"from": "a", "as": "x", "pipeline": [{"$unionWith": {"coll": "b", "pipeline": [{"$unionWith": "c"}]}}]}},
                {"$facet": {"f": [{"$graphLookup": {"from": "d", "as": "x", "startWith": 1, "connectFromField": "x", "connectToField": "y"}}]}},
                {"$rankFusion": {"input": {"pipelines": {"q": [{"$unionWith": "e"}]}}}},
                {"$merge": {"into": "f", "whenMatched": [{"$lookup": {"from": "g", "as": "x"}}]}},
                {"$out": {"db": "other", "coll": "h"}}, {"$merge": "i"}]})");
  std::vector<std::string> found;
  for (const CollectionReference& reference :
       collection_references(parse_pipeline(document["p"].as_array()))) {
    found.push_back(std::string(reference.written ? ">" : "") +
                    std::string(reference.database.value_or("")) + "." +
                    std::string(reference.collection));
  }
  EXPECT_THAT(found, ElementsAre(".a", ".b", ".c", ".d", ".e", ">.f", ".g", ">other.h", ">.i"));
}

}  // namespace
}  // namespace quern::language
