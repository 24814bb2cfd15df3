// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/update.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_analysed;
using testing::expect_refused;
using testing::expect_unchanged;
using testing::expect_update;
using testing::expect_update_refused;
using testing::expect_update_unchanged;

TEST(Update, SetAndSetOnInsertMarkValuesForInsert) {
  for (const std::string name : {"$set", "$setOnInsert"}) {
    expect_update(
        "{\"" + name + R"(": {"ssn": "x", "p": 1, "a.b": "y"}})",
        "{\"" + name +
            R"(": {"ssn": "insert equality ssn x", "p": 1, "a.b": "insert equality a.b y"}})");
    expect_update_refused("{\"" + name + R"(": {"ssn": ["x"]}})",
                          "Cannot encrypt element of type: array");
    expect_update_refused("{\"" + name + R"(": {"ssn": null}})",
                          "Cannot encrypt element of type: null");
    expect_update_refused("{\"" + name + R"(": {"age": 5}})",
                          "this version cannot encrypt or query yet");
  }
}

TEST(Update, SetOfADocumentAboveEncryptedFieldsMarksInsideIt) {
  expect_update(R"({"$set": {"a": {"b": "x", "c": 1, "d": {"f": 2}}}})",
                R"({"$set": {"a": {"b": "insert equality a.b x", "c": 1, "d": {"f": 2}}}})");
  expect_update_unchanged(R"({"$set": {"a": 5}})");
  expect_update_refused(R"({"$set": {"a": [{"b": "x"}]}})",
                        "fields cannot be encrypted inside arrays");
  expect_update_refused(R"({"$set": {"a": {"d": [{"e": "x"}]}}})",
                        "fields cannot be encrypted inside arrays");
}

TEST(Update, FieldsWithoutQueriesAreSetWhole) {
  expect_update(
      R"({"$set": {"billing": {"cc": "4111"}}})",
      R"({"$set": {"billing": "insert unindexed billing { \"\" : { \"cc\" : \"4111\" } }"}})");
  expect_update_refused(
      R"({"$set": {"billing.cc": "x"}})",
      "Invalid operation on path 'billing.cc' which contains an encrypted path prefix.");
}

TEST(Update, UnsetPassesWithoutItsOperand) {
  expect_update_unchanged(R"({"$unset": {"ssn": "", "a": "", "p": ""}})");
  expect_update(R"({"$unset": {"ssn": "x"}})", R"({"$unset": {"ssn": ""}})");
  expect_update_refused(R"({"$unset": {"billing.cc": ""}})", "encrypted path prefix");
}

TEST(Update, RenameIsRefusedOnEitherSide) {
  for (const char* fields : {R"("ssn": "p")", R"("p": "ssn")", R"("a": "p")", R"("p": "a")"}) {
    expect_update_refused(std::string(R"({"$rename": {)") + fields + "}}",
                          "$rename not allowed on encrypted values");
  }
  expect_update_refused(R"({"$rename": {"p": "billing.x"}})", "encrypted path prefix");
  expect_update_unchanged(R"({"$rename": {"p": "q"}})");
}

TEST(Update, OperatorsThatComputeAreRefused) {
  struct Case {
    const char* name;
    const char* text;
  };
  for (const Case& c : {Case{"$inc", "$inc and $mul not allowed on encrypted values"},
                        Case{"$mul", "$inc and $mul not allowed on encrypted values"},
                        Case{"$min", "$max and $min not allowed on encrypted values"},
                        Case{"$max", "$max and $min not allowed on encrypted values"},
                        Case{"$addToSet", "$addToSet not allowed on encrypted values"},
                        Case{"$pop", "$pop not allowed on encrypted values"},
                        Case{"$pull", "$pull not allowed on encrypted values"},
                        Case{"$pullAll", "$pullAll not allowed on encrypted values"},
                        Case{"$push", "$push not allowed on encrypted values"},
                        Case{"$currentDate", "$currentDate not allowed on encrypted values"},
                        Case{"$bit", "$bit not allowed on encrypted values"}}) {
    for (const char* path : {"ssn", "note", "a", "a.b", "age"}) {
      expect_update_refused(std::string("{\"") + c.name + "\": {\"" + path + "\": 1}}", c.text);
    }
    expect_update_refused(std::string("{\"") + c.name + R"(": {"billing.cc": 1}})",
                          "encrypted path prefix");
    expect_update_unchanged(std::string("{\"") + c.name + R"(": {"p": 1}})");
  }
}

TEST(Update, PositionalOperatorsDoNotReachEncryptedFields) {
  constexpr std::string_view kPositional =
      "Cannot encrypt fields below '$' positional update operator";
  constexpr std::string_view kArray = "Array update operations not allowed on encrypted values";
  expect_update_refused(R"({"$set": {"ssn.$": "x"}})", kPositional);
  expect_update_refused(R"({"$set": {"a.$.b": "x"}})", kPositional);
  expect_update_refused(R"({"$set": {"ssn.$[].x": "x"}})", kArray);
  expect_update_refused(R"({"$set": {"a.$[i].b": "x"}})", kArray);
  expect_refused(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"ssn.$[i].x": 1}}, "arrayFilters": [{"i.x": 1}]}]})",
      kArray);
  expect_update_refused(R"({"$set": {"a.0.b": "x"}})", "fields cannot be encrypted inside arrays");
  expect_update_unchanged(R"({"$set": {"p.$": "x", "q.$[].ssn": "y", "r.0.ssn": "z"}})");
}

TEST(Update, ArrayFiltersOnPlainArraysPass) {
  expect_unchanged(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p.$[i].x": 1}}, "arrayFilters": [{"i.y": {"$gt": 1}, "i.z": 2}]}]})");
  expect_refused(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p.$[i].x": 1}}, "arrayFilters": [{"$where": "x"}]}]})",
      "Unsupported match expression operator");
}

TEST(Update, ArrayFiltersDoNotNameEncryptedFields) {
  expect_refused(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p.$[ssn]": 1}}, "arrayFilters": [{"ssn": "x"}]}]})",
      "Comparison to encrypted fields not supported");
}

TEST(Update, PipelinesAreRefused) {
  expect_update_refused(R"([{"$set": {"p": 1}}])", "Update pipelines are not allowed");
}

TEST(Update, ReplacementsAreStoredLikeInserts) {
  expect_update(R"({"ssn": "x", "a": {"b": "y"}, "p": 1})",
                R"({"ssn": "insert equality ssn x", "a": {"b": "insert equality a.b y"}, "p": 1})");
  expect_update_unchanged("{}");
  expect_update_refused(R"({"note": {"$timestamp": {"t": 0, "i": 0}}})",
                        "A command that inserts cannot supply Timestamp(0, 0) for an encrypted");
  expect_update_refused(R"({"p": 1, "$set": {"ssn": "x"}})",
                        "cannot hold the update operator $set");
  expect_update_refused(R"({"$set": {"ssn": "x"}, "p": 1})", "Unknown modifier: p");
}

TEST(Update, WhatIsNotUnderstoodIsRefused) {
  expect_update_refused(R"({"$frobnicate": {"p": 1}})", "Unknown modifier: $frobnicate");
  expect_update_refused(R"({"$set": "x"})", "Modifiers operate on fields");
  expect_update_refused(R"({"$rename": {"p": 1}})", "$rename takes paths");
  expect_refused(R"({"update": "c", "updates": [{"q": {}, "u": {}, "c": {"x": 1}}]})",
                 "'update.updates.c' is not understood");
  expect_refused(R"({"update": "c", "updates": ["x"]})", "must be an array of documents");
}

TEST(Update, TheFilterIsAnalysedAlsoForUpserts) {
  expect_analysed(
      R"({"update": "c", "updates": [{"q": {"ssn": "x"}, "u": {"$set": {"ssn": "y"}}, "upsert": true, "multi": false}]})",
      R"({"update": "c", "updates": [{"q": {"ssn": {"$eq": "find equality ssn x"}}, "u": {"$set": {"ssn": "insert equality ssn y"}}, "upsert": true, "multi": false}]})");
}

TEST(Update, MultiIsRefused) {
  expect_refused(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p": 1}}, "multi": true}]})",
      "Multi-document updates are not allowed with Queryable Encryption");
}

TEST(Delete, TheFilterIsAnalysedWhateverTheLimit) {
  expect_unchanged(R"({"delete": "c", "deletes": [{"q": {}, "limit": 0}]})");
  expect_analysed(
      R"({"delete": "c", "deletes": [{"q": {"ssn": "x"}, "limit": 1}, {"q": {"ssn": {"$in": ["y"]}}, "limit": 0}]})",
      R"({"delete": "c", "deletes": [{"q": {"ssn": {"$eq": "find equality ssn x"}}, "limit": 1}, {"q": {"ssn": {"$in": ["find equality ssn y"]}}, "limit": 0}]})");
  expect_refused(R"({"delete": "c", "deletes": [{"q": {}, "limit": 0, "x": 1}]})",
                 "'delete.deletes.x'");
}

TEST(FindAndModify, FilterUpdateAndFieldsAreAnalysed) {
  expect_analysed(
      R"({"findAndModify": "c", "query": {"ssn": "x"}, "update": {"$set": {"ssn": "y"}}, "fields": {"ssn": 1}, "sort": {"p": -1}, "new": false})",
      R"({"findAndModify": "c", "query": {"ssn": {"$eq": "find equality ssn x"}}, "update": {"$set": {"ssn": "insert equality ssn y"}}, "fields": {"ssn": 1}, "sort": {"p": -1}, "new": false})");
  expect_analysed(R"({"findAndModify": "c", "query": {"_id": 1}, "remove": true})",
                  R"({"findAndModify": "c", "query": {"_id": {"$eq": 1}}, "remove": true})");
  expect_refused(R"({"findAndModify": "c", "query": {}, "update": [{"$set": {"p": 1}}]})",
                 "Update pipelines are not allowed");
  expect_refused(R"({"findAndModify": "c", "query": {}, "frobnicate": 1})",
                 "'findAndModify.frobnicate'");
}

TEST(Update, ArrayFiltersAreDocuments) {
  testing::expect_refused(
      R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p.$[i]": 1}}, "arrayFilters": ["i"]}]})",
      "arrayFilters takes documents");
}

}  // namespace
}  // namespace quern::analysis
