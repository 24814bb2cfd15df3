// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/match.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_filter;
using testing::expect_filter_refused;
using testing::expect_filter_unchanged;

constexpr std::string_view kInvalidOperator =
    "Invalid match expression operator on encrypted field";
constexpr std::string_view kNotYet = "this version cannot encrypt or query yet";
constexpr std::string_view kPrefix = "which contains an encrypted path prefix.";

TEST(Match, EmptyFilterStaysEmpty) { expect_filter_unchanged("{}"); }

TEST(Match, ImplicitEqualityBecomesEq) {
  expect_filter(R"({"_id": 1})", R"({"_id": {"$eq": 1}})");
  expect_filter(R"({"ssn": "x"})", R"({"ssn": {"$eq": "find equality ssn x"}})");
  expect_filter(R"({"a.b": "x"})", R"({"a.b": {"$eq": "find equality a.b x"}})");
}

TEST(Match, EqualityOperatorsOnAnEqualityField) {
  expect_filter(R"({"ssn": {"$eq": "x"}})", R"({"ssn": {"$eq": "find equality ssn x"}})");
  expect_filter(R"({"ssn": {"$ne": "x"}})", R"({"ssn": {"$ne": "find equality ssn x"}})");
  expect_filter(R"({"ssn": {"$in": ["y", "x"]}})",
                R"({"ssn": {"$in": ["find equality ssn y", "find equality ssn x"]}})");
  expect_filter(R"({"ssn": {"$nin": ["x"]}})", R"({"ssn": {"$nin": ["find equality ssn x"]}})");
  expect_filter_unchanged(R"({"ssn": {"$in": []}})");
}

TEST(Match, SeveralPredicatesBecomeOneAnd) {
  expect_filter(R"({"ssn": "x", "_id": 2})",
                R"({"$and": [{"ssn": {"$eq": "find equality ssn x"}}, {"_id": {"$eq": 2}}]})");
  expect_filter(
      R"({"ssn": "x", "$and": [{"p": 1}]})",
      R"({"$and": [{"ssn": {"$eq": "find equality ssn x"}}, {"$and": [{"p": {"$eq": 1}}]}]})");
}

TEST(Match, LogicalOperatorsRecurseToAnyDepth) {
  expect_filter(R"({"$or": [{"ssn": "x"}, {"$nor": [{"$and": [{"a.b": "y"}, {"p": 1}]}]}]})",
                R"({"$or": [{"ssn": {"$eq": "find equality ssn x"}},
                  {"$nor": [{"$and": [{"a.b": {"$eq": "find equality a.b y"}}, {"p": {"$eq": 1}}]}]}]})");
}

TEST(Match, NotRecursesIntoItsOperators) {
  expect_filter(R"({"ssn": {"$not": {"$eq": "x"}}})",
                R"({"ssn": {"$not": {"$eq": "find equality ssn x"}}})");
  expect_filter(R"({"ssn": {"$not": {"$in": ["x"], "$exists": true}}})",
                R"({"ssn": {"$not": {"$in": ["find equality ssn x"], "$exists": true}}})");
  expect_filter_refused(R"({"ssn": {"$not": {"$gt": "x"}}})", kInvalidOperator);
  expect_filter_refused(
      R"({"ssn": {"$not": {"$regularExpression": {"pattern": "x", "options": ""}}}})",
      kInvalidOperator);
  expect_filter_refused(R"({"ssn": {"$not": "x"}})", "$not needs");
}

TEST(Match, ExistsIsAllowedOnEveryEncryptedField) {
  for (const char* path : {"ssn", "a.b", "a", "billing", "age", "title"}) {
    expect_filter_unchanged(std::string("{\"") + path + R"(": {"$exists": true}})");
    expect_filter_unchanged(std::string("{\"") + path + R"(": {"$exists": false}})");
  }
  for (const char* flag : {"0", "1"}) {
    expect_filter_unchanged(fmt::format(R"({{"ssn": {{"$exists": {}}}}})", flag));
  }
  for (const char* number : {"2", "-1", "0.5"}) {
    expect_filter_refused(fmt::format(R"({{"ssn": {{"$exists": {}}}}})", number),
                          "$exists needs a boolean");
    expect_filter_unchanged(fmt::format(R"({{"p": {{"$exists": {}}}}})", number));
  }
  expect_filter_refused(R"({"p": {"$exists": "x"}})", "$exists needs a boolean");
  expect_filter_refused(R"({"ssn": {"$exists": 4711}})", "$exists needs a boolean");
  expect_filter_refused(R"({"ssn": {"$exists": "x"}})", "$exists needs a boolean");
}

TEST(Match, OrderIsRefusedOnAnEqualityField) {
  for (const char* name : {"$gt", "$gte", "$lt", "$lte"}) {
    expect_filter_refused(std::string(R"({"ssn": {")") + name + R"(": "x"}})", kInvalidOperator);
  }
}

TEST(Match, OperatorsThatCiphertextsCannotAnswerAreRefused) {
  for (const char* operation :
       {R"("$type": "string")", R"("$mod": [2, 1])", R"("$regex": "x")", R"("$size": 1)",
        R"("$all": ["x"])", R"("$elemMatch": {"$eq": "x"})", R"("$bitsAllClear": 1)",
        R"("$bitsAllSet": 1)", R"("$bitsAnyClear": 1)", R"("$bitsAnySet": 1)",
        R"("$geoWithin": {"$center": [[0, 0], 1]})", R"("$geoIntersects": {"$geometry": {}})",
        R"("$near": [0, 0])", R"("$nearSphere": [0, 0])"}) {
    for (const char* path : {"ssn", "note", "billing", "age"}) {
      expect_filter_refused(std::string("{\"") + path + "\": {" + operation + "}}",
                            kInvalidOperator);
    }
    expect_filter_unchanged(std::string(R"({"plain": {)") + operation + "}}");
  }
}

TEST(Match, NullIsRefused) {
  expect_filter_refused(R"({"ssn": null})",
                        "Illegal equality to null predicate for encrypted field");
  expect_filter_refused(R"({"note": {"$eq": null}})",
                        "Illegal equality to null predicate for encrypted field");
  expect_filter_refused(R"({"ssn": {"$ne": null}})", "Illegal equality to null");
  expect_filter_refused(R"({"ssn": {"$in": ["x", null]}})",
                        "Illegal equality to null inside $in against an encrypted field");
  expect_filter(R"({"plain": null})", R"({"plain": {"$eq": null}})");
}

TEST(Match, RegularExpressionsAreRefused) {
  expect_filter_refused(R"({"ssn": {"$regularExpression": {"pattern": "x", "options": ""}}})",
                        kInvalidOperator);
  expect_filter_refused(
      R"({"ssn": {"$in": [{"$regularExpression": {"pattern": "x", "options": ""}}]}})",
      kInvalidOperator);
  expect_filter_unchanged(R"({"plain": {"$regularExpression": {"pattern": "x", "options": ""}}})");
}

TEST(Match, OperandsMustHaveTheTypeOfTheField) {
  for (const char* operand : {R"({"x": 1})", "[1]", "1", "true", R"({"$minKey": 1})",
                              R"({"$maxKey": 1})", R"({"$date": 0})"}) {
    expect_filter_refused(std::string(R"({"ssn": )") + operand + "}",
                          "Cannot encrypt element of type");
    expect_filter_refused(std::string(R"({"ssn": {"$in": [)") + operand + "]}}",
                          "Cannot encrypt element of type");
  }
  // No numeric conversion: n is a long.
  expect_filter(R"({"n": {"$numberLong": "5"}})",
                R"({"n": {"$eq": "find equality n { \"\" : 5 }"}})");
  expect_filter_refused(R"({"n": 5})", "Cannot encrypt element of type: int");
  expect_filter_refused(R"({"n": 5.0})", "Cannot encrypt element of type: double");
}

TEST(Match, FieldsWithoutQueriesCannotBeQueried) {
  for (const char* predicate : {R"("x")", R"({"$eq": "x"})", R"({"$ne": "x"})", R"({"$in": ["x"]})",
                                R"({"$nin": ["x"]})"}) {
    expect_filter_refused(std::string(R"({"note": )") + predicate + "}",
                          "Cannot query on fields encrypted with the randomized encryption");
  }
  expect_filter_refused(R"({"billing": {"cc": "x"}})",
                        "Cannot query on fields encrypted with the randomized encryption");
}

TEST(Match, QueryTypesOfLaterVersionsAreRefusedByName) {
  expect_filter_refused(R"({"age": 5})", kNotYet);
  expect_filter_refused(R"({"age": {"$gt": 5}})", kNotYet);
  expect_filter_refused(R"({"age": {"$in": [5]}})", "queryType range");
  expect_filter_refused(R"({"title": "x"})", "queryType prefixPreview");
}

TEST(Match, PathsBelowAnEncryptedFieldAreRefused) {
  expect_filter_refused(
      R"({"billing.cc": "x"})",
      "Invalid operation on path 'billing.cc' which contains an encrypted path prefix.");
  expect_filter_refused(R"({"ssn.x": {"$exists": true}})", kPrefix);
  expect_filter_refused(R"({"a.b.0": "x"})", kPrefix);
}

TEST(Match, DocumentsAndArraysAreNotComparedWithThePrefixOfAnEncryptedField) {
  for (const char* predicate :
       {R"({"b": "x"})", R"({"$eq": {"b": "x"}})", R"({"$in": [{"b": "x"}]})", R"([{"b": "x"}])",
        R"({"$gt": {"b": "x"}})", R"({"$not": {"$eq": {"b": "x"}}})", R"({"$all": [{"b": "x"}]})",
        R"({"$elemMatch": {"b": "x"}})", R"({"$all": [{"$elemMatch": {"b": "x"}}]})"}) {
    expect_filter_refused(std::string(R"({"a": )") + predicate + "}",
                          "which is the prefix of an encrypted field");
  }
  expect_filter(R"({"a": 5})", R"({"a": {"$eq": 5}})");
  expect_filter(R"({"a": null})", R"({"a": {"$eq": null}})");
  expect_filter_unchanged(R"({"a": {"$type": "object"}})");
}

TEST(Match, ArrayPositionsOnTheWayToAnEncryptedFieldAreRefused) {
  expect_filter_refused(R"({"a.0.b": "x"})", "fields cannot be encrypted inside arrays");
  expect_filter_refused(R"({"a.0": {"b": "x"}})", "fields cannot be encrypted inside arrays");
  expect_filter(R"({"0.b": "x"})", R"({"0.b": {"$eq": "x"}})");
  expect_filter(R"({"plain.0.b": "x"})", R"({"plain.0.b": {"$eq": "x"}})");
}

TEST(Match, PlainSiblingsOfEncryptedFieldsArePlain) {
  expect_filter(R"({"a.c": "x", "a.d.f": {"g": 1}})",
                R"({"$and": [{"a.c": {"$eq": "x"}}, {"a.d.f": {"$eq": {"g": 1}}}]})");
  expect_filter(R"({"ssn2": "x"})", R"({"ssn2": {"$eq": "x"}})");
}

TEST(Match, ElemMatchOnAPlainArrayMeansItsElements) {
  expect_filter(R"({"arr": {"$elemMatch": {"ssn": "x", "p": {"$gt": 1}}}})",
                R"({"arr": {"$elemMatch": {"$and": [{"ssn": {"$eq": "x"}}, {"p": {"$gt": 1}}]}}})");
  expect_filter_unchanged(R"({"arr": {"$elemMatch": {"$gt": 1, "$lt": 5}}})");
  expect_filter(R"({"arr": {"$elemMatch": {"$or": [{"x": 1}]}}})",
                R"({"arr": {"$elemMatch": {"$or": [{"x": {"$eq": 1}}]}}})");
  expect_filter_refused(R"({"arr": {"$elemMatch": {"$expr": {"$eq": ["$ssn", "x"]}}}})",
                        "$expr cannot be used inside $elemMatch");
}

TEST(Match, DBRefsAreValues) {
  expect_filter(R"({"plain": {"$ref": "c", "$id": 1}})",
                R"({"plain": {"$eq": {"$ref": "c", "$id": 1}}})");
}

TEST(Match, TextWhereAndJsonSchemaAreRefusedEverywhere) {
  for (const char* filter : {R"({"$text": {"$search": "x"}})", R"({"$where": "this.x"})",
                             R"({"$jsonSchema": {}})", R"({"$and": [{"p": 1}, {"$where": "x"}]})",
                             R"({"arr": {"$elemMatch": {"$where": "x"}}})"}) {
    expect_filter_refused(filter, "Unsupported match expression operator for encryption");
  }
}

TEST(Match, NeutralOperatorsPass) {
  expect_filter_unchanged(R"({"$comment": "why"})");
  expect_filter_unchanged(R"({"$alwaysTrue": 1})");
  expect_filter_unchanged(R"({"$alwaysFalse": 1})");
  expect_filter_unchanged(R"({"$sampleRate": 0.5})");
  expect_filter_refused(R"({"$sampleRate": "x"})", "$sampleRate needs a number");
}

TEST(Match, WhatIsNotUnderstoodIsRefused) {
  expect_filter_refused(R"({"plain": {"$near2": 1}})", "unknown operator: $near2");
  expect_filter_refused(R"({"ssn": {"$eq": "x", "y": 1}})", "unknown operator: y");
  expect_filter_refused(R"({"$xor": []})", "unknown top level operator: $xor");
  expect_filter_refused(R"({"$_internalSchemaEq": {"a": {"b": 1}}})", "unknown top level operator");
  expect_filter_refused(R"({"$and": {"ssn": "x"}})", "$and needs an array");
  expect_filter_refused(R"({"$or": ["x"]})", "$or needs an array of documents");
  expect_filter_refused(R"({"ssn": {"$in": "x"}})", "$in needs an array");
}

}  // namespace
}  // namespace quern::analysis
