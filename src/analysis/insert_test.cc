// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_analysed;
using testing::expect_refused;
using testing::expect_unchanged;

void expect_insert(std::string_view document, std::string_view expected) {
  expect_analysed("{\"insert\": \"c\", \"documents\": [" + std::string(document) + "]}",
                  "{\"insert\": \"c\", \"documents\": [" + std::string(expected) + "]}");
}
void expect_insert_unchanged(std::string_view document) { expect_insert(document, document); }
void expect_insert_refused(std::string_view document, std::string_view text) {
  expect_refused("{\"insert\": \"c\", \"documents\": [" + std::string(document) + "]}", text);
}

TEST(Insert, EveryEncryptedPathOfEveryDocumentIsMarked) {
  expect_analysed(
      R"({"insert": "c", "documents": [{"_id": 1, "ssn": "x", "a": {"b": "y", "c": 1}}, {"_id": 2, "ssn": "z"}], "ordered": true})",
      R"({"insert": "c", "documents": [{"_id": 1, "ssn": "insert equality ssn x", "a": {"b": "insert equality a.b y", "c": 1}}, {"_id": 2, "ssn": "insert equality ssn z"}], "ordered": true})");
}

TEST(Insert, AbsentFieldsStayAbsent) {
  expect_insert_unchanged(R"({"_id": 1, "a": {"c": 1, "d": {}}, "p": [{"ssn": "x"}]})");
}

TEST(Insert, AWholeSubdocumentBecomesOneMarking) {
  expect_insert(
      R"({"billing": {"cc": "4111", "x": [1]}})",
      R"({"billing": "insert unindexed billing { \"\" : { \"cc\" : \"4111\", \"x\" : [ 1 ] } }"})");
}

TEST(Insert, RepeatedFieldsAreMarkedEachTime) {
  const bson::Document twice = bson::doc("ssn", "x", "ssn", "y");
  bson::Builder command;
  command.append("insert", "c").open_array("documents").push(twice).close();
  const bson::Document built = command.finish();
  const Analysis analysis = analyse("db", built, testing::schemas());
  EXPECT_EQ(
      bson::to_json(testing::readable(analysis.result)),
      R"({ "insert" : "c", "documents" : [ { "ssn" : "insert equality ssn x", "ssn" : "insert equality ssn y" } ] })");
}

TEST(Insert, ValuesMustHaveTheTypeOfTheField) {
  for (const char* value : {"1", "1.5", "null", "true", R"(["x"])", R"({"x": 1})",
                            R"({"$minKey": 1})", R"({"$maxKey": 1})", R"({"$undefined": true})",
                            R"({"$oid": "000000000000000000000000"})"}) {
    expect_insert_refused(std::string(R"({"ssn": )") + value + "}",
                          "Cannot encrypt element of type: ");
    expect_insert_refused(std::string(R"({"note": )") + value + "}",
                          "Cannot encrypt element of type: ");
  }
  expect_insert_refused(
      R"({"ssn": 1})",
      "Cannot encrypt element of type: int at path 'ssn': the encrypted field has "
      "bsonType string");
  expect_insert_refused(R"({"n": 5})", "Cannot encrypt element of type: int");
  expect_insert_refused(R"({"billing": "x"})", "Cannot encrypt element of type: string");
}

TEST(Insert, ArraysOnTheWayToAnEncryptedFieldAreRefused) {
  expect_insert_refused(R"({"a": [{"b": "x"}]})", "fields cannot be encrypted inside arrays");
  expect_insert_refused(R"({"a": {"d": [{"e": "x"}]}})",
                        "fields cannot be encrypted inside arrays");
  expect_insert_unchanged(R"({"a": 5})");
}

TEST(Insert, NamesWithDotsDoNotPassForPaths) {
  expect_insert_refused(R"({"a.b": "x"})", "spells a path to an encrypted field");
  expect_insert_refused(R"({"a": {"d.e": "x"}})", "spells a path to an encrypted field");
  expect_insert_refused(R"({"billing.cc": "x"})", "spells a path to an encrypted field");
  expect_insert_unchanged(R"({"p.q": "x"})");
}

TEST(Insert, EmptyTimestampsAreRefused) {
  expect_insert_refused(R"({"note": {"$timestamp": {"t": 0, "i": 0}}})",
                        "A command that inserts cannot supply Timestamp(0, 0) for an encrypted");
}

TEST(Insert, ValuesThatAreEncryptedAlreadyAreRefusedAtEncryptedPaths) {
  expect_insert_refused(R"({"a": {"d": {"e": {"$binary": {"base64": "DAAA", "subType": "06"}}}}})",
                        "the value is already encrypted");
  expect_insert_refused(R"({"ssn": {"$binary": {"base64": "DAAA", "subType": "06"}}})",
                        "Cannot encrypt element of type: binData");
  expect_insert_unchanged(R"({"p": {"$binary": {"base64": "DAAA", "subType": "06"}}})");
}

TEST(Insert, MarkingsOfTheCallerAreRefusedEverywhere) {
  for (const char* base64 : {"AwAA", "AAAA"}) {
    const std::string marking =
        std::string(R"({"$binary": {"base64": ")") + base64 + R"(", "subType": "06"}})";
    expect_insert_refused(R"({"p": )" + marking + "}", "already holds an encryption marking");
    expect_insert_refused(R"({"billing": {"p": [)" + marking + "]}}",
                          "already holds an encryption marking");
  }
}

TEST(Insert, QueryTypesOfLaterVersionsAreRefusedByName) {
  expect_insert_refused(R"({"age": 5})", "queryType range, which this version cannot encrypt");
  expect_insert_refused(R"({"title": "x"})", "queryType prefixPreview");
}

TEST(Writes, MayKeepEmptyTimestampsOfPlainFields) {
  expect_unchanged(R"({"insert": "c", "documents": [], "bypassEmptyTsReplacement": true})");
  expect_unchanged(R"({"update": "c", "updates": [], "bypassEmptyTsReplacement": true})");
  expect_unchanged(R"({"findAndModify": "c", "remove": true, "bypassEmptyTsReplacement": true})");
}

TEST(Insert, WhatIsNotUnderstoodIsRefused) {
  expect_insert_refused("5", "insert.documents takes documents");
  expect_refused(R"({"insert": "c", "documents": {}})", "'insert.documents' must be an array");
  expect_refused(R"({"insert": "c", "documents": [], "x": 1})", "'insert.x'");
  expect_unchanged(R"({"insert": "c", "documents": [], "bypassDocumentValidation": true})");
}

}  // namespace
}  // namespace quern::analysis
