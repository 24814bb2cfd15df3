// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypted_collection.h"

#include <gmock/gmock.h>

#include "client/client_fixture.h"
#include "quern/command/reply.h"

namespace quern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EncryptedCollectionTest : public ClientTest {
 protected:
  EncryptedCollectionTest() {
    documents.clear();
    server_schemas.clear();
  }

  const bson::Document wanted = bson::from_json(
      R"({"fields": [{"path": "ssn", "bsonType": "string", "keyId": null,
                      "queries": {"queryType": "equality", "contention": {"$numberLong": "4"}}},
                     {"path": "record.note", "bsonType": "string"}]})");
  const Namespace ns{"clinic", "patients"};
};

TEST_F(EncryptedCollectionTest, IsMadeInTheDriversOrder) {
  const bson::Document fields = create_encrypted_collection(server, vault, ns, wanted);
  const auto calls = server.take_calls();
  ASSERT_EQ(calls.size(), 4u);
  const bson::Document clustered = bson::doc("key", bson::doc("_id", 1), "unique", true);
  EXPECT_EQ(calls[0].command,
            bson::doc("create", "enxcol_.patients.esc", "clusteredIndex", clustered));
  EXPECT_EQ(calls[1].command,
            bson::doc("create", "enxcol_.patients.ecoc", "clusteredIndex", clustered));
  EXPECT_EQ(calls[2].command, bson::doc("create", "patients", "encryptedFields", fields));
  EXPECT_EQ(
      bson::to_json(calls[3].command),
      R"({ "createIndexes" : "patients", "indexes" : [ { "name" : "__safeContent___1", "key" : { "__safeContent__" : 1 } } ] })");
}

TEST_F(EncryptedCollectionTest, EveryFieldGetsTheKeyOfItsName) {
  const bson::Document fields = create_encrypted_collection(server, vault, ns, wanted);
  EXPECT_EQ(fields.view().at_path("fields.0.keyId").as_uuid(), vault.find("patients.ssn")->id);
  EXPECT_EQ(fields.view().at_path("fields.1.keyId").as_uuid(),
            vault.find("patients.record.note")->id);
  EXPECT_EQ(fields.view().at_path("fields.0.path").as_string(), "ssn");
  EXPECT_EQ(fields.view().at_path("fields.0.queries.contention").as_int64(), 4);
}

TEST_F(EncryptedCollectionTest, AGivenKeyIsKept) {
  const Uuid id = vault.create({.alt_names = {"mine"}});
  const bson::Document given = bson::doc(
      "fields", bson::array(bson::doc("keyId", id, "path", "a", "bsonType", "string"),
                            bson::doc("keyAltName", "yours", "path", "b", "bsonType", "string")));
  const bson::Document fields = complete_encrypted_fields(vault, ns, given);
  EXPECT_EQ(fields.view().at_path("fields.0.keyId").as_uuid(), id);
  EXPECT_EQ(fields.view().at_path("fields.1.keyId").as_uuid(), vault.find("yours")->id);
  EXPECT_EQ(documents.size(), 2u);
}

TEST_F(EncryptedCollectionTest, RunningAgainMakesNoSecondKey) {
  const bson::Document first = create_encrypted_collection(server, vault, ns, wanted);
  server.set_answer([&](std::string_view, bson::View command) {
    if (command.front().key() == "create") {
      return bson::doc("ok", 0.0, "code", 48, "codeName", "NamespaceExists", "errmsg", "exists");
    }
    if (command.front().key() != "listCollections") return bson::doc("ok", 1.0);
    return bson::doc("cursor",
                     bson::doc("id", std::int64_t{0}, "ns", "x", "firstBatch",
                               bson::array(bson::doc("name", "patients", "options",
                                                     bson::doc("encryptedFields", first)))),
                     "ok", 1.0);
  });
  EXPECT_EQ(create_encrypted_collection(server, vault, ns, wanted), first);
  EXPECT_EQ(documents.size(), 2u);
}

TEST_F(EncryptedCollectionTest, ACollectionOfAnotherSchemaIsNotTakenOver) {
  server.set_answer([&](std::string_view, bson::View command) {
    if (command.front().key() == "create" && command.front().as_string() == "patients") {
      return bson::doc("ok", 0.0, "code", 48, "codeName", "NamespaceExists", "errmsg", "exists");
    }
    return bson::doc(
        "cursor",
        bson::doc("id", std::int64_t{0}, "ns", "x", "firstBatch",
                  bson::array(bson::doc("name", "patients", "options", bson::Document()))),
        "ok", 1.0);
  });
  const Error error = error_of([&] { create_encrypted_collection(server, vault, ns, wanted); });
  EXPECT_TRUE(error.is(ErrorCode::kNamespaceExists));
  EXPECT_THAT(error.what(), HasSubstr("clinic.patients exists without encrypted fields"));
}

TEST_F(EncryptedCollectionTest, AFaultySchemaCreatesNothing) {
  const bson::Document faulty =
      bson::from_json(R"({"fields": [{"path": "_id", "bsonType": "string"}]})");
  EXPECT_EQ(error_of([&] { create_encrypted_collection(server, vault, ns, faulty); }).code(),
            6316403);
  EXPECT_EQ(server.call_count(), 0u);
  EXPECT_TRUE(documents.empty()) << "no data key either";
}

TEST_F(EncryptedCollectionTest, FieldsThatCannotBeEncryptedYetCreateNothing) {
  const bson::Document ranged = bson::from_json(
      R"({"fields": [{"path": "age", "bsonType": "int", "queries": {"queryType": "range"}}]})");
  EXPECT_THROW(create_encrypted_collection(server, vault, ns, ranged), NotSupported);
  EXPECT_EQ(server.call_count(), 0u);
  EXPECT_TRUE(documents.empty());
}

TEST_F(EncryptedCollectionTest, FurtherOptionsGoAlong) {
  create_encrypted_collection(server, vault, ns, wanted,
                              {.create_options = bson::doc("comment", "x")});
  EXPECT_EQ(server.take_calls()[2].command["comment"].as_string(), "x");
}

TEST_F(EncryptedCollectionTest, WorksThroughAnEncryptingRunner) {
  EncryptingRunner runner(server, cache);
  create_encrypted_collection(runner, vault, ns, wanted);
  EXPECT_THAT(sent_names(),
              ElementsAre("create", "create", "create", "listCollections", "createIndexes"));
}

TEST_F(EncryptedCollectionTest, StateCollectionsAreDroppedFirst) {
  server.set_answer([](std::string_view, bson::View) {
    return bson::doc("ok", 0.0, "code", 26, "codeName", "NamespaceNotFound", "errmsg",
                     "ns not found");
  });
  drop_encrypted_collection(server, ns);
  std::vector<std::string> dropped;
  for (const auto& call : server.take_calls())
    dropped.emplace_back(call.command["drop"].as_string());
  EXPECT_THAT(dropped, ElementsAre("enxcol_.patients.esc", "enxcol_.patients.ecoc",
                                   "enxcol_.patients.ecoc.compact", "patients"));
}

TEST_F(EncryptedCollectionTest, OtherErrorsOfADropAreReported) {
  server.set_answer([](std::string_view, bson::View) {
    return bson::doc("ok", 0.0, "code", 13, "codeName", "Unauthorized", "errmsg", "no");
  });
  EXPECT_THROW(drop_encrypted_collection(server, ns), DatabaseError);
}

}  // namespace
}  // namespace quern::client
