// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/canary.h"
#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_analysed;
using testing::expect_pipeline;
using testing::expect_pipeline_refused;
using testing::expect_pipeline_unchanged;
using testing::expect_refused;
using testing::expect_unchanged;

constexpr std::string_view kRemoved = "was removed by an earlier stage";
constexpr std::string_view kConstant = "A constant cannot take the place of the encrypted field";
constexpr std::string_view kReference =
    "Invalid reference to an encrypted field within aggregate expression: ";
constexpr std::string_view kGroup =
    "which is encrypted with the random algorithm or whose encryption properties are not known "
    "until "
    "runtime";

TEST(Pipeline, MatchIsAFilter) {
  expect_pipeline(R"([{"$match": {"ssn": "x"}}, {"$limit": 21}])",
                  R"([{"$match": {"ssn": {"$eq": "find equality ssn x"}}}, {"$limit": 21}])");
  expect_pipeline(R"([{"$match": {"$expr": {"$eq": ["$ssn", "x"]}}}])",
                  R"([{"$match": {"$expr": {"$eq": ["$ssn", "find equality ssn x"]}}}])");
}

TEST(Pipeline, StagesThatKeepDocumentsWholeKeepTheSchema) {
  expect_pipeline(
      R"([{"$sort": {"p": 1}}, {"$skip": 1}, {"$limit": 2}, {"$sample": {"size": 3}}, {"$match": {"ssn": "x"}}])",
      R"([{"$sort": {"p": 1}}, {"$skip": 1}, {"$limit": 2}, {"$sample": {"size": 3}}, {"$match": {"ssn": {"$eq": "find equality ssn x"}}}])");
}

TEST(Pipeline, StagesTakeNothingButTheirOwnOptions) {
  expect_pipeline_refused(R"([{"$limit": "x"}])", "invalid argument to $limit stage");
  expect_pipeline_refused(R"([{"$skip": {"ssn": "x"}}])", "invalid argument to $skip stage");
  expect_pipeline_refused(R"([{"$sort": {"ssn": "x"}}])", "'$sort.ssn' must be a direction");
  expect_pipeline_refused(R"([{"$sample": {"size": 1, "x": 1}}])", "'$sample.x'");
  expect_pipeline_refused(R"([{"$unwind": {"path": "$p", "x": 1}}])", "'$unwind.x'");
  expect_pipeline_refused(R"([{"$match": {}, "$limit": 1}])", "exactly one field");
  expect_pipeline_refused(R"(["x"])", "must be an object");
}

TEST(Pipeline, StagesThatAreNotListedAreRefusedByName) {
  for (const char* name :
       {"$currentOp", "$listSessions", "$listLocalSessions", "$planCacheStats", "$changeStream",
        "$setWindowFields", "$densify", "$fill", "$documents", "$search", "$vectorSearch"}) {
    expect_pipeline_refused(std::string("[{\"") + name + "\": {}}]",
                            std::string("Aggregation stage ") + name +
                                " is not allowed or supported with automatic encryption.");
  }
  for (const char* stage :
       {R"({"$out": "plain"})", R"({"$merge": "plain"})", R"({"$unionWith": "plain"})",
        R"({"$facet": {"x": []}})", R"({"$rankFusion": {"input": {"pipelines": {"x": []}}}})"}) {
    expect_pipeline_refused(std::string("[") + stage + "]",
                            "is not allowed or supported with automatic encryption.");
  }
  expect_pipeline_refused(R"([{"$frobnicate": {}}])", "Unrecognized pipeline stage name");
}

TEST(Project, InclusionAndExclusionPass) {
  expect_pipeline_unchanged(R"([{"$project": {"ssn": 1, "a": 1, "_id": 0}}])");
  expect_pipeline_unchanged(R"([{"$project": {"ssn": 0, "a.b": 0}}])");
  expect_pipeline_unchanged(R"([{"$project": {"a": {"b": 1, "c": true}}}])");
  expect_pipeline_unchanged(R"([{"$project": {"_id": 0, "__safeContent__": 0}}])");
  expect_pipeline_refused(R"([{"$project": {"billing.cc": 1}}])",
                          "which contains an encrypted path prefix.");
}

TEST(Project, IncludedFieldsStayEncryptedAndTheOthersAreGone) {
  expect_pipeline(
      R"([{"$project": {"ssn": 1}}, {"$match": {"ssn": "x"}}])",
      R"([{"$project": {"ssn": 1}}, {"$match": {"ssn": {"$eq": "find equality ssn x"}}}])");
  expect_pipeline_refused(R"([{"$project": {"ssn": 1}}, {"$match": {"a.b": "y"}}])", kRemoved);
  expect_pipeline(
      R"([{"$project": {"a": {"b": 1}}}, {"$match": {"a.b": "y"}}])",
      R"([{"$project": {"a": {"b": 1}}}, {"$match": {"a.b": {"$eq": "find equality a.b y"}}}])");
  expect_pipeline(
      R"([{"$project": {"a.b": 0}}, {"$match": {"ssn": "x"}}])",
      R"([{"$project": {"a.b": 0}}, {"$match": {"ssn": {"$eq": "find equality ssn x"}}}])");
  expect_pipeline_refused(R"([{"$project": {"a.b": 0}}, {"$match": {"a.b": "y"}}])", kRemoved);
}

TEST(Project, TheIdAloneIsAnInclusion) {
  expect_pipeline_refused(R"([{"$project": {"_id": 1}}, {"$match": {"ssn": "x"}}])", kRemoved);
  expect_pipeline(
      R"([{"$project": {"_id": 0}}, {"$match": {"ssn": "x"}}])",
      R"([{"$project": {"_id": 0}}, {"$match": {"ssn": {"$eq": "find equality ssn x"}}}])");
}

TEST(Project, ANumberForAnEncryptedFieldSaysYesOrNo) {
  for (const char* flag : {"0", "1", "1.0", "true", "false"}) {
    expect_pipeline_unchanged(fmt::format(R"([{{"$project": {{"ssn": {}}}}}])", flag));
  }
  for (const char* number : {"2", "-1", "0.5", "4711"}) {
    for (const char* path : {"ssn", "a.b", "a"}) {
      expect_pipeline_refused(fmt::format(R"([{{"$project": {{"{}": {}}}}}])", path, number),
                              "A constant cannot take the place of the encrypted field");
    }
    expect_pipeline_unchanged(fmt::format(R"([{{"$project": {{"p": {}}}}}])", number));
  }
}

TEST(Project, PathsThatCollideAreRefused) {
  expect_pipeline_refused(R"([{"$addFields": {"x": "$ssn", "x.y": "$p"}}])",
                          "Path collision at x.y");
  expect_pipeline_refused(R"([{"$addFields": {"x.b": "$p", "x": "$a"}}])", "Path collision at x.b");
  expect_pipeline_refused(R"([{"$project": {"x": {"y": "$ssn"}, "x.y": "$p"}}])",
                          "Path collision at x.y");
  expect_pipeline_refused(R"([{"$project": {"x": {"y": "$ssn"}, "x.y.z": "$p"}}])",
                          "Path collision at x.y.z");
  expect_pipeline_unchanged(R"([{"$project": {"x": {"y": "$ssn"}, "x.z": "$p", "xy": 1}}])");
}

TEST(Project, RenamedFieldsKeepTheirEncryption) {
  expect_pipeline(
      R"([{"$project": {"x": "$ssn"}}, {"$match": {"x": "v"}}])",
      R"([{"$project": {"x": "$ssn"}}, {"$match": {"x": {"$eq": "find equality ssn v"}}}])");
  expect_pipeline(
      R"([{"$project": {"x": {"y": "$ssn"}}}, {"$match": {"x.y": "v"}}])",
      R"([{"$project": {"x": {"y": "$ssn"}}}, {"$match": {"x.y": {"$eq": "find equality ssn v"}}}])");
  expect_pipeline(
      R"([{"$project": {"x": "$a"}}, {"$match": {"x.b": "v"}}])",
      R"([{"$project": {"x": "$a"}}, {"$match": {"x.b": {"$eq": "find equality a.b v"}}}])");
  expect_pipeline(
      R"([{"$project": {"a.b": "$ssn"}}, {"$match": {"a.b": "v"}}])",
      R"([{"$project": {"a.b": "$ssn"}}, {"$match": {"a.b": {"$eq": "find equality ssn v"}}}])");
}

TEST(Project, ComputedPlainValuesReplaceEncryptedOnesButNotWhatTheirNamesStandFor) {
  expect_pipeline_unchanged(R"([{"$project": {"ssn": "$name"}}, {"$project": {"x": "$ssn"}}])");
  expect_pipeline_refused(R"([{"$project": {"ssn": "$name"}}, {"$match": {"ssn": "x"}}])",
                          kRemoved);
  expect_pipeline_refused(R"([{"$addFields": {"a": "$name"}}, {"$match": {"a.b": "x"}}])",
                          kRemoved);
  expect_pipeline(R"([{"$addFields": {"a": "$name"}}, {"$match": {"a": "x", "a.c": "y"}}])",
                  R"([{"$addFields": {"a": "$name"}}, {"$match": {"$and": [{"a": {"$eq": "x"}},
                      {"a.c": {"$eq": "y"}}]}}])");
}

TEST(Project, ConstantsDoNotTakeThePlaceOfEncryptedFields) {
  for (const char* stage :
       {R"({"$project": {"ssn": "x"}})", R"({"$addFields": {"ssn": {"$literal": "x"}}})",
        R"({"$set": {"a.b": "x"}})", R"({"$set": {"a": {"b": "x"}}})",
        R"({"$addFields": {"a": {"$literal": {"b": "x"}}}})"}) {
    expect_pipeline_refused(std::string("[") + stage + "]", "A constant cannot take the place");
  }
  for (const char* root : {R"({"ssn": "x"})", R"({"p": 1, "a": {"b": "x"}})", R"({"a": "x"})"}) {
    expect_pipeline_refused(std::string(R"([{"$replaceWith": )") + root + "}]",
                            "A constant cannot take the place");
  }
  expect_pipeline_unchanged(R"([{"$project": {"x": {"$literal": 1}}}, {"$limit": 1}])");
}

TEST(Project, NothingComputedWithAConstantTakesThePlaceOfAnEncryptedField) {
  for (const char* stage :
       {R"({"$project": {"ssn": {"$concat": ["x"]}}})",
        R"({"$addFields": {"ssn": {"$cond": ["$p", "x", "$p"]}}})",
        R"({"$addFields": {"ssn": {"$cond": {"if": "$p", "then": "$p", "else": "x"}}}})",
        R"({"$set": {"ssn": {"$switch": {"branches": [{"case": "$p", "then": "x"}]}}}})",
        R"({"$set": {"ssn": {"$let": {"vars": {"v": "x"}, "in": "$$v"}}}})",
        R"({"$addFields": {"a.b": {"$ifNull": ["$p", "x"]}}})",
        R"({"$project": {"ssn": ["x", "$p"]}})",
        R"({"$project": {"billing": {"$mergeObjects": ["$p", {"cc": "x"}]}}})",
        R"({"$addFields": {"a": {"$mergeObjects": ["$p", {"b": "x"}]}}})",
        R"({"$addFields": {"a": {"$mergeObjects": ["$p", {"d": {"e": "x"}}]}}})",
        R"({"$addFields": {"a": {"$mergeObjects": ["$p", {"$literal": {"b": "$x"}}]}}})",
        R"({"$addFields": {"a": {"$setField": {"field": "b", "input": "$p", "value": "x"}}}})",
        R"({"$addFields": {"a": {"$arrayToObject": [[{"k": "b", "v": "x"}]]}}})",
        R"({"$replaceWith": {"$mergeObjects": [{"ssn": "x"}, "$p"]}})",
        R"({"$replaceWith": {"$cond": ["$p", {"a": {"b": {"$toUpper": "x"}}}, "$q"]}})",
        R"({"$replaceRoot": {"newRoot": {"$literal": {"ssn": "$x"}}}})",
        R"({"$group": {"_id": "$p", "ssn": {"$first": "x"}}})",
        R"({"$group": {"_id": "$p", "n": {"$sum": 5}}})",
        R"({"$bucketAuto": {"groupBy": "$p", "buckets": 2, "output": {"ssn": {"$last": "x"}}}})"}) {
    expect_pipeline_refused(std::string("[") + stage + "]", "A constant cannot take the place");
    // Nor of one that an earlier stage took away.
    expect_pipeline_refused(std::string(R"([{"$project": {"p": 1}}, )") + stage + "]",
                            "A constant cannot take the place");
  }
}

TEST(Project, OperandsAndConditionsMayBeConstants) {
  expect_pipeline_unchanged(
      R"([{"$project": {"ssn": {"$cond": [{"$eq": ["$role", "doctor"]}, "$ssn", "$$REMOVE"]}}}])");
  expect_pipeline_unchanged(
      R"([{"$addFields": {"x": {"$substr": ["$p", 0, 3]}, "y": {"$concat": ["$p", "-", "$q"]}}}])");
  expect_pipeline_unchanged(R"([{"$addFields": {"a": {"$mergeObjects": ["$p", {"c": 1}]}}}])");
  expect_pipeline_unchanged(R"([{"$replaceWith": {"$mergeObjects": ["$p", {"k": 1}]}}])");
  expect_pipeline_unchanged(R"([{"$replaceWith": {"ssn": "$ssn", "x": {"ssn": 1}}}])");
  expect_pipeline_unchanged(R"([{"$group": {"_id": "$p", "n": {"$sum": 1}}}])");
}

TEST(RemovedFields, AreNotFilteredByValue) {
  for (const std::string_view removal : testing::kRemovals) {
    for (const char* filter :
         {R"({"ssn": "x"})", R"({"a.b": {"$in": ["x"]}})", R"({"a": {"b": "x"}})",
          R"({"ssn": {"$gt": "x"}})", R"({"ssn": {"$not": {"$eq": "x"}}})",
          R"({"$nor": [{"ssn": {"$regex": "x"}}]})", R"({"ssn": {"$elemMatch": {"$eq": "x"}}})",
          R"({"ssn.y": "x"})", R"({"$expr": {"$eq": ["$ssn", "x"]}})",
          R"({"$expr": {"$in": ["x", ["$a.d.e"]]}})",
          R"({"$expr": {"$eq": [{"$getField": "ssn"}, "x"]}})"}) {
      expect_pipeline_refused(
          fmt::format(R"([{}, {{"$limit": 1}}, {{"$match": {}}}])", removal, filter), "");
    }
    expect_pipeline_refused(fmt::format(R"([{}, {{"$match": {{"ssn": "x"}}}}])", removal),
                            kRemoved);
    expect_pipeline_unchanged(fmt::format(
        R"([{}, {{"$match": {{"ssn": {{"$exists": false}}}}}}, {{"$project": {{"ssn": 1}}}}, {{"$unset": "a.b"}}, {{"$sort": {{"ssn": 1}}}}])",
        removal));
  }
}

TEST(RemovedFields, StayKnownWhateverAStageAssignsToTheirNames) {
  for (const char* stage :
       {R"({"$set": {"ssn": "$$REMOVE"}})", R"({"$project": {"ssn": "$p"}})",
        R"({"$addFields": {"ssn": {"$concat": ["$p", "$q"]}}})",
        R"({"$group": {"_id": "$p", "ssn": {"$first": "$q"}}})", R"({"$count": "ssn"})",
        R"({"$replaceWith": {"ssn": "$p"}})", R"({"$replaceRoot": {"newRoot": {"ssn": "$p"}}})",
        R"({"$unset": "ssn"}, {"$set": {"ssn.x": "$p"}})",
        R"({"$unset": "ssn"}, {"$lookup": {"from": "plain", "as": "ssn", "pipeline": []}})",
        R"({"$unset": "ssn"}, {"$lookup": {"from": "plain", "as": "ssn.x", "pipeline": []}})",
        R"({"$unset": "ssn"}, {"$unwind": {"path": "$p", "includeArrayIndex": "ssn"}})",
        R"({"$unset": "ssn"}, {"$geoNear": {"near": [0, 0], "distanceField": "ssn"}})",
        R"({"$bucketAuto": {"groupBy": "$p", "buckets": 2, "output": {"ssn": {"$max": "$q"}}}})"}) {
    for (const char* filter :
         {R"({"ssn": "x"})", R"({"ssn": {"$gt": "x"}})", R"({"ssn.x": "x"})",
          R"({"$expr": {"$eq": ["$ssn", "x"]}})", R"({"$expr": {"$eq": ["x", "$ssn.x"]}})",
          R"({"$expr": {"$in": ["$ssn", ["x"]]}})", R"({"$expr": {"$in": ["x", "$ssn"]}})",
          R"({"$expr": {"$eq": [{"$cmp": ["$ssn", "x"]}, 0]}})",
          R"({"$expr": {"$regexMatch": {"input": "$ssn", "regex": "x"}}})",
          R"({"$expr": {"$setIsSubset": [["x"], "$ssn"]}})"}) {
      expect_pipeline_refused(fmt::format(R"([{}, {{"$match": {}}}])", stage, filter), kRemoved);
      expect_pipeline_refused(
          fmt::format(R"([{}, {{"$limit": 1}}, {{"$match": {}}}])", stage, filter), kRemoved);
    }
    expect_pipeline_unchanged(
        fmt::format(R"([{}, {{"$match": {{"ssn": {{"$exists": true}}}}}}])", stage));
    // Where the value goes, its name goes.
    for (const char* rename : {R"({"$project": {"x": "$ssn"}})", R"({"$set": {"x": "$ssn"}})",
                               R"({"$group": {"_id": "$p", "x": {"$first": "$ssn"}}})"}) {
      expect_pipeline_refused(fmt::format(R"([{}, {}, {{"$match": {{"x": "x"}}}}])", stage, rename),
                              kRemoved);
    }
  }
  expect_pipeline_refused(
      R"([{"$unset": "ssn"}, {"$bucket": {"groupBy": "$ssn", "boundaries": ["x", "y"]}}])",
      kRemoved);
  expect_pipeline_refused(
      R"([{"$set": {"n": "$q"}}, {"$bucketAuto": {"groupBy": "$n", "buckets": 2}}, {"$match": {"_id.min": 5}}])",
      kRemoved);
  expect_pipeline(
      R"([{"$unset": "ssn"}, {"$set": {"ssn": "$a.b"}}, {"$match": {"ssn": "x"}}])",
      R"([{"$unset": "ssn"}, {"$set": {"ssn": "$a.b"}}, {"$match": {"ssn": {"$eq": "find equality a.b x"}}}])");
}

TEST(Project, ChoicesBetweenFieldsAreUnknownUntilRuntime) {
  const std::string stage = R"({"$addFields": {"x": {"$cond": ["$p", "$ssn", "$a.b"]}}})";
  expect_pipeline_unchanged("[" + stage + "]");
  expect_pipeline_refused("[" + stage + R"(, {"$match": {"x": "v"}}])", "not known until runtime");
  expect_pipeline_refused("[" + stage + R"(, {"$match": {"x.y": {"$exists": true}}}])",
                          "not known until runtime");
  expect_pipeline_refused("[" + stage + R"(, {"$addFields": {"y": {"$type": "$x"}}}])", kReference);
  expect_pipeline_refused("[" + stage + R"(, {"$set": {"x.z": "$p"}}])", "not known until runtime");
  expect_pipeline_refused(
      R"([{"$addFields": {"x": {"$ifNull": ["$ssn", "none"]}}}, {"$match": {"x": "v"}}])",
      "not known until runtime");
  expect_pipeline_refused(R"([{"$addFields": {"x": ["$ssn"]}}, {"$match": {"x": "v"}}])",
                          "fields cannot be encrypted inside arrays");
}

TEST(AddFields, EncryptedValuesAreNotAddedOverEncryptedFields) {
  constexpr std::string_view kText =
      "Cannot add an encrypted field as a prefix of another encrypted field";
  expect_pipeline_refused(R"([{"$addFields": {"ssn": "$ssn"}}, {"$sort": {"ssn": 1}}])", kText);
  expect_pipeline_refused(R"([{"$set": {"a": "$ssn"}}])", kText);
  expect_pipeline_unchanged(R"([{"$addFields": {"_id": "$_id"}}, {"$sort": {"_id": 1}}])");
  expect_pipeline_refused(R"([{"$addFields": {"ssn.x": "$p"}}])",
                          "which contains an encrypted path prefix.");
  expect_pipeline_refused(R"([{"$addFields": {"x": "$ssn"}}, {"$addFields": {"x.y": "$p"}}])",
                          "which contains an encrypted path prefix.");
}

TEST(Unset, DropsFields) {
  expect_pipeline_refused(R"([{"$unset": "ssn"}, {"$match": {"ssn": "x"}}])", kRemoved);
  for (const char* elements : {R"({"x": "secret"})", R"({"$eq": "secret"})", "{}"}) {
    expect_pipeline_refused(
        fmt::format(R"([{{"$unset": "ssn"}}, {{"$match": {{"ssn": {{"$elemMatch": {}}}}}}}])",
                    elements),
        kRemoved);
  }
  expect_pipeline_unchanged(R"([{"$unset": ["ssn", "a"]}])");
  expect_pipeline_refused(R"([{"$unset": "billing.cc"}])", "encrypted path prefix");
  expect_pipeline_refused(R"([{"$unset": {"ssn": "x"}}])", "$unset takes");
}

TEST(Group, KeysAreNeverEncrypted) {
  expect_pipeline_refused(R"([{"$group": {"_id": "$ssn"}}])",
                          std::string("Cannot group on field '_id' ") + std::string(kGroup));
  expect_pipeline_refused(R"([{"$group": {"_id": {"value": "$ssn", "p": "$p"}}}])",
                          std::string("Cannot group on field '_id.value' ") + std::string(kGroup));
  expect_pipeline_refused(R"([{"$group": {"_id": "$a"}}])", "Cannot group on field '_id.b' ");
  expect_pipeline_refused(R"([{"$sortByCount": "$ssn"}])", kGroup);
  expect_pipeline_refused(R"([{"$bucket": {"groupBy": "$ssn", "boundaries": ["a", "b"]}}])",
                          kGroup);
  expect_pipeline_refused(R"([{"$bucketAuto": {"groupBy": "$ssn", "buckets": 2}}])", kGroup);
}

TEST(Group, TheKeyIsJudgedBeforeTheAccumulators) {
  expect_pipeline_refused(
      R"([{"$group": {"avg": {"$avg": "$n"}, "_id": {"_id": "$_id", "value": "$n"}}}])",
      "Cannot group on field '_id.value'");
}

TEST(Group, AccumulatorsDoNotTakeEncryptedFields) {
  for (const char* name : {"$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$addToSet",
                           "$stdDevPop", "$mergeObjects"}) {
    expect_pipeline_refused(
        std::string(R"([{"$group": {"_id": null, "x": {")") + name + R"(": "$n"}}}])",
        std::string("Accumulator '") + name + "' cannot aggregate encrypted fields.");
  }
  expect_pipeline_refused(R"([{"$group": {"_id": null, "x": {"$push": {"y": "$n"}}}}])",
                          "Accumulator '$push' cannot aggregate encrypted fields.");
  expect_pipeline_refused(R"([{"$group": {"_id": null, "x": {"$push": "$$ROOT"}}}])", kReference);
  expect_pipeline_refused(
      R"([{"$group": {"_id": null, "x": {"$top": {"output": "$p", "sortBy": {"ssn": 1}}}}}])",
      "'ssn' is, holds or is inside an encrypted field");
  expect_pipeline_refused(R"([{"$group": {"_id": null, "x": {"$frobnicate": 1}}}])",
                          "unknown group operator '$frobnicate'");
  expect_pipeline_refused(
      R"([{"$group": {"_id": null, "x": {"$accumulator": {"init": "x", "accumulate": "x", "accumulateArgs": [], "merge": "x", "lang": "js"}}}}])",
      "Accumulator '$accumulator' is not understood");
}

TEST(Group, TheOrderOfTopMayNamePlainPathsInDocuments) {
  for (const char* name : {"$top", "$bottom"}) {
    const auto group = [&](std::string_view order) {
      return fmt::format(
          R"([{{"$group": {{"_id": null, "x": {{"{}": {{"output": "$p", "sortBy": {}}}}}}}}}])",
          name, order);
    };
    expect_pipeline_unchanged(group(R"({"p.q": -1, "r": 1})"));
    expect_pipeline_refused(group(R"({"a.b": 1})"),
                            "The sort path 'a.b' is, holds or is inside an encrypted field");
    expect_pipeline_refused(group(R"({"p": "secret"})"), "a direction");
  }
}

TEST(Group, OnlyWhatIsAccumulatedCanTakeThePlaceOfAField) {
  for (const char* accumulator :
       {R"({"$topN": {"n": 3, "sortBy": {"q": 1}, "output": "$q"}})",
        R"({"$firstN": {"n": 3, "input": "$q"}})",
        R"({"$percentile": {"input": "$q", "p": [0.5], "method": "approximate"}})"}) {
    expect_pipeline_unchanged(
        fmt::format(R"([{{"$group": {{"_id": "$p", "n": {}}}}}])", accumulator));
  }
  for (const char* accumulator : {R"({"$topN": {"n": 3, "sortBy": {"q": 1}, "output": "secret"}})",
                                  R"({"$firstN": {"n": 3, "input": "secret"}})"}) {
    expect_pipeline_refused(fmt::format(R"([{{"$group": {{"_id": "$p", "n": {}}}}}])", accumulator),
                            kConstant);
  }
  expect_pipeline_refused(
      R"([{"$group": {"_id": null, "x": {"$firstN": {"n": 3, "input": "$q", "ssn": "x"}}}}])",
      "Unrecognized parameter to $firstN: ssn");
}

TEST(Group, NamesOfRemovedFieldsStayKnownInWhatIsGrouped) {
  for (const char* removal : {R"({"$project": {"p": 1}})", R"({"$sortByCount": "$p"})"}) {
    const std::string group = fmt::format(
        R"([{}, {{"$group": {{"_id": "$$ROOT", "x": {{"$push": "$$ROOT"}}, "y": {{"$first": "$a"}}}}}}])",
        removal);
    expect_pipeline_unchanged(group);
    for (const char* path : {"_id.ssn", "x.ssn", "x.0.a.b", "y.b"}) {
      expect_pipeline_refused(fmt::format(R"({}, {{"$match": {{"{}": "x"}}}}])",
                                          group.substr(0, group.size() - 1), path),
                              kRemoved);
    }
  }
}

TEST(Group, ExpressionsInsideAccumulatorsNameTheField) {
  expect_pipeline_refused(
      R"([{"$group": {"_id": null, "c": {"$sum": {"$switch": {"branches": [{"case": {"$not":
          {"$or": [{"$eq": [{"$type": "$n"}, "missing"]}, {"$eq": ["$n", null]}]}}, "then": 1}],
          "default": "$$REMOVE"}}}}}])",
      "Invalid reference to an encrypted field within aggregate expression: n");
}

TEST(Group, PlainGroupsPassAndTheirOutputIsPlain) {
  expect_pipeline(
      R"([{"$match": {"ssn": "x"}}, {"$group": {"_id": "$p", "n": {"$sum": 1}, "x": {"$first": "$a.c"}}}, {"$match": {"x": "y"}}])",
      R"([{"$match": {"ssn": {"$eq": "find equality ssn x"}}}, {"$group": {"_id": "$p", "n": {"$sum": 1}, "x": {"$first": "$a.c"}}}, {"$match": {"x": {"$eq": "y"}}}])");
  expect_pipeline_unchanged(R"([{"$sortByCount": "$p"}])");
  expect_pipeline_unchanged(
      R"([{"$bucket": {"groupBy": "$p", "boundaries": [0, 5], "default": "other", "output": {"n": {"$sum": 1}}}}])");
  expect_pipeline_unchanged(R"([{"$bucketAuto": {"groupBy": "$p", "buckets": 4}}])");
  expect_pipeline_unchanged(R"([{"$count": "n"}])");
}

TEST(Stages, StatisticsHaveNoEncryptedFields) {
  expect_pipeline_refused(R"([{"$collStats": {}}, {"$match": {"ssn": "x"}}])", kRemoved);
  expect_pipeline_unchanged(
      R"([{"$collStats": {"latencyStats": {"histograms": true}, "storageStats": {"scale": 1024}, "count": {}}}])");
  expect_pipeline_unchanged(R"([{"$indexStats": {}}])");
}

TEST(Stages, OptionsOfStatisticsThatAreNotKnownAreRefused) {
  expect_pipeline_refused(R"([{"$collStats": {"ssn": "x"}}])", "'$collStats.ssn'");
  expect_pipeline_refused(R"([{"$collStats": {"latencyStats": {"ssn": "x"}}}])",
                          "'latencyStats.ssn'");
  expect_pipeline_refused(R"([{"$indexStats": {"ssn": "x"}}])", "'$indexStats.ssn'");
}

TEST(Stages, ReplaceRootMakesASubdocumentTheDocument) {
  expect_pipeline(
      R"([{"$replaceRoot": {"newRoot": "$a"}}, {"$match": {"b": "x"}}])",
      R"([{"$replaceRoot": {"newRoot": "$a"}}, {"$match": {"b": {"$eq": "find equality a.b x"}}}])");
  expect_pipeline(
      R"([{"$replaceWith": {"y": "$ssn"}}, {"$match": {"y": "x"}}])",
      R"([{"$replaceWith": {"y": "$ssn"}}, {"$match": {"y": {"$eq": "find equality ssn x"}}}])");
  expect_pipeline(R"([{"$replaceWith": "$p"}, {"$match": {"x": "x"}}])",
                  R"([{"$replaceWith": "$p"}, {"$match": {"x": {"$eq": "x"}}}])");
  expect_pipeline_refused(R"([{"$replaceWith": "$p"}, {"$match": {"ssn": "x"}}])", kRemoved);
  expect_pipeline_refused(R"([{"$replaceWith": "$ssn"}])", kReference);
  expect_pipeline_refused(R"([{"$replaceWith": "$$ROOT"}])", kReference);
  expect_pipeline_refused(R"([{"$replaceWith": {"$cond": ["$p", "$a", "$q"]}}])", kReference);
  expect_pipeline_refused(R"([{"$replaceRoot": {"x": "$a"}}])", "'$replaceRoot.x'");
}

TEST(Stages, UnwindDoesNotTakeEncryptedFields) {
  expect_pipeline_unchanged(R"([{"$unwind": "$p"}])");
  expect_pipeline_unchanged(R"([{"$unwind": {"path": "$p", "includeArrayIndex": "i"}}])");
  expect_pipeline_refused(R"([{"$unwind": "$ssn"}])",
                          "$unwind cannot take the encrypted field 'ssn'");
  expect_pipeline_refused(R"([{"$unwind": "$billing.cc"}])", "$unwind cannot take");
  expect_pipeline_refused(R"([{"$unwind": {"path": "$p", "includeArrayIndex": "ssn"}}])",
                          "includeArrayIndex");
}

TEST(Stages, OtherNamesThatAStageAssignsArePlain) {
  expect_pipeline(
      R"([{"$unwind": {"path": "$p", "includeArrayIndex": "i"}}, {"$match": {"i": 5}}])",
      R"([{"$unwind": {"path": "$p", "includeArrayIndex": "i"}}, {"$match": {"i": {"$eq": 5}}}])");
  expect_pipeline(
      R"([{"$set": {"a.c": "x", "d": "$p"}}, {"$match": {"a.c": "x", "d": 1}}])",
      R"([{"$set": {"a.c": "x", "d": "$p"}}, {"$match": {"$and": [{"a.c": {"$eq": "x"}}, {"d": {"$eq": 1}}]}}])");
  expect_pipeline_refused(
      R"([{"$unset": "n"}, {"$geoNear": {"near": [0, 0], "distanceField": "x", "key": "n"}}, {"$match": {"n": 5}}])",
      kRemoved);
}

TEST(Stages, RedactMeetsNoRemovedFieldsAtAnyLevel) {
  expect_pipeline_refused(
      R"([{"$unset": "a"}, {"$redact": {"$cond": [{"$eq": ["$b", "x"]}, "$$PRUNE", "$$DESCEND"]}}])",
      kRemoved);
}

TEST(Stages, RedactKeepsAwayFromEncryptedFieldsAtEveryLevel) {
  expect_pipeline_unchanged(
      R"([{"$redact": {"$cond": [{"$eq": ["$level", 5]}, "$$PRUNE", "$$DESCEND"]}}])");
  expect_pipeline_refused(
      R"([{"$redact": {"$cond": [{"$eq": ["$ssn", "x"]}, "$$PRUNE", "$$KEEP"]}}])",
      "is supported only in a filter");
  expect_pipeline_refused(
      R"([{"$redact": {"$cond": [{"$eq": ["$b", "x"]}, "$$PRUNE", "$$DESCEND"]}}])",
      "is supported only in a filter");
}

TEST(Stages, GeoNearHasAFilter) {
  expect_pipeline(
      R"([{"$geoNear": {"near": [0, 0], "distanceField": "d", "query": {"ssn": "x"}}}])",
      R"([{"$geoNear": {"near": [0, 0], "distanceField": "d", "query": {"ssn": {"$eq": "find equality ssn x"}}}}])");
  expect_pipeline_refused(R"([{"$geoNear": {"near": [0, 0], "distanceField": "d", "key": "ssn"}}])",
                          "'ssn' is, holds or is inside an encrypted field");
  expect_pipeline_refused(R"([{"$geoNear": {"near": [0, 0], "distanceField": "ssn"}}])",
                          "'ssn' is, holds or is inside an encrypted field");
}

TEST(Lookup, ThePipelineIsAnalysedWithTheSchemaOfTheOtherCollection) {
  expect_pipeline(
      R"([{"$lookup": {"from": "other", "as": "o", "pipeline": [{"$match": {"ssn": "x"}}]}}])",
      R"([{"$lookup": {"from": "other", "as": "o", "pipeline": [{"$match": {"ssn": {"$eq": "find equality ssn x"}}}]}}])");
  expect_analysed(
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "c", "as": "o", "pipeline": [{"$match": {"ssn": "x"}}]}}, {"$match": {"ssn": "y"}}], "cursor": {}})",
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "c", "as": "o", "pipeline": [{"$match": {"ssn": {"$eq": "find equality ssn x"}}}]}}, {"$match": {"ssn": {"$eq": "y"}}}], "cursor": {}})");
}

TEST(Lookup, EncryptedElementsCanBeUsedAfterUnwind) {
  const std::string lookup =
      R"({"$lookup": {"from": "other", "as": "o", "localField": "p", "foreignField": "p"}})";
  expect_pipeline(
      "[" + lookup + R"(, {"$unwind": "$o"}, {"$match": {"o.ssn": "x", "o.p": 1}}])",
      "[" + lookup +
          R"(, {"$unwind": "$o"}, {"$match": {"$and": [{"o.ssn": {"$eq": "find equality ssn x"}}, {"o.p": {"$eq": 1}}]}}])");
  expect_pipeline_refused("[" + lookup + R"(, {"$match": {"o.ssn": "x"}}])",
                          "fields cannot be encrypted inside arrays");
  expect_pipeline_refused("[" + lookup + R"(, {"$addFields": {"x": {"$size": "$o"}}}])",
                          kReference);
  expect_pipeline_refused("[" + lookup + R"(, {"$unwind": "$o.q"}])",
                          "fields cannot be encrypted inside arrays");
  // Without its encrypted fields the array is a plain one.
  expect_pipeline_unchanged("[" + lookup +
                            R"(, {"$project": {"o.ssn": 0, "o.a": 0, "o.n": 0, "o.billing": 0,
                                 "o.note": 0, "o.age": 0, "o.title": 0}}, {"$addFields": {"x": {"$size": "$o"}}}])");
}

TEST(Lookup, NamesOfFieldsThatTheSubPipelineRemovedStayKnownInItsArray) {
  for (const char* removal :
       {R"({"$project": {"p": 1}})", R"({"$group": {"_id": "$p"}})",
        R"({"$unset": ["ssn", "n", "a.b", "a.d", "billing", "note", "age", "title"]})"}) {
    const std::string lookup = fmt::format(
        R"([{{"$lookup": {{"from": "other", "as": "o", "pipeline": [{}]}}}}, )", removal);
    for (const char* unwind : {"", R"({"$unwind": "$o"}, )"}) {
      for (const char* stage :
           {R"({"$match": {"o.ssn": "x"}})", R"({"$match": {"o.0.ssn": "x"}})",
            R"({"$match": {"o": {"$elemMatch": {"ssn": "x"}}}})",
            R"({"$match": {"$expr": {"$eq": ["$o.ssn", "x"]}}})",
            R"({"$match": {"$expr": {"$in": [{"ssn": "x"}, "$o"]}}})",
            R"({"$replaceWith": "$o"}, {"$match": {"ssn": "x"}})",
            R"({"$set": {"o.x": "$p"}}, {"$match": {"o.ssn": "x"}})",
            R"({"$project": {"y": "$o"}}, {"$match": {"y.ssn": "x"}})",
            R"({"$project": {"p": 1}}, {"$match": {"o.ssn": "x"}})",
            R"({"$unset": "o"}, {"$match": {"o.ssn": "x"}})",
            R"({"$group": {"_id": 1, "x": {"$push": "$o"}}}, {"$match": {"x.ssn": "x"}})"}) {
        expect_pipeline_refused(lookup + unwind + stage + "]", kRemoved);
      }
      expect_pipeline_refused(lookup + unwind + R"({"$set": {"o.ssn": "x"}}])", kConstant);
    }
    expect_pipeline(
        lookup + R"({"$match": {"o": {"$ne": []}, "o.p": "x"}}])",
        lookup + R"({"$match": {"$and": [{"o": {"$ne": []}}, {"o.p": {"$eq": "x"}}]}}])");
    expect_pipeline(lookup + R"({"$match": {"o": {"$elemMatch": {"p": 1}}}}])",
                    lookup + R"({"$match": {"o": {"$elemMatch": {"p": {"$eq": 1}}}}}])");
    expect_pipeline_unchanged(lookup + R"({"$match": {"$expr": {"$eq": ["$o", []]}}}])");
    expect_pipeline_unchanged(lookup + R"({"$set": {"o.p": 5, "x": {"$size": "$o"}}}])");
    expect_pipeline_unchanged(lookup + R"({"$set": {"o": []}}])");
    expect_pipeline_unchanged(lookup +
                              R"({"$set": {"o": {"$ifNull": [{"$first": "$o"}, null]}}}])");
  }
}

TEST(Lookup, TheJoinIsOverPlainFields) {
  for (const char* fields :
       {R"("localField": "ssn", "foreignField": "p")",
        R"("localField": "p", "foreignField": "ssn")", R"("localField": "a", "foreignField": "p")",
        R"("localField": "billing.cc", "foreignField": "p")"}) {
    expect_pipeline_refused(
        std::string(R"([{"$lookup": {"from": "other", "as": "o", )") + fields + "}}]",
        "is, holds or is inside an encrypted field");
  }
  expect_pipeline_refused(
      R"([{"$lookup": {"from": "other", "as": "ssn", "localField": "p", "foreignField": "p"}}])",
      "$lookup.as 'ssn'");
}

TEST(Lookup, LetIsRefusedAlsoBetweenPlainCollections) {
  constexpr std::string_view kText =
      "Non-empty 'let' field is not allowed in the $lookup aggregation stage over an encrypted "
      "collection.";
  expect_pipeline_refused(
      R"([{"$lookup": {"from": "plain", "as": "o", "let": {"v": "$p"}, "pipeline": []}}])", kText);
  expect_refused(
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "plain2", "as": "o", "let": {"v": "$p"}, "pipeline": []}}], "cursor": {}})",
      kText);
  expect_pipeline_unchanged(
      R"([{"$lookup": {"from": "plain", "as": "o", "let": {}, "pipeline": []}}])");
}

TEST(Lookup, CollectionsWithoutSchemaAreRefused) {
  expect_pipeline_refused(R"([{"$lookup": {"from": "unheard", "as": "o", "pipeline": []}}])",
                          "Missing encryption schema for namespace: db.unheard");
  expect_pipeline_refused(R"([{"$lookup": {"as": "o", "pipeline": []}}])",
                          "$lookup needs a string 'from'");
  expect_pipeline_refused(R"([{"$lookup": {"from": "plain", "as": "o", "x": 1}}])", "'$lookup.x'");
}

TEST(GraphLookup, StaysInItsCollectionAndOnPlainFields) {
  const std::string head = R"([{"$graphLookup": {"as": "g", )";
  expect_pipeline(
      head + R"("from": "c", "startWith": "$p", "connectFromField": "p", "connectToField": "q",
               "restrictSearchWithMatch": {"ssn": "x"}}}])",
      head + R"("from": "c", "startWith": "$p", "connectFromField": "p", "connectToField": "q",
               "restrictSearchWithMatch": {"ssn": {"$eq": "find equality ssn x"}}}}])");
  expect_pipeline_refused(
      head +
          R"("from": "other", "startWith": "$p", "connectFromField": "p", "connectToField": "q"}}])",
      "$graphLookup is supported only from the collection that is aggregated");
  expect_pipeline_refused(
      head +
          R"("from": "c", "startWith": "$ssn", "connectFromField": "p", "connectToField": "q"}}])",
      kReference);
  expect_pipeline_refused(
      head +
          R"("from": "c", "startWith": "$p", "connectFromField": "ssn", "connectToField": "q"}}])",
      "'ssn' is, holds or is inside an encrypted field");
}

// The pipelines that an object mapper sends for its everyday queries.
TEST(Pipeline, CountOverASelfJoinPasses) {
  expect_pipeline_unchanged(
      R"([{"$collStats": {}}, {"$lookup": {"from": "c", "as": "wrapped", "pipeline": [{"$group":
          {"_id": null, "__count": {"$sum": {"$switch": {"branches": [{"case": {"$not": {"$or":
          [{"$eq": [{"$type": {"$literal": true}}, "missing"]}, {"$eq": [{"$literal": true}, null]}]}},
          "then": {"$literal": 1}}], "default": "$$REMOVE"}}}}}]}},
          {"$replaceWith": {"$cond": [{"$eq": ["$wrapped", []]}, {}, {"$first": "$wrapped"}]}},
          {"$project": {"__count": {"$ifNull": ["$__count", 0]}}}])");
}

TEST(Pipeline, JoinsWithASubPipelinePass) {
  expect_pipeline(
      R"([{"$match": {"ssn": "x"}}, {"$lookup": {"from": "other", "as": "matched", "pipeline":
          [{"$match": {"ssn": "y"}}, {"$project": {"_id": 0, "__safeContent__": 0}}]}},
          {"$project": {"_id": 0, "__safeContent__": 0}}])",
      R"([{"$match": {"ssn": {"$eq": "find equality ssn x"}}}, {"$lookup": {"from": "other", "as": "matched", "pipeline":
          [{"$match": {"ssn": {"$eq": "find equality ssn y"}}}, {"$project": {"_id": 0, "__safeContent__": 0}}]}},
          {"$project": {"_id": 0, "__safeContent__": 0}}])");
  expect_unchanged(
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "plain", "pipeline": [{"$match":
          {"name": "Bob"}}], "as": "author", "localField": "author_id", "foreignField": "_id"}},
          {"$unwind": "$author"}, {"$match": {"author.name": "Bob"}}], "cursor": {}})");
}

}  // namespace
}  // namespace quern::analysis
