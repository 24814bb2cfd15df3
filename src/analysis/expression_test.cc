// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/testing.h"
#include "language/testing/let_cases.h"
#include "quern/base/error.h"

namespace quern::analysis {
namespace {

using testing::expect_filter;
using testing::expect_filter_refused;
using testing::expect_filter_unchanged;
using testing::expect_pipeline_refused;
using testing::expect_pipeline_unchanged;

constexpr std::string_view kReference =
    "Invalid reference to an encrypted field within aggregate expression: ";
constexpr std::string_view kNonConstant =
    "Comparison disallowed between Queryable Encryption encrypted fields and non-constant "
    "expressions; field '";

void expect_expr(std::string_view expression, std::string_view expected) {
  expect_filter("{\"$expr\": " + std::string(expression) + "}",
                "{\"$expr\": " + std::string(expected) + "}");
}
void expect_expr_unchanged(std::string_view expression) { expect_expr(expression, expression); }
void expect_expr_refused(std::string_view expression, std::string_view text) {
  expect_filter_refused("{\"$expr\": " + std::string(expression) + "}", text);
}

TEST(Expression, EqualityOfAFieldAndAConstantIsMarkedInBothOrders) {
  expect_expr(R"({"$eq": ["$ssn", "x"]})", R"({"$eq": ["$ssn", "find equality ssn x"]})");
  expect_expr(R"({"$eq": ["x", "$ssn"]})", R"({"$eq": ["find equality ssn x", "$ssn"]})");
  expect_expr(R"({"$ne": ["$a.b", "x"]})", R"({"$ne": ["$a.b", "find equality a.b x"]})");
}

TEST(Expression, LiteralsAreConstants) {
  expect_expr(R"({"$eq": ["$ssn", {"$literal": "$x"}]})",
              R"({"$eq": ["$ssn", "find equality ssn $x"]})");
  expect_expr(R"({"$eq": [{"$const": "x"}, "$ssn"]})",
              R"({"$eq": ["find equality ssn x", "$ssn"]})");
  expect_expr_unchanged(R"({"$eq": ["$plain", {"$literal": {"$anything": "$x"}}]})");
}

TEST(Expression, PathsThroughRootAndCurrentAreTheSamePaths) {
  expect_expr(R"({"$eq": ["$$ROOT.ssn", "x"]})",
              R"({"$eq": ["$$ROOT.ssn", "find equality ssn x"]})");
  expect_expr(R"({"$eq": ["$$CURRENT.a.b", "x"]})",
              R"({"$eq": ["$$CURRENT.a.b", "find equality a.b x"]})");
}

TEST(Expression, MembershipMarksEveryElement) {
  expect_expr(R"({"$in": ["$ssn", ["x", {"$literal": "y"}]]})",
              R"({"$in": ["$ssn", ["find equality ssn x", "find equality ssn y"]]})");
  expect_expr(R"({"$in": ["$ssn", {"$literal": ["x"]}]})",
              R"({"$in": ["$ssn", ["find equality ssn x"]]})");
  expect_expr_refused(R"({"$in": ["$ssn", "$list"]})", kNonConstant);
  expect_expr_refused(R"({"$in": ["$ssn", ["x", "$y"]]})", kNonConstant);
  expect_expr_refused(R"({"$in": ["$ssn", "x"]})", kNonConstant);
  expect_expr_refused(R"({"$in": ["x", ["$ssn"]]})", kReference);
  expect_expr_refused(R"({"$in": ["x", "$ssn"]})", kReference);
  expect_expr_unchanged(R"({"$in": ["$plain", ["x", "$y"]]})");
}

TEST(Expression, ComparisonWithAnythingButAConstantIsRefused) {
  for (const char* other :
       {R"("$ssn")", R"("$a.b")", R"("$plain")", R"("$$NOW")", R"({"$concat": ["x", "y"]})",
        R"({"$ne": [1, 2]})", R"({"$cond": [true, "x", "y"]})"}) {
    expect_expr_refused(std::string(R"({"$eq": ["$ssn", )") + other + "]}", kNonConstant);
    expect_expr_refused(std::string(R"({"$ne": [)") + other + R"(, "$ssn"]})", kNonConstant);
  }
  // The text comes before the one about the query type.
  expect_expr_refused(R"({"$lte": ["$age", "$age"]})", "expressions; field 'age' is encrypted.");
}

TEST(Expression, OrderIsRefusedOnAnEqualityField) {
  for (const char* name : {"$gt", "$gte", "$lt", "$lte"}) {
    expect_expr_refused(std::string("{\"") + name + R"(": ["$ssn", "x"]})",
                        "Invalid match expression operator on encrypted field");
    expect_expr_unchanged(std::string("{\"") + name + R"(": ["$plain", "x"]})");
  }
}

TEST(Expression, ComparisonsThatEncryptionCannotAnswerAreRefused) {
  expect_expr_refused(R"({"$eq": ["$note", "x"]})", "Cannot query on fields encrypted");
  expect_expr_refused(R"({"$eq": ["$age", 5]})", "this version cannot encrypt or query yet");
  expect_expr_refused(R"({"$eq": ["$ssn", null]})", "Illegal equality to null");
  expect_expr_refused(R"({"$eq": ["$ssn", 5]})", "Cannot encrypt element of type: int");
  expect_expr_refused(R"({"$eq": ["$ssn", ["x"]]})", "Cannot encrypt element of type: array");
  expect_expr_refused(R"({"$eq": ["$a", {"b": "x"}]})", kReference);
  expect_expr_refused(R"({"$eq": [{"n": "$ssn"}, {"n": "x"}]})", kReference);
  expect_expr_refused(R"({"$eq": [["$ssn"], ["x"]]})", kReference);
  expect_expr_refused(R"({"$cmp": ["$ssn", "x"]})", kReference);
}

TEST(Expression, EveryOtherOperatorRefusesEncryptedOperands) {
  for (const char* expression :
       {R"({"$type": "$ssn"})", R"({"$concat": ["x", "$ssn"]})", R"({"$size": "$ssn"})",
        R"({"$toLower": "$ssn"})", R"({"$not": ["$ssn"]})", R"({"$and": [true, "$ssn"]})",
        R"({"$dateToString": {"date": "$ssn", "format": "%Y"}})", R"({"$mergeObjects": ["$a"]})",
        R"({"$map": {"input": "$ssn", "in": "$$this"}})",
        R"({"$map": {"input": [1], "in": "$ssn"}})",
        R"({"$filter": {"input": [1], "cond": {"$eq": ["$ssn", "$$this"]}}})",
        R"({"$reduce": {"input": [1], "initialValue": "$ssn", "in": "$$value"}})",
        R"({"$regexMatch": {"input": "$ssn", "regex": "x"}})"}) {
    const std::string refusal = testing::refusal_of(
        std::string(R"({"find": "c", "filter": {"$expr": )") + expression + "}}");
    EXPECT_FALSE(refusal.empty()) << expression;
  }
  expect_expr_refused(R"({"$eq": [{"$type": "$ssn"}, "missing"]})",
                      std::string(kReference) + "ssn");
  expect_expr_refused(R"("$ssn")", std::string(kReference) + "ssn");
}

TEST(Expression, ConditionsAreContextsOfTheirOwn) {
  expect_expr(R"({"$cond": [{"$eq": ["$ssn", "x"]}, 1, 0]})",
              R"({"$cond": [{"$eq": ["$ssn", "find equality ssn x"]}, 1, 0]})");
  expect_expr(
      R"({"$cond": {"if": {"$eq": ["$ssn", "x"]}, "then": 1, "else": 0}})",
      R"({"$cond": {"if": {"$eq": ["$ssn", "find equality ssn x"]}, "then": 1, "else": 0}})");
  expect_expr(
      R"({"$switch": {"branches": [{"case": {"$eq": ["$ssn", "x"]}, "then": 1}], "default": 0}})",
      R"({"$switch": {"branches": [{"case": {"$eq": ["$ssn", "find equality ssn x"]}, "then": 1}], "default": 0}})");
  expect_expr(R"({"$and": [{"$eq": ["$ssn", "x"]}, {"$gt": ["$p", 1]}]})",
              R"({"$and": [{"$eq": ["$ssn", "find equality ssn x"]}, {"$gt": ["$p", 1]}]})");
  expect_expr_refused(R"({"$cond": ["$ssn", 1, 0]})", kReference);
}

TEST(Expression, BranchesOfOneFieldAreComparedAsThatField) {
  expect_expr(
      R"({"$eq": [{"$cond": ["$p", "$ssn", "y"]}, "x"]})",
      R"({"$eq": [{"$cond": ["$p", "$ssn", "find equality ssn y"]}, "find equality ssn x"]})");
  expect_expr(R"({"$eq": [{"$ifNull": ["$ssn", "y"]}, "x"]})",
              R"({"$eq": [{"$ifNull": ["$ssn", "find equality ssn y"]}, "find equality ssn x"]})");
  expect_expr(
      R"({"$eq": [{"$switch": {"branches": [{"case": true, "then": "$ssn"}], "default": "y"}}, "x"]})",
      R"({"$eq": [{"$switch": {"branches": [{"case": true, "then": "$ssn"}], "default": "find equality ssn y"}}, "find equality ssn x"]})");
  expect_expr_refused(R"({"$eq": [{"$cond": ["$p", "$ssn", "$a.b"]}, "x"]})", kReference);
  expect_expr_refused(R"({"$eq": [{"$cond": ["$p", "$ssn", "$plain"]}, "x"]})", kReference);
  expect_expr_refused(R"({"$eq": [{"$ifNull": ["$ssn", null]}, "x"]})", "Illegal equality to null");
}

TEST(Expression, TheLetOfACommandIsReadAsItIsEvaluated) {
  for (const language::LetCase& each : language::kLetCases) {
    for (const char* command :
         {R"({{"find": "c", "filter": {{}}, "let": {}}})",
          R"({{"aggregate": "c", "pipeline": [], "cursor": {{}}, "let": {}}})",
          R"({{"delete": "c", "deletes": [{{"q": {{}}, "limit": 1}}], "let": {}}})"}) {
      const std::string text = fmt::format(fmt::runtime(command), each.let);
      int code = 0;
      try {
        analyse(testing::kDatabase, bson::from_json(text), testing::schemas());
      } catch (const Error& error) {
        code = error.code();
      }
      EXPECT_EQ(code, each.code) << text;
    }
  }
}

TEST(Expression, LetBindsPlainValuesOnly) {
  expect_expr(
      R"({"$let": {"vars": {"v": "$p"}, "in": {"$and": ["$$v", {"$eq": ["$ssn", "x"]}]}}})",
      R"({"$let": {"vars": {"v": "$p"}, "in": {"$and": ["$$v", {"$eq": ["$ssn", "find equality ssn x"]}]}}})");
  expect_expr(R"({"$eq": [{"$let": {"vars": {}, "in": "$ssn"}}, "x"]})",
              R"({"$eq": [{"$let": {"vars": {}, "in": "$ssn"}}, "find equality ssn x"]})");
  expect_expr_refused(R"({"$let": {"vars": {"v": "$ssn"}, "in": 1}})", kReference);
  expect_expr_refused(R"({"$let": {"vars": {"CURRENT": {"ssn": 1}}, "in": 1}})",
                      "not a valid name");
  expect_expr_refused(R"({"$map": {"input": [], "as": "CURRENT", "in": 1}})", "not a valid name");
  for (const char* name : {"a", "z", "vA"}) {
    expect_expr_unchanged(
        fmt::format(R"({{"$let": {{"vars": {{"{0}": 1}}, "in": "$${0}"}}}})", name));
  }
  expect_expr_refused(R"({"$eq": ["$ssn", "$$v"]})", "Use of an undefined variable");
}

TEST(Expression, WholeDocumentsAreRefused) {
  for (const char* variable : {"$$ROOT", "$$CURRENT"}) {
    expect_expr_refused(std::string(R"({"$objectToArray": ")") + variable + "\"}", kReference);
    expect_pipeline_refused(std::string(R"([{"$addFields": {"d": ")") + variable + "\"}}]",
                            kReference);
  }
}

TEST(Expression, GetFieldCannotReachAnEncryptedFieldByName) {
  expect_expr_refused(R"({"$getField": "ssn"})", kReference);
  expect_expr_refused(R"({"$getField": {"field": "ssn", "input": "$$ROOT"}})", kReference);
  expect_expr_refused(R"({"$getField": {"$concat": ["s", "sn"]}})", kReference);
  expect_expr_refused(R"({"$getField": {"field": "b", "input": "$a"}})", kReference);
  expect_expr_unchanged(R"({"$eq": [{"$getField": "plain"}, 1]})");
  expect_expr_unchanged(R"({"$eq": [{"$getField": {"field": "x", "input": "$plain"}}, 1]})");
}

TEST(Expression, PathsBelowAnEncryptedFieldAreRefused) {
  expect_expr_refused(R"({"$eq": ["$billing.cc", "x"]})",
                      "which contains an encrypted path prefix.");
  expect_expr_refused(R"({"$type": "$a.0.b"})", "fields cannot be encrypted inside arrays");
}

TEST(Expression, TextQueriesAreRefused) {
  for (const char* expression :
       {R"({"$encStrStartsWith": {"input": "$title", "prefix": "x"}})",
        R"({"$encStrEndsWith": {"input": "$title", "suffix": "x"}})",
        R"({"$encStrContains": {"input": "$title", "substring": "x"}})",
        R"({"$encStrNormalizedEq": {"input": "$title", "string": "x"}})"}) {
    expect_expr_refused(expression, "this version cannot encrypt or query yet");
  }
  expect_expr_refused(R"({"$encStrStartsWith": {"input": "$ssn", "prefix": "x"}})",
                      "$encStrStartsWith needs as input");
  expect_expr_refused(R"({"$encStrStartsWith": {"input": "$plain", "prefix": "x"}})",
                      "$encStrStartsWith needs as input");
}

TEST(Expression, PlainExpressionsPass) {
  for (
      const char* expression :
      {R"({"$and": [{"$gt": ["$p", {"$add": ["$q", 1]}]}, {"$not": {"$eq": ["$p", null]}}]})",
       R"({"$map": {"input": "$list", "as": "x", "in": {"$multiply": ["$$x", 2]}}})",
       R"({"$filter": {"input": "$list", "as": "x", "cond": {"$gt": ["$$x.y", 1]}, "limit": 2}})",
       R"({"$reduce": {"input": "$list", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}})",
       R"({"$dateTrunc": {"date": "$day", "unit": "week"}})", R"({"$eq": ["$$NOW", "$day"]})",
       R"({"$gt": ["$$REMOVE", 1]})", R"({"$rand": {}})"}) {
    expect_expr_unchanged(expression);
  }
}

TEST(Expression, OperandsCountByPositionWhateverTheirKeys) {
  bson::Builder operands;
  operands.open_array("$eq").append("x", "$ssn").append("x", "secret").close();
  const bson::Document equality = operands.finish();
  const bson::Document command = bson::doc("find", "c", "filter", bson::doc("$expr", equality));
  const Analysis analysis = analyse("db", command, testing::schemas());
  EXPECT_EQ(
      bson::to_json(testing::readable(analysis.result)),
      R"({ "find" : "c", "filter" : { "$expr" : { "$eq" : [ "$ssn", "find equality ssn secret" ] } } })");
}

TEST(Expression, MetadataIsNamedByItsKeywords) {
  expect_pipeline_unchanged(R"([{"$project": {"x": {"$meta": "textScore"}}}])");
  expect_pipeline_refused(R"([{"$project": {"ssn": {"$meta": "x"}}}])",
                          "takes the name of metadata");
}

TEST(Expression, ComparisonsAreForFiltersOnly) {
  expect_pipeline_refused(R"([{"$project": {"x": {"$eq": ["$ssn", "x"]}}}])",
                          "is supported only in a filter");
  expect_pipeline_refused(R"([{"$addFields": {"x": {"$in": ["$ssn", ["x"]]}}}])",
                          "is supported only in a filter");
  expect_pipeline_unchanged(R"([{"$addFields": {"x": {"$eq": ["$plain", "x"]}}}])");
}

TEST(Expression, WhatIsNotUnderstoodIsRefused) {
  expect_expr_refused(R"({"$frobnicate": 1})", "Unrecognized expression '$frobnicate'");
  expect_expr_refused(R"({"$eq": ["$p"]})", "Expression $eq takes exactly 2 arguments");
  expect_expr_refused(R"({"$eq": [1, 2], "$ne": [1, 2]})", "must have exactly one field");
  expect_expr_refused(R"({"$cond": {"if": 1, "then": 2, "otherwise": 3}})",
                      "Unrecognized parameter to $cond: otherwise");
  expect_expr_refused(R"({"$switch": {"branches": [{"case": 1, "then": 2, "x": 3}]}})",
                      "Unrecognized parameter to $switch branch: x");
  expect_expr_refused(R"({"$map": {"input": [], "in": 1, "x": 1}})",
                      "Unrecognized parameter to $map: x");
  expect_expr_refused(R"({"$eq": [{"x.y": 1}, 1]})", "FieldPath field names may not contain '.'");
}

TEST(Expression, RemovedFieldsAreKnownThroughTheDocumentAboveThem) {
  constexpr std::string_view kRemoved = "was removed by an earlier stage";
  const auto pipeline = [](const char* removal, const char* expression) {
    return fmt::format(R"([{}, {{"$match": {{"$expr": {}}}}}])", removal, expression);
  };
  for (const char* expression :
       {R"({"$eq": ["$a", {"b": "s"}]})", R"({"$ne": [{"b": "s"}, "$a"]})",
        R"({"$gt": ["$a", {"$literal": {"b": "s"}}]})", R"({"$in": ["$a", [{"b": "s"}]]})",
        R"({"$eq": [{"x": "$a"}, {"x": {"b": "s"}}]})", R"({"$eq": ["$a", {"d": {"e": "s"}}]})",
        R"({"$let": {"vars": {"v": {"b": "s"}}, "in": {"$eq": ["$a", "$$v"]}}})",
        R"({"$eq": [{"$getField": {"field": "b", "input": "$a"}}, "s"]})",
        R"({"$eq": [{"$getField": {"field": {"$const": "b"}, "input": "$a"}}, "s"]})",
        R"({"$eq": [{"$getField": "a"}, {"b": "s"}]})"}) {
    expect_pipeline_refused(pipeline(R"({"$unset": "a"})", expression), kRemoved);
  }
  for (const char* expression :
       {R"({"$eq": ["$$ROOT", {"ssn": "s"}]})", R"({"$in": ["$$CURRENT", [{"ssn": "s"}]]})",
        R"({"$eq": [{"$getField": {"field": "ssn", "input": "$$ROOT"}}, "s"]})"}) {
    expect_pipeline_refused(pipeline(R"({"$project": {"p": 1}})", expression), kRemoved);
  }
  for (const char* expression :
       {R"({"$eq": ["$a", {"c": "s"}]})", R"({"$eq": ["$a", {}]})", R"({"$eq": ["$a", "$p"]})",
        R"({"$eq": [{"$getField": {"field": "c", "input": "$a"}}, "s"]})"}) {
    expect_pipeline_unchanged(pipeline(R"({"$unset": "a"})", expression));
  }
  expect_pipeline_unchanged(
      R"([{"$project": {"p": 1}}, {"$group": {"_id": null, "x": {"$push": "$$ROOT"}}}])");
}

TEST(Expression, RemovedFieldsAreKnownThroughVariablesAndOperators) {
  constexpr std::string_view kRemoved = "was removed by an earlier stage";
  for (const char* expression :
       {R"({"$let": {"vars": {"x": "$a"}, "in": {"$eq": ["$$x.b", "s"]}}})",
        R"({"$let": {"vars": {"x": "$$ROOT"}, "in": {"$eq": ["$$x", {"a": {"b": "s"}}]}}})",
        R"({"$filter": {"input": ["$a"], "cond": {"$eq": ["$$this.b", "s"]}}})",
        R"({"$map": {"input": ["$a"], "as": "x", "in": {"$eq": ["$$x.b", "s"]}}})",
        R"({"$reduce": {"input": "$p", "initialValue": "$a", "in": {"$eq": ["$$value.b", "s"]}}})",
        R"({"$eq": [{"$mergeObjects": ["$p", "$a"]}, {"b": "s"}]})"}) {
    expect_pipeline_refused(
        fmt::format(R"([{{"$project": {{"p": 1}}}}, {{"$match": {{"$expr": {}}}}}])", expression),
        kRemoved);
  }
  for (const char* yields :
       {R"({"$first": "$a"})", R"({"$arrayElemAt": ["$a", 0]})",
        R"({"$first": {"$filter": {"input": "$a", "cond": true}}})", R"({"$ifNull": ["$p", "$a"]})",
        R"({"$mergeObjects": ["$p", "$a"]})", R"({"$let": {"vars": {"v": "$a"}, "in": "$$v"}})"}) {
    expect_pipeline_refused(
        fmt::format(R"([{{"$unset": "a"}}, {{"$set": {{"x": {}}}}}, {{"$match": {{"x.b": "s"}}}}])",
                    yields),
        kRemoved);
    expect_pipeline_refused(
        fmt::format(R"([{{"$unset": "a"}}, {{"$replaceWith": {}}}, {{"$match": {{"b": "s"}}}}])",
                    yields),
        kRemoved);
  }
  expect_pipeline_unchanged(
      R"([{"$unset": "a"}, {"$match": {"$expr": {"$let": {"vars": {"x": "$a"}, "in": {"$eq": ["$$x.c", "s"]}}}}}])");
}

TEST(Expression, GetFieldTakesNothingButAName) {
  for (const char* name : {R"(["$p", "secret"])", R"(["secret"])", R"({"field": 5, "input": "$p"})",
                           R"({"field": {"x": "secret"}, "input": "$p"})"}) {
    expect_filter_refused(fmt::format(R"({{"$expr": {{"$getField": {}}}}})", name),
                          "$getField takes the name of a field");
  }
}

TEST(Expression, ARefusalNamesTheFieldThatIsEncryptedNotOneThatWas) {
  for (const char* array : {R"(["$ssn", "$a.b"])", R"(["$a.b", "$ssn"])"}) {
    testing::expect_pipeline_refused(
        fmt::format(R"([{{"$unset": "ssn"}}, {{"$set": {{"x": {{"$size": [{}]}}}}}}])", array),
        "Invalid reference to an encrypted field within aggregate expression: a.b");
  }
}

TEST(Expression, ARefusalNamesARemovedFieldThatIsInAList) {
  for (const char* list : {R"(["$ssn"])", R"(["$ssn", "$p"])", R"(["$p", "$ssn"])"}) {
    testing::expect_pipeline_refused(
        fmt::format(R"([{{"$unset": "ssn"}}, {{"$match": {{"$expr": {{"$in": ["x", {}]}}}}}}])",
                    list),
        "Field 'ssn' was removed by an earlier stage");
  }
}

TEST(Expression, NamedArgumentsComeInADocument) {
  for (const char* operation : {R"({"$let": 5})", R"({"$map": ["x"]})", R"({"$switch": "x"})"}) {
    testing::expect_pipeline_refused(fmt::format(R"([{{"$set": {{"x": {}}}}}])", operation),
                                     "only supports an object as its argument");
  }
}

}  // namespace
}  // namespace quern::analysis
