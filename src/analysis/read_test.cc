// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_analysed;
using testing::expect_refused;
using testing::expect_unchanged;

TEST(Find, MembersThatHoldNoValuesPass) {
  expect_unchanged(
      R"({"find": "c", "filter": {}, "skip": 1, "limit": 2, "batchSize": 3, "singleBatch": true,
          "returnKey": false, "showRecordId": false, "tailable": false, "awaitData": false,
          "noCursorTimeout": false, "allowPartialResults": false, "allowDiskUse": true,
          "collation": {"locale": "en"}, "sort": {"ssn": 1, "p": -1}, "hint": "p_1"})");
  expect_unchanged(R"({"find": "c"})");
}

TEST(Find, SessionsConcernsAndCommentsPass) {
  expect_unchanged(
      R"({"find": "c", "filter": {}, "lsid": {"id": 1}, "txnNumber": 1, "startTransaction": true,
          "autocommit": false, "$clusterTime": {}, "readConcern": {"level": "local"},
          "writeConcern": {"w": 1}, "comment": "why", "maxTimeMS": 5, "apiVersion": "1",
          "apiStrict": true, "apiDeprecationErrors": true, "$readPreference": {"mode": "primary"},
          "$db": "db"})");
}

TEST(Find, UnknownMembersAreRefused) {
  expect_refused(R"({"find": "c", "filter": {}, "query": {"ssn": "x"}})",
                 "'find.query' is not understood by automatic encryption.");
  expect_refused(R"({"find": "c", "filter": "x"})", "'find.filter' must be a document, not string");
}

TEST(Find, SortAndHintHoldDirectionsOnly) {
  for (const std::string direction : {"1", "0", "-1", "1.0", "true"}) {
    expect_unchanged(R"({"find": "c", "sort": {"ssn": )" + direction + "}}");
  }
  for (const std::string value :
       {"\"x\"", "2", "-2", "0.5", "null", R"({"a": 1, "$meta": "textScore"})"}) {
    expect_refused(R"({"find": "c", "sort": {"ssn": )" + value + "}}",
                   "'sort.ssn' must be a direction");
  }
  expect_refused(R"({"find": "c", "hint": {"ssn": {"$gt": "x"}}})",
                 "'hint.ssn' must be a direction");
  expect_unchanged(
      R"({"find": "c", "sort": {"score": {"$meta": "textScore"}}, "hint": {"p": "hashed"}})");
}

TEST(Find, IndexBoundsOnEncryptedFieldsAreRefused) {
  expect_unchanged(R"({"find": "c", "min": {"p": 1}, "max": {"p": 5}, "hint": {"p": 1}})");
  expect_refused(R"({"find": "c", "min": {"ssn": "x"}})",
                 "min cannot bound an index scan on the encrypted field 'ssn'");
  expect_refused(R"({"find": "c", "max": {"a": {"b": "x"}}})",
                 "max cannot bound an index scan on the encrypted field 'a'");
}

TEST(Find, ProjectionPassesFieldsAndRefusesToLookInsideArraysAboveThem) {
  expect_unchanged(R"({"find": "c", "projection": {"ssn": 1, "a.b": 1, "_id": 0}})");
  expect_unchanged(R"({"find": "c", "projection": {"ssn": 0, "a": 0}})");
  expect_unchanged(R"({"find": "c", "projection": {"x": "$ssn", "y": {"$add": ["$p", 1]}}})");
  expect_unchanged(
      R"({"find": "c", "projection": {"p.$": 1, "q": {"$slice": 5}, "r": {"$elemMatch": {"x": 1}}}})");
  expect_unchanged(R"({"find": "c", "projection": {"score": {"$meta": "textScore"}}})");
  for (const char* projection :
       {R"({"ssn.$": 1})", R"({"a.$": 1})", R"({"ssn": {"$slice": 5}})", R"({"a": {"$slice": 5}})",
        R"({"a": {"$elemMatch": {"b": "x"}}})", R"({"ssn": {"$elemMatch": {"$eq": "x"}}})"}) {
    expect_refused(std::string(R"({"find": "c", "projection": )") + projection + "}",
                   "Projection of array elements is not allowed");
  }
  for (const char* operators :
       {R"({"$slice": 1, "x": "$ssn"})", R"({"$slice": 1, "$elemMatch": {"x": 1}})",
        R"({"$elemMatch": {"x": 1}, "$elemMatch": {"x": "v"}})"}) {
    expect_refused(std::string(R"({"find": "c", "projection": {"p": )") + operators + "}}",
                   "BSON field 'p.");
  }
  expect_refused(R"({"find": "c", "projection": {"x": {"$type": "$ssn"}}})",
                 "Invalid reference to an encrypted field within aggregate expression: ssn");
  expect_refused(R"({"find": "c", "projection": {"x": {"$eq": ["$ssn", "x"]}}})",
                 "is supported only in a filter");
  expect_refused(R"({"find": "c", "projection": {"ssn": "x"}})",
                 "A constant cannot take the place");
  expect_refused(R"({"find": "c", "projection": {"ssn": 4711}})",
                 "A constant cannot take the place");
  expect_refused(R"({"find": "c", "projection": {"billing.cc": 1}})", "encrypted path prefix");
}

TEST(Find, LetNamesPlainVariables) {
  expect_unchanged(
      R"({"find": "c", "filter": {"$expr": {"$eq": ["$p", "$$v"]}}, "let": {"v": 1}})");
  expect_refused(
      R"({"find": "c", "filter": {"$expr": {"$eq": ["$ssn", "$$v"]}}, "let": {"v": "x"}})",
      "non-constant expressions; field 'ssn' is encrypted.");
  expect_refused(R"({"find": "c", "let": {"v": "$ssn"}})", "cannot read fields");
}

TEST(Count, TheQueryIsAnalysed) {
  expect_analysed(
      R"({"count": "c", "query": {"ssn": "x"}, "limit": 1, "skip": 0, "hint": "p_1"})",
      R"({"count": "c", "query": {"ssn": {"$eq": "find equality ssn x"}}, "limit": 1, "skip": 0, "hint": "p_1"})");
  expect_refused(R"({"count": "c", "fields": {"ssn": "x"}})", "'count.fields'");
}

TEST(Distinct, IsRefusedOnEncryptedCollectionsOnly) {
  expect_refused(R"({"distinct": "c", "key": "p", "query": {}})",
                 "The command distinct is not supported on a collection with fields encrypted");
  expect_unchanged(R"({"distinct": "plain", "key": "p", "query": {}})");
}

TEST(Aggregate, MembersThatHoldNoValuesPass) {
  expect_unchanged(
      R"({"aggregate": "c", "pipeline": [], "cursor": {"batchSize": 5}, "allowDiskUse": true,
          "bypassDocumentValidation": false, "collation": {"locale": "en"}, "hint": {"p": 1},
          "let": {"v": 1}, "explain": false})");
  expect_refused(R"({"aggregate": "c", "pipeline": [], "cursor": {}, "isMapReduceCommand": true})",
                 "'aggregate.isMapReduceCommand'");
  expect_refused(R"({"aggregate": "c", "pipeline": "x", "cursor": {}})",
                 "'aggregate.pipeline' must be an array");
}

}  // namespace
}  // namespace quern::analysis
