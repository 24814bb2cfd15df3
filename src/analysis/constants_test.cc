// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/constants.h"

#include <fmt/format.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using namespace testing;

constexpr std::string_view kConstant = "A constant cannot take the place of the encrypted field";

void expect_refused_roots(std::initializer_list<const char*> roots) {
  for (const char* root : roots) {
    expect_pipeline_refused(fmt::format(R"([{{"$replaceWith": {}}}])", root), kConstant);
  }
}

void expect_accepted_roots(std::initializer_list<const char*> roots) {
  for (const char* root : roots) {
    expect_pipeline_unchanged(fmt::format(R"([{{"$replaceWith": {}}}])", root));
  }
}

TEST(Constants, AVariableOfTheCommandIsOne) {
  expect_refused(R"({"find": "c", "let": {"v": "secret"}, "projection": {"ssn": "$$v"}})",
                 kConstant);
  for (const char* stage :
       {R"({"$set": {"ssn": "$$v"}})", R"({"$set": {"a": {"b": "$$v"}}})",
        R"({"$replaceWith": "$$v"})", R"({"$replaceWith": {"$mergeObjects": ["$p", "$$v"]}})",
        R"({"$replaceWith": "$$v.x"})", R"({"$group": {"_id": 1, "ssn": {"$first": "$$v"}}})",
        R"({"$unset": "ssn"}, {"$set": {"ssn": "$$v"}})"}) {
    expect_refused(
        fmt::format(R"({{"aggregate": "c", "cursor": {{}}, "let": {{"v": 1}}, "pipeline": [{}]}})",
                    stage),
        kConstant);
  }
  expect_unchanged(
      R"({"aggregate": "c", "cursor": {}, "let": {"v": 1}, "pipeline": [{"$set": {"p": "$$v"}}]})");
}

TEST(Constants, AVariableThatIsBoundToOneIsOne) {
  expect_pipeline_refused(
      R"([{"$set": {"a": {"$let": {"vars": {"v": "secret"}, "in": {"b": "$$v"}}}}}])", kConstant);
  expect_refused_roots({
      R"({"$let": {"vars": {"v": "secret"}, "in": {"ssn": "$$v"}}})",
      R"({"$let": {"vars": {"v": {"ssn": "secret"}}, "in": "$$v"}})",
      R"({"$let": {"vars": {"v": {"$concat": ["$p", "x"]}}, "in": {"ssn": "$$v"}}})",
      R"({"$let": {"vars": {"v": "secret"}, "in": {"$let": {"vars": {"w": "$$v"},
          "in": {"ssn": "$$w"}}}}})",
      R"({"$first": {"$map": {"input": ["secret"], "as": "v", "in": {"ssn": "$$v"}}}})",
      R"({"$first": {"$map": {"input": ["secret"], "in": {"ssn": "$$this"}}}})",
      R"({"$first": {"$filter": {"input": [{"ssn": "secret"}], "cond": true}}})",
      R"({"$reduce": {"input": "$p", "initialValue": {"ssn": "secret"}, "in": "$$value"}})",
      R"({"$reduce": {"input": "$p", "initialValue": "$q",
          "in": {"ssn": "$$value.k", "k": "secret"}}})",
  });
}

TEST(Constants, AVariableThatIsBoundToSomethingElseIsNone) {
  expect_pipeline_unchanged(
      R"([{"$set": {"ssn": {"$let": {"vars": {"v": "$p", "w": 5}, "in": "$$v"}}}}])");
  expect_pipeline_unchanged(R"([{"$set": {"ssn": "$$NOW"}}])");
  expect_pipeline_unchanged(R"([{"$set": {"ssn": {"$cond": ["$p", "$q", "$$REMOVE"]}}}])");
  expect_pipeline_unchanged(
      R"([{"$set": {"ssn": {"$map": {"input": "$p", "as": "v", "in": "$$v.x"}}}}])");
  expect_pipeline_unchanged(
      R"([{"$set": {"ssn": {"$filter": {"input": "$p", "cond": {"$eq": ["$$this.x", 5]}}}}}])");
  expect_accepted_roots({
      R"({"$let": {"vars": {"v": "$p"}, "in": {"ssn": "$$v"}}})",
      R"({"$let": {"vars": {"v": "$p"}, "in": "$$v"}})",
      R"({"$let": {"vars": {"v": 5}, "in": {"$let": {"vars": {"v": "$p"}, "in": "$$v"}}}})",
      R"({"$reduce": {"input": "$p", "initialValue": {},
          "in": {"$mergeObjects": ["$$value", "$$this"]}}})",
  });
}

TEST(Constants, AValueBesideItsNameIsThatOfTheField) {
  for (const char* document : {
           R"({"$setField": {"field": "b", "input": "$p", "value": "secret"}})",
           R"({"$setField": {"field": "d", "input": "$p", "value": {"e": "secret"}}})",
           R"({"$arrayToObject": [[["d", {"e": "secret"}]]]})",
       }) {
    expect_pipeline_refused(fmt::format(R"([{{"$set": {{"a": {}}}}}])", document), kConstant);
  }
  expect_refused_roots({
      R"({"$setField": {"field": "a", "input": "$p", "value": {"b": "secret"}}})",
      R"({"$setField": {"field": {"$literal": "a"}, "input": "$p", "value": {"b": "secret"}}})",
      R"({"$setField": {"field": "p", "input": {"ssn": "secret"}, "value": 1}})",
      R"({"$arrayToObject": [[["a", {"b": "secret"}]]]})",
      R"({"$arrayToObject": [[{"k": "a", "v": {"b": "secret"}}]]})",
      R"({"$arrayToObject": {"$literal": [{"k": "a", "v": {"b": "secret"}}]}})",
      R"({"$arrayToObject": {"$map": {"input": "$p", "in": ["ssn", "secret"]}}})",
      R"({"$setField": {"field": "a.b", "input": "$p", "value": "secret"}})",
      R"({"$setField": {"field": "a.$[i].b", "input": "$p", "value": {"x": "secret"}}})",
  });
  expect_accepted_roots({
      R"({"$setField": {"field": "p", "input": "$q", "value": "note"}})",
      R"({"$setField": {"field": "ssn", "input": "$q", "value": "$p"}})",
      R"({"$setField": {"field": "a", "input": "$q", "value": {"c": "x"}}})",
      R"({"$arrayToObject": [[["p", "ssn"], ["ssn", "$p"]]]})",
      R"({"$arrayToObject": {"$map": {"input": "$p", "in": {"k": "$$this.k", "v": "$$this.v"}}}})",
      R"({"$arrayToObject": {"$objectToArray": "$p"}})",
      R"({"$arrayToObject": {"$filter": {"input": {"$objectToArray": "$p"}, "cond": "$q"}}})",
  });
  expect_refused_roots({
      R"({"$arrayToObject": {"$objectToArray": {"x": "secret"}}})",
      R"({"$arrayToObject": {"$filter": {"input": {"$objectToArray": {"x": {"y": "secret"}}},
          "cond": "$q"}}})",
  });
}

TEST(Constants, AreRefusedAtThePathThatTheyMeet) {
  expect_pipeline_refused(R"([{"$set": {"a": {"b": "secret"}}}])", "at path 'a.b'");
  expect_pipeline_unchanged(R"([{"$set": {"a": {"c": "note"}}}])");
  const std::string join = R"([{"$lookup": {"from": "c", "as": "list", "pipeline": []}}, )";
  expect_pipeline_refused(join + R"({"$set": {"list": {"ssn": "secret"}}}])", "at path 'list.ssn'");
}

TEST(Constants, AValueBesideANameThatIsNotKnownMayBeThatOfAField) {
  expect_refused_roots({
      R"({"$setField": {"field": "$p", "input": "$q", "value": "secret"}})",
      R"({"$arrayToObject": [[[{"$concat": ["s", "sn"]}, "secret"]]]})",
      R"({"$arrayToObject": {"$zip": {"inputs": [["ssn"], ["secret"]]}}})",
      R"({"$arrayToObject": {"$map": {"input": "$p", "in": {"k": "$$this", "v": "secret"}}}})",
  });
}

TEST(Constants, ConditionsAndNamesAndPositionsAreNotInTheValue) {
  expect_accepted_roots({
      R"({"$cond": [{"$eq": ["$kind", "note"]}, "$p", "$q"]})",
      R"({"$switch": {"branches": [{"case": {"$eq": ["$kind", "note"]}, "then": "$p"}],
          "default": "$q"}})",
      R"({"$mergeObjects": ["$p", {"kind": "note"}]})",
      R"({"$mergeObjects": ["$p", {"kind": {"$cond": [{"$eq": ["$x", "note"]}, 1, 2]}}]})",
      R"({"$unsetField": {"field": "ssn", "input": "$q"}})",
      R"({"$getField": {"field": "n", "input": "$q"}})",
      R"({"$arrayElemAt": ["$p", 0]})",
      R"({"$first": {"$filter": {"input": "$p", "cond": {"$eq": ["$$this.k", "ssn"]}}}})",
  });
  expect_pipeline_unchanged(R"([{"$set": {"a": {"$cond": [{"$eq": ["$x", "b"]}, "$p", "$q"]}}}])");
  expect_pipeline_unchanged(R"([{"$set": {"ssn": {"$getField": "q"}}}])");
  expect_pipeline_unchanged(R"([{"$set": {"ssn": {"$getField": {"field": "q", "input": "$p"}}}}])");
}

// One stage writes the constant, a later one puts it over a field.
TEST(Constants, MoveFromStageToStage) {
  for (const char* written :
       {R"({"$set": {"k": "secret"}})", R"({"$project": {"k": {"$literal": "secret"}}})",
        R"({"$addFields": {"k": {"$concat": ["$p", "secret"]}}})",
        R"({"$set": {"j": {"i": "secret"}}}, {"$set": {"k": "$j.i"}})",
        R"({"$set": {"j": "secret"}}, {"$project": {"j": 1}}, {"$project": {"k": "$j"}})",
        R"({"$set": {"j": "secret"}}, {"$group": {"_id": "$p", "k": {"$first": "$j"}}})",
        R"({"$group": {"_id": "secret"}}, {"$set": {"k": "$_id"}})",
        R"({"$group": {"_id": {"i": "secret"}}}, {"$set": {"k": "$_id.i"}})",
        R"({"$set": {"j": "secret"}}, {"$sortByCount": "$j"}, {"$set": {"k": "$_id"}})",
        R"({"$bucket": {"groupBy": "$p", "boundaries": [1, 2], "default": "secret"}},
           {"$set": {"k": "$_id"}})",
        R"({"$set": {"j": "secret"}}, {"$bucketAuto": {"groupBy": "$j", "buckets": 2}},
           {"$set": {"k": "$_id.max"}})",
        R"({"$replaceWith": {"k": "secret"}})",
        R"({"$replaceRoot": {"newRoot": {"$mergeObjects": ["$p", {"k": "secret"}]}}})",
        R"({"$lookup": {"from": "plain", "as": "k", "pipeline": [{"$project": {"x": "secret"}}]}})",
        R"({"$lookup": {"from": "plain", "as": "j", "pipeline": [{"$set": {"x": "secret"}}]}},
           {"$unwind": "$j"}, {"$set": {"k": "$j.x"}})",
        R"({"$set": {"j": ["secret"]}}, {"$unwind": "$j"}, {"$set": {"k": "$j"}})",
        R"({"$set": {"k": {"$regexFind": {"input": "$p", "regex": "secret"}}}})"}) {
    for (
        const char* moved :
        {R"({"$set": {"ssn": "$k"}})", R"({"$project": {"ssn": "$k"}})",
         R"({"$set": {"a.b": "$k"}})", R"({"$set": {"a": {"b": {"$toUpper": "$k"}}}})",
         R"({"$replaceWith": {"ssn": "$k"}})", R"({"$replaceWith": {"a": {"d": {"e": "$k"}}}})",
         R"({"$replaceWith": {"$let": {"vars": {"v": "$k"}, "in": {"ssn": "$$v"}}}})",
         R"({"$replaceWith": {"$arrayToObject": [[["ssn", "$k"]]]}})",
         R"({"$replaceWith": {"$setField": {"field": "ssn", "input": "$p", "value": "$$ROOT.k"}}})",
         R"({"$group": {"_id": "$p", "ssn": {"$max": "$k"}}})"}) {
      expect_pipeline_refused(fmt::format("[{}, {}]", written, moved), kConstant);
    }
  }
  for (const char* pair :
       {R"({"$set": {"k": "x"}}, {"$set": {"ssn": "$p"}})",
        R"({"$set": {"k": "x"}}, {"$set": {"k": "$p"}}, {"$set": {"ssn": "$k"}})",
        R"({"$set": {"k": "x"}}, {"$unset": "k"}, {"$set": {"ssn": "$k"}})",
        R"({"$set": {"k.i": "x"}}, {"$set": {"ssn": "$k.j"}})",
        R"({"$set": {"k": "x"}}, {"$set": {"q": "$k"}})"}) {
    expect_pipeline_unchanged(fmt::format("[{}]", pair));
  }
}

TEST(Constants, OverADocumentThatWasTakenAwayCountByTheirNames) {
  for (const char* value :
       {"5", "[]", "[5]", R"({"c": 5})", R"({"d": {"f": 5}})", R"({"$literal": {"c": {"b": 5}}})",
        R"([{"c": 5}])", R"({"$cond": ["$p", 5, {"c": 5}]})", R"({"$slice": ["$p", 5]})"}) {
    expect_pipeline_unchanged(
        fmt::format(R"([{{"$unset": "a"}}, {{"$set": {{"a": {}}}}}])", value));
  }
  for (const char* value :
       {R"({"c": 5, "b": 5})", R"({"d": 5, "b": {"c": 5}})", R"([{"b": 5}])",
        R"({"$literal": {"d": {"e": [5]}}})", R"({"$arrayToObject": [["$p", 5]]})",
        R"({"$arrayToObject": [[[{"$toLower": "$p"}, 5]]]})",
        R"({"$setField": {"field": "$p", "input": "$q", "value": 5}})",
        R"({"$regexFind": {"input": "$p", "regex": "x"}})",
        R"({"$function": {"body": "f", "args": [], "lang": "js"}})",
        R"({"$reduce": {"input": "$p", "initialValue": {}, "in": {"d": "$$value", "e": 5}}})"}) {
    expect_pipeline_refused(fmt::format(R"([{{"$unset": "a"}}, {{"$set": {{"a": {}}}}}])", value),
                            kConstant);
  }
  const std::string join =
      R"([{"$lookup": {"from": "other", "as": "o", "pipeline": [{"$project": {"p": 1}}]}}, )";
  expect_pipeline_unchanged(join + R"({"$set": {"o": [{"p": 5}]}}])");
  expect_pipeline_unchanged(join + R"({"$set": {"o": 5}}])");
  expect_pipeline_refused(join + R"({"$set": {"o": [{"ssn": 5}]}}])", kConstant);
  expect_pipeline_refused(join + R"({"$set": {"o": {"a": {"b": 5}}}}])", kConstant);
}

TEST(Constants, ThatAnEarlierStageWroteAreNotComparedWithRemovedFields) {
  constexpr std::string_view kRemoved = "was removed by an earlier stage";
  for (
      const char* expression :
      {R"({"$eq": ["$ssn", "$k"]})", R"({"$gt": ["$k", "$ssn"]})", R"({"$in": ["$k", ["$ssn"]]})",
       R"({"$in": ["$ssn", "$l"]})", R"({"$eq": ["$a", {"b": "$k"}]})",
       R"({"$setEquals": ["$l", ["$ssn"]]})", R"({"$eq": [{"$indexOfArray": ["$l", "$ssn"]}, 0]})",
       R"({"$eq": [{"$strcasecmp": ["$ssn", "$k"]}, 0]})",
       R"({"$eq": [{"$max": ["$ssn", "$k"]}, "$p"]})",
       R"({"$anyElementTrue": {"$map": {"input": "$l", "in": {"$eq": ["$$this", "$ssn"]}}}})",
       R"({"$size": {"$filter": {"input": ["$ssn"], "cond": {"$eq": ["$$this", "$k"]}}}})",
       R"({"$reduce": {"input": "$l", "initialValue": "$ssn", "in": {"$eq": ["$$value", "$$this"]}}})",
       R"({"$reduce": {"input": "$q", "initialValue": "$p", "in": {"$cond":
            [{"$eq": ["$$value", "$k"]}, 1, "$ssn"]}}})",
       R"({"$reduce": {"input": "$q", "initialValue": "$p", "in": {"$cond": ["$r",
            {"x": "$$value.y"}, {"$cond": [{"$eq": ["$$value.x", "$k"]}, 1, {"y": "$ssn"}]}]}}})",
       R"({"$setIsSubset": [[{"b": "$k"}], ["$a"]]})",
       R"({"$let": {"vars": {"v": "$ssn", "w": "$k"}, "in": {"$eq": ["$$v", "$$w"]}}})"}) {
    expect_pipeline_refused(
        fmt::format(
            R"([{{"$project": {{"k": "secret", "l": ["secret"]}}}}, {{"$match": {{"$expr": {}}}}}])",
            expression),
        kRemoved);
  }
  expect_pipeline_unchanged(
      R"([{"$project": {"k": "x"}}, {"$match": {"$expr": {"$eq": ["$a", {"c": "$k", "b": "$q"}]}}}])");
}

// Twice each would be for ever.
TEST(Constants, NestedExpressionsAreLookedAtOnce) {
  for (const char* nested :
       {R"({{"$reduce": {{"input": "$p", "initialValue": {}, "in": "$$value"}}}})",
        R"({{"$reduce": {{"input": "$p", "initialValue": "$p", "in": {}}}}})",
        R"({{"$map": {{"input": {}, "in": "$$this"}}}})",
        R"({{"$map": {{"input": "$p", "in": {}}}}})",
        R"({{"$let": {{"vars": {{"v": {}}}, "in": "$$v"}}}})", R"({{"$first": [{}]}})"}) {
    std::string expression = R"("$q")";
    for (int depth = 0; depth < 30; ++depth) {
      expression = fmt::format(fmt::runtime(nested), expression);
    }
    for (const char* path : {"a", "ssn"}) {
      expect_pipeline_unchanged(fmt::format(R"([{{"$set": {{"{}": {}}}}}])", path, expression));
    }
  }
}

TEST(Constants, AlternativesAndWhatOperatorsYieldAreInTheValue) {
  expect_refused_roots({
      R"({"$cond": ["$p", {"ssn": "secret"}, "$q"]})",
      R"({"$switch": {"branches": [{"case": "$p", "then": {"ssn": "secret"}}], "default": "$q"}})",
      R"({"$ifNull": ["$p", {"a": {"b": "secret"}}]})",
      R"({"$mergeObjects": ["$p", {"ssn": "secret"}]})",
      R"({"$mergeObjects": ["$p", {"$literal": {"ssn": "secret"}}]})",
      R"({"$first": [[{"ssn": "secret"}]]})",
      R"({"$getField": {"field": "x", "input": {"x": {"ssn": "secret"}}}})",
      R"({"$getField": {"field": "x", "input": {"$literal": {"x": {"ssn": "secret"}}}}})",
      R"({"$unsetField": {"field": "x", "input": {"ssn": "secret"}}})",
  });
}

}  // namespace
}  // namespace quern::analysis
