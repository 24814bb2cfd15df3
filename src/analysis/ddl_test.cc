// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_refused;
using testing::expect_unchanged;

constexpr std::string_view kComparison = "Comparison to encrypted fields not supported";

// Every place of a filter that the server applies by itself.
void expect_validator_unchanged(const std::string& filter) {
  expect_unchanged(R"({"create": "c", "validator": )" + filter + "}");
  expect_unchanged(R"({"collMod": "c", "validator": )" + filter + "}");
  expect_unchanged(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "p_1", "partialFilterExpression": )" +
      filter + "}]}");
}
void expect_validator_refused(const std::string& filter, std::string_view text) {
  expect_refused(R"({"create": "c", "validator": )" + filter + "}", text);
  expect_refused(R"({"collMod": "c", "validator": )" + filter + "}", text);
  expect_refused(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "p_1", "partialFilterExpression": )" +
          filter + "}]}",
      text);
}

TEST(Validator, PlainConditionsGoOutAsTheyCame) {
  expect_validator_unchanged(R"({"p": {"$gt": 1}, "q": "x"})");
  expect_validator_unchanged(R"({"ssn": {"$exists": true}})");
  expect_validator_unchanged(R"({"$expr": {"$gt": ["$p", 1]}})");
}

TEST(Validator, ComparisonsWithEncryptedFieldsAreRefused) {
  for (const char* filter :
       {R"({"ssn": "x"})", R"({"ssn": {"$in": ["x"]}})", R"({"ssn": {"$gt": "x"}})",
        R"({"ssn": {"$type": "string"}})", R"({"note": "x"})", R"({"age": {"$lt": 5}})",
        R"({"$and": [{"p": 1}, {"a.b": {"$ne": "x"}}]})", R"({"ssn": {"$not": {"$eq": "x"}}})",
        R"({"$expr": {"$eq": ["$ssn", "x"]}})"}) {
    expect_validator_refused(filter, kComparison);
  }
}

TEST(Validator, JsonSchemaMayNotSpeakOfEncryptedFields) {
  const auto create = [](const std::string& schema) {
    return R"({"create": "c", "validator": {"$jsonSchema": )" + schema + "}}";
  };
  expect_unchanged(create(
      R"({"bsonType": "object", "required": ["p"], "properties": {"p": {"enum": [1, 2]}, "a": {"properties": {"c": {"bsonType": "int"}}}}})"));
  expect_unchanged(
      R"({"collMod": "c", "validator": {"$and": [{"$jsonSchema": {"required": ["p"]}}, {"p": 1}]}})");
  for (const char* schema :
       {R"({"properties": {"ssn": {"enum": ["x"]}}})",
        R"({"properties": {"a": {"properties": {"b": {}}}}})", R"({"required": ["ssn"]})",
        R"({"properties": {"a": {"required": ["b"]}}})"}) {
    expect_refused(create(schema), kComparison);
  }
  for (const char* schema :
       {R"({"enum": [{"ssn": "x"}]})", R"({"anyOf": [{"properties": {"ssn": {"enum": ["x"]}}}]})",
        R"({"patternProperties": {"s": {"enum": ["x"]}}})",
        R"({"additionalProperties": {"enum": ["x"]}})",
        R"({"properties": {"a": {"not": {"required": ["b"]}}}})"}) {
    expect_refused(create(schema), "cannot be used for a document with encrypted fields");
  }
  expect_refused(create(R"({"properties": {"p": {"encrypt": {}}}})"),
                 "keyword 'encrypt' cannot be used");
  expect_refused(create(R"({"encryptMetadata": {}})"), "keyword 'encryptMetadata' cannot be used");
  expect_refused(create(R"({"properties": {"p": {"properties": {"x": {"encrypt": {}}}}}})"),
                 "keyword 'encrypt' cannot be used");
  expect_refused(create(R"({"properties": {"p": {"anyOf": [{"encrypt": {}}]}}})"),
                 "keyword 'encrypt' cannot be used");
  for (const char* flag : {"true", "false"}) {
    expect_unchanged(
        create(R"({"properties": {}, "additionalProperties": )" + std::string(flag) + "}"));
  }
  expect_refused(R"({"create": "c", "validator": {"$or": [{"$jsonSchema": {}}]}})",
                 "Unsupported match expression operator for encryption");
}

TEST(Create, OptionsPass) {
  expect_unchanged(
      R"({"create": "c", "encryptedFields": {"fields": []}, "clusteredIndex": {"key": {"_id": 1}, "unique": true},
          "expireAfterSeconds": 5, "collation": {"locale": "en"}, "validationLevel": "strict",
          "validationAction": "error", "capped": false, "size": 1, "max": 1})");
  expect_refused(R"({"create": "c", "frobnicate": 1})", "'create.frobnicate'");
  for (const std::string name : {"clusteredIndex", "collation", "idIndex", "timeseries"}) {
    expect_refused(R"({"create": "c", ")" + name + R"(": {"ssn": "x"}})", "'" + name + ".ssn'");
  }
}

TEST(Create, ViewsOverEncryptedCollectionsAreRefused) {
  expect_refused(R"({"create": "plain", "viewOn": "c", "pipeline": [{"$match": {"ssn": "x"}}]})",
                 "views over collections with encrypted fields are not supported");
  expect_refused(R"({"collMod": "plain", "viewOn": "c", "pipeline": []})",
                 "views over collections");
  expect_refused(
      R"({"create": "plain", "viewOn": "plain2", "pipeline": [{"$lookup": {"from": "c", "as": "o", "pipeline": []}}]})",
      "views over collections");
  expect_unchanged(R"({"create": "plain", "viewOn": "plain2", "pipeline": []})");
}

TEST(CreateIndexes, KeysPassAlsoOnEncryptedFields) {
  expect_unchanged(
      R"({"createIndexes": "c", "indexes": [{"key": {"__safeContent__": 1}, "name": "s"}, {"key": {"ssn": 1, "p": "hashed"}, "name": "x", "unique": true, "sparse": true, "expireAfterSeconds": 1, "hidden": false}], "commitQuorum": "majority"})");
  expect_refused(R"({"createIndexes": "c", "indexes": [{"key": {"ssn": "x"}, "name": "x"}]})",
                 "'key.ssn' must be a direction");
  expect_refused(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", "frobnicate": 1}]})",
      "'createIndexes.indexes.frobnicate'");
  expect_refused(R"({"createIndexes": "c", "indexes": ["x"]})", "takes documents");
}

TEST(CreateIndexes, WildcardProjectionsMayBeNested) {
  expect_unchanged(
      R"({"createIndexes": "c", "indexes": [{"key": {"$**": 1}, "name": "x", "wildcardProjection": {"a": {"b": 1, "d": {"e": true}}, "_id": 0}}]})");
  for (const char* projection : {R"({"a": {"b": "x"}})", R"({"a": {"d": {"e": [1]}}})",
                                 R"({"ssn": "text"})", R"({"a": {"b": {"$meta": "textScore"}}})"}) {
    expect_refused(
        fmt::format(
            R"({{"createIndexes": "c", "indexes": [{{"key": {{"$**": 1}}, "name": "x", "wildcardProjection": {}}}]}})",
            projection),
        "must be a direction");
  }
}

TEST(CreateIndexes, OptionsOfOldIndexesPass) {
  expect_unchanged(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", "dropDups": true, "bucketSize": 1}]})");
}

TEST(CreateIndexes, TextIndexesWeighPlainFields) {
  expect_unchanged(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": "text"}, "name": "x", "weights": {"p": 10}}]})");
  expect_refused(
      R"({"createIndexes": "c", "indexes": [{"key": {"p": "text"}, "name": "x", "weights": {"ssn": 10}}]})",
      "A text index cannot weigh the encrypted field 'ssn'");
}

TEST(CollMod, OptionsPass) {
  expect_unchanged(
      R"({"collMod": "c", "index": {"keyPattern": {"p": 1}, "hidden": true}, "validationLevel": "off", "expireAfterSeconds": 5})");
  expect_refused(R"({"collMod": "c", "index": {"keyPattern": {"ssn": "x"}}})",
                 "must be a direction");
  expect_refused(R"({"collMod": "c", "index": {"name": "x", "ssn": "x"}})", "'collMod.index.ssn'");
  expect_refused(R"({"collMod": "c", "index": "x"})", "must be a document");
  expect_refused(R"({"collMod": "c", "encryptedFields": {}})", "'collMod.encryptedFields'");
}

}  // namespace
}  // namespace quern::analysis
