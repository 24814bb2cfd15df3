// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/encryption_information.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/encrypted_collection.h"

namespace quern::engine::qe {
namespace {

using bson::doc;
using bson::Document;
using testing::code_of;

class Information : public testing::EncryptedCollection {
 protected:
  static std::optional<EncryptionInformation> parse(const char* json) {
    const Document command = doc("find", "people", "encryptionInformation", bson::from_json(json));
    return EncryptionInformation::parse(command);
  }
  static int refused(const char* json) {
    return code_of([&] { parse(json); });
  }
  int refused_fields(const char* json) {
    return code_of([&] { parse(json)->fields(ns); });
  }
};

TEST_F(Information, IsAbsentWhenTheCommandHasNone) {
  EXPECT_FALSE(EncryptionInformation::parse(doc("find", "people")).has_value());
}

TEST_F(Information, GivesTheSchemaOfANamespace) {
  const Document command = doc("find", "people", "encryptionInformation",
                               doc("type", 1, "schema", doc("db.people", schema_document())));
  auto information = EncryptionInformation::parse(command);
  EXPECT_NE(information->fields(ns).find("ssn"), nullptr);
  EXPECT_EQ(information->find({"db", "other"}), nullptr);
}

TEST_F(Information, ThatSaysWhatTheCatalogSaysIsNotParsedAgain) {
  const Document command = doc("find", "people", "encryptionInformation",
                               doc("type", 1, "schema", doc("db.people", schema_document())));
  EXPECT_EQ(&EncryptionInformation::parse(command)->fields(ns, &fields), &fields);
  const schema::EncryptedFields other =
      schema::EncryptedFields::parse(bson::from_json(R"({"fields": []})").view(), "people");
  EXPECT_NE(&EncryptionInformation::parse(command)->fields(ns, &other), &other);
}

TEST_F(Information, WithoutFieldsIsLikeNoSchemaForPipelines) {
  auto information = parse(R"({"schema": {"db.people": {"fields": [],
      "escCollection": "enxcol_.people.esc", "ecocCollection": "enxcol_.people.ecoc"}}})");
  EXPECT_EQ(information->find(ns), nullptr);
}

TEST_F(Information, IsReadStrictly) {
  EXPECT_EQ(refused(R"({"schema": {}})"), 0);
  EXPECT_EQ(refused(R"({"schema": {}, "crudProcessed": false})"), 0);
  EXPECT_EQ(refused(R"({"schema": {}, "unknown": 1})"), 40415);
  EXPECT_EQ(refused(R"({"type": 1})"), 40414);
  EXPECT_EQ(refused(R"({"type": 1, "schema": {}})"), 0);
  EXPECT_EQ(refused(R"({"type": 2, "schema": {}})"), 2);
  EXPECT_EQ(refused(R"({"type": "1", "schema": {}})"), 14);
  EXPECT_EQ(refused(R"({"schema": 1})"), 14);
  EXPECT_EQ(refused(R"({"schema": {}, "crudProcessed": true})"), 6666201);
}

TEST_F(Information, IsADocumentOrNull) {
  EXPECT_FALSE(
      EncryptionInformation::parse(doc("find", "people", "encryptionInformation", bson::Null{}))
          .has_value());
  try {
    EncryptionInformation::parse(doc("find", "people", "encryptionInformation", "x"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kTypeMismatch));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'encryptionInformation' is the wrong type"));
  }
}

TEST_F(Information, ChecksASchemaWhenItIsNeeded) {
  EXPECT_EQ(refused_fields(R"({"schema": {}})"), 6371205);
  EXPECT_EQ(refused_fields(R"({"schema": {"db.people": 1}})"), 6371205);
  EXPECT_EQ(refused_fields(R"({"schema": {"db.people": {"fields": []}}})"), 6371207);
  EXPECT_EQ(refused_fields(R"({"schema": {"db.people": {"fields": [],
      "escCollection": "enxcol_.people.esc"}}})"),
            6371208);
  EXPECT_EQ(refused_fields(R"({"schema": {"db.people": {"fields": [], "escCollection": "x",
      "ecocCollection": "y"}}})"),
            7406900);
}

}  // namespace
}  // namespace quern::engine::qe
