// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/ddl.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/encrypted_collection.h"
#include "quern/bson/json.h"

namespace quern::engine::qe {
namespace {

using bson::doc;
using bson::Document;
using testing::code_of;

// A create command: options and the queryType of the only field.
Document create_command(const char* options = "{}", const char* query_type = "equality") {
  bson::Builder b;
  b.append("create", "people").append_all(bson::from_json(options));
  b.open_document("encryptedFields").open_array("fields").push_document();
  b.append("path", "ssn").append("bsonType", "string").append("keyId", Uuid::from_bytes(Bytes(16)));
  b.open_document("queries").append("queryType", query_type).close().close().close().close();
  return b.finish();
}

int create(const char* options) {
  return code_of([&] { check_create("people", create_command(options)); });
}

TEST(CreateEncrypted, FillsInTheStateCollections) {
  const auto fields = check_create("people", create_command());
  ASSERT_TRUE(fields.has_value());
  EXPECT_EQ(fields->to_bson()["escCollection"].as_string(), "enxcol_.people.esc");
  EXPECT_EQ(fields->to_bson()["ecocCollection"].as_string(), "enxcol_.people.ecoc");
}

TEST(CreateEncrypted, WithNullIsAPlainCollection) {
  EXPECT_FALSE(check_create("people", doc("create", "people")).has_value());
  EXPECT_FALSE(
      check_create("people", doc("create", "people", "encryptedFields", bson::Null{})).has_value());
}

TEST(CreateEncrypted, RefusesOptionsThatDoNotGoTogether) {
  EXPECT_EQ(create("{}"), 0);
  EXPECT_EQ(create(R"({"validationAction": "error", "validationLevel": "strict"})"), 0);
  EXPECT_EQ(create(R"({"capped": true, "size": 1000})"), 6367301);
  EXPECT_EQ(create(R"({"viewOn": "other"})"), 6346401);
  EXPECT_EQ(create(R"({"timeseries": {"timeField": "t"}})"), 6346401);
  EXPECT_EQ(create(R"({"validationAction": "warn"})"), 2);
  EXPECT_EQ(create(R"({"validationLevel": "off"})"), 2);
  EXPECT_EQ(create(R"({"validationLevel": "moderate"})"), 2);
}

TEST(CreateEncrypted, RefusesClientSideSchemasButNotPropertiesCalledEncrypt) {
  EXPECT_EQ(create(R"({"validator": {"$jsonSchema": {"properties": {"a": {"encrypt": {}}}}}})"),
            224);
  EXPECT_EQ(create(R"({"validator": {"$and": [{"$jsonSchema": {"properties":
                   {"a": {"properties": {"b": {"encryptMetadata": {}}}}}}}]}})"),
            224);
  EXPECT_EQ(create(R"({"validator": {"$jsonSchema": {"properties": {"encrypt":
                   {"bsonType": "string"}}}}})"),
            0);
}

TEST(CreateEncrypted, RefusesAMalformedSchema) {
  EXPECT_EQ(code_of([] { check_create("people", doc("create", "people", "encryptedFields", 1)); }),
            14);
  EXPECT_EQ(
      code_of([] { check_create("people", doc("create", "people", "encryptedFields", doc())); }),
      40414);
}

TEST(CreateEncrypted, RefusesQueryTypesThatTheEngineCannotAnswer) {
  bson::Builder b;
  b.append("create", "people").open_document("encryptedFields").open_array("fields");
  b.push_document().append("path", "age").append("bsonType", "int");
  b.append("keyId", Uuid::from_bytes(Bytes(16)));
  b.open_document("queries").append("queryType", "range").append("min", 0).append("max", 200);
  const Document command = b.close().close().close().close().finish();
  try {
    check_create("people", command);
    FAIL() << "no error";
  } catch (const NotSupported& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("range"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("age"));
  }
}

int index(const char* spec) {
  static const schema::EncryptedFields fields = [] {
    bson::Builder b;
    b.open_array("fields").push_document().append("path", "a.b").append("bsonType", "string");
    b.append("keyId", Uuid::from_bytes(Bytes(16))).close().close();
    return schema::EncryptedFields::parse(b.finish(), "people");
  }();
  const Document document = bson::from_json(spec);
  return code_of([&] { check_index(fields, document); });
}

TEST(IndexOfEncrypted, MayNotTouchEncryptedPaths) {
  EXPECT_EQ(index(R"({"key": {"a.b": 1}})"), 6346502);
  EXPECT_EQ(index(R"({"key": {"a": 1}})"), 6346502);
  EXPECT_EQ(index(R"({"key": {"a.b.c": 1}})"), 6346502);
  EXPECT_EQ(index(R"({"key": {"x": 1, "a.b": -1}})"), 6346502);
  EXPECT_EQ(index(R"({"key": {"a.$**": 1}})"), 6346502);
  EXPECT_EQ(index(R"({"key": {"a.b.$**": 1}})"), 6346502);
}

TEST(IndexOfEncrypted, MayBeOnSiblingsTagsAndWholeDocuments) {
  EXPECT_EQ(index(R"({"key": {"a.c": 1}})"), 0);
  EXPECT_EQ(index(R"({"key": {"ab": 1}})"), 0);
  EXPECT_EQ(index(R"({"key": {"a.bc": 1}})"), 0);
  EXPECT_EQ(index(R"({"key": {"$**": 1}})"), 0);
  EXPECT_EQ(index(R"({"key": {"__safeContent__": 1}})"), 0);
}

TEST(IndexOfEncrypted, MayNotExpireDocuments) {
  EXPECT_EQ(index(R"({"key": {"x": 1}, "expireAfterSeconds": 10})"), 6346501);
}

TEST(RenameOfEncrypted, IsRefused) {
  EXPECT_EQ(code_of([] { check_rename(false, false); }), 0);
  EXPECT_EQ(code_of([] { check_rename(true, false); }), 20);
  EXPECT_EQ(code_of([] { check_rename(false, true); }), 20);
}

TEST(StateCollections, AreKnownByTheirNames) {
  EXPECT_TRUE(is_state_collection("enxcol_.c.esc"));
  EXPECT_TRUE(is_state_collection("enxcol_.c.ecc"));
  EXPECT_TRUE(is_state_collection("enxcol_.c.ecoc"));
  EXPECT_TRUE(is_state_collection("enxcol_.c.ecoc.compact"));
  EXPECT_FALSE(is_state_collection("enxcol_.c.other"));
  EXPECT_FALSE(is_state_collection("c.esc"));
}

}  // namespace
}  // namespace quern::engine::qe
