// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypting_runner.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "client/client_fixture.h"
#include "keyvault/client_encryption.h"

namespace quern::client {
namespace {

using bson::BlobSubtype;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EncryptingRunnerTest : public ClientTest {
 protected:
  // What the server gets for a command.
  bson::Document encrypted(const bson::Document& command) {
    runner.run("clinic", command);
    return sent();
  }
  static bson::Document json(std::string_view text) { return bson::from_json(text); }
  // The answer of a find with one document.
  static bson::Document batch(const bson::Document& document,
                              std::string_view name = "firstBatch") {
    return bson::doc(
        "cursor",
        bson::doc("id", std::int64_t{0}, "ns", "clinic.patients", name, bson::array(document)),
        "ok", 1.0);
  }

  EncryptingRunner runner = pinned_runner();
};

TEST_F(EncryptingRunnerTest, AnInsertIsEncryptedFieldByField) {
  const bson::Document command = encrypted(json(
      R"({"insert": "patients", "documents": [
          {"_id": 1, "name": "Ann", "ssn": "123", "record": {"note": "n", "room": 4}, "age": 7},
          {"_id": 2, "ssn": "124"}], "ordered": true})"));
  EXPECT_EQ(blob(command, "documents.0.ssn"), BlobSubtype::kInsertUpdatePayloadV2);
  EXPECT_EQ(blob(command, "documents.0.record.note"), BlobSubtype::kUnindexedValueV2);
  EXPECT_EQ(blob(command, "documents.0.age"), BlobSubtype::kInsertUpdatePayloadV2);
  EXPECT_EQ(blob(command, "documents.1.ssn"), BlobSubtype::kInsertUpdatePayloadV2);
  EXPECT_EQ(command.view().at_path("documents.0.name").as_string(), "Ann");
  EXPECT_EQ(command.view().at_path("documents.0.record.room").as_int32(), 4);
  EXPECT_TRUE(command["ordered"].as_bool());
}

TEST_F(EncryptingRunnerTest, TheServerIsToldTheSchemaOfWhatItMustIndex) {
  const bson::Document command =
      encrypted(json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  const bson::View information = command["encryptionInformation"].as_document();
  EXPECT_EQ(information["type"].as_int32(), 1);
  const bson::View schema = information["schema"].as_document()["clinic.patients"].as_document();
  EXPECT_EQ(schema["escCollection"].as_string(), "enxcol_.patients.esc");
  EXPECT_EQ(schema["ecocCollection"].as_string(), "enxcol_.patients.ecoc");
  EXPECT_EQ(schema.at_path("fields.0.keyId").as_uuid(), ssn_key);
}

TEST_F(EncryptingRunnerTest, ReadsAndInsertsCarryTheSchemaOnlyWithAPayload) {
  for (const char* command : {
           R"({"find": "patients", "filter": {"name": "Ann"}})",
           R"({"count": "patients", "query": {"name": "Ann"}})",
           R"({"aggregate": "patients", "pipeline": [{"$match": {"name": "Ann"}}], "cursor": {}})",
           R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})",
       }) {
    EXPECT_FALSE(encrypted(json(command)).view().contains("encryptionInformation")) << command;
  }
  for (const char* command : {
           R"({"find": "patients", "filter": {"ssn": "123"}})",
           R"({"count": "patients", "query": {"ssn": "123"}})",
           R"({"aggregate": "patients", "pipeline": [{"$match": {"ssn": "123"}}], "cursor": {}})",
       }) {
    EXPECT_TRUE(encrypted(json(command)).view().contains("encryptionInformation")) << command;
  }
}

TEST_F(EncryptingRunnerTest, WritesOfOtherKindsAlwaysCarryTheSchema) {
  for (const char* command : {
           R"({"update": "patients", "updates": [{"q": {"_id": 1}, "u": {"$set": {"x": 1}}}]})",
           R"({"delete": "patients", "deletes": [{"q": {"_id": 1}, "limit": 1}]})",
           R"({"findAndModify": "patients", "query": {"_id": 1}, "remove": true})",
       }) {
    EXPECT_TRUE(encrypted(json(command)).view().contains("encryptionInformation")) << command;
  }
}

TEST_F(EncryptingRunnerTest, AnExplainedCommandCarriesTheSchemaInside) {
  const bson::Document command = encrypted(json(
      R"({"explain": {"find": "patients", "filter": {"ssn": "123"}}, "verbosity": "queryPlanner"})"));
  EXPECT_TRUE(command.view().at_path("explain.encryptionInformation.schema").is_document());
  EXPECT_FALSE(command.view().contains("encryptionInformation"));
  EXPECT_EQ(command["verbosity"].as_string(), "queryPlanner");
}

TEST_F(EncryptingRunnerTest, DefinitionsOfCollectionsNeverCarryIt) {
  for (const char* command : {
           R"({"createIndexes": "patients", "indexes": [{"key": {"name": 1}, "name": "n"}]})",
           R"({"collMod": "patients", "validationLevel": "strict"})",
       }) {
    EXPECT_FALSE(encrypted(json(command)).view().contains("encryptionInformation")) << command;
  }
}

TEST_F(EncryptingRunnerTest, AValueIsFoundByAFindPayload) {
  const bson::Document command =
      encrypted(json(R"({"find": "patients", "filter": {"ssn": {"$in": ["123", "124"]}}})"));
  EXPECT_EQ(blob(command, "filter.ssn.$in.0"), BlobSubtype::kFindEqualityPayloadV2);
  EXPECT_EQ(blob(command, "filter.ssn.$in.1"), BlobSubtype::kFindEqualityPayloadV2);
}

TEST_F(EncryptingRunnerTest, SessionMembersPassThrough) {
  const bson::Document command =
      encrypted(json(R"({"insert": "patients", "documents": [{"ssn": "1"}], "lsid": {"id": 1},
               "txnNumber": {"$numberLong": "5"}, "autocommit": false})"));
  EXPECT_EQ(command["txnNumber"].as_int64(), 5);
  EXPECT_FALSE(command["autocommit"].as_bool());
  EXPECT_TRUE(command["lsid"].is_document());
}

TEST_F(EncryptingRunnerTest, CreatingAPinnedCollectionSendsItsFields) {
  const bson::Document command = encrypted(bson::doc("create", "patients"));
  EXPECT_EQ(command.view().at_path("encryptedFields.fields.0.keyId").as_uuid(), ssn_key);
  EXPECT_FALSE(command.view().contains("encryptionInformation"));
}

TEST_F(EncryptingRunnerTest, CreatingAPinnedCollectionDifferentlyIsRefused) {
  const Error error = error_of([&] {
    runner.run("clinic", json(R"({"create": "patients", "encryptedFields": {"fields": []}})"));
  });
  EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation));
  EXPECT_THAT(error.what(), HasSubstr("create clinic.patients"));
  EXPECT_EQ(server.call_count(), 0u);
}

TEST_F(EncryptingRunnerTest, CreatingWithNamedKeysSendsTheirIds) {
  const bson::Document command =
      encrypted(json(R"({"create": "other", "encryptedFields": {"fields": [{"path": "ssn",
               "bsonType": "string", "keyAltName": "patients.ssn"}]}})"));
  EXPECT_EQ(command.view().at_path("encryptedFields.fields.0.keyId").as_uuid(), ssn_key);
  EXPECT_FALSE(command.view().at_path("encryptedFields.fields.0.keyAltName"));
}

TEST_F(EncryptingRunnerTest, CreatingAPlainCollectionIsLeftAlone) {
  for (const char* command :
       {R"({"create": "log", "capped": false})", R"({"create": "log", "encryptedFields": null})"}) {
    EXPECT_EQ(encrypted(json(command)), json(command));
  }
}

TEST_F(EncryptingRunnerTest, ReplyDocumentsAreDecrypted) {
  const bson::Document stored = encrypted(json(R"({"insert": "patients", "documents": [
          {"ssn": "123", "record": {"note": "n"}, "list": [1, {"x": 2}], "age": 7}]})"));
  const bson::View document = stored.view().at_path("documents.0").as_document();
  for (const char* name : {"firstBatch", "nextBatch"}) {
    server_reply = batch(bson::Document(document), name);
    const bson::Document reply =
        runner.run("clinic", bson::doc("getMore", std::int64_t{1}, "collection", "patients"));
    const bson::View found =
        reply.view().at_path("cursor." + std::string(name) + ".0").as_document();
    EXPECT_EQ(found["ssn"].as_string(), "123");
    EXPECT_EQ(found.at_path("record.note").as_string(), "n");
    EXPECT_EQ(found.at_path("list.1.x").as_int32(), 2);
    EXPECT_EQ(found["age"].as_int32(), 7);
  }
}

TEST_F(EncryptingRunnerTest, AReplyWithoutCiphertextNeedsNoKey) {
  server_reply = batch(bson::doc("name", "Ann"));
  documents.clear();
  const bson::Document reply =
      runner.run("clinic", bson::doc("getMore", std::int64_t{1}, "collection", "patients"));
  EXPECT_EQ(reply, server_reply);
}

TEST_F(EncryptingRunnerTest, AMissingKeyIsNamedBeforeAnythingIsSent) {
  documents.clear();
  const Error error = error_of([&] {
    runner.run("clinic", json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_EQ(error.what(),
            "data key " + ssn_key.to_string() +
                ", needed by field 'ssn' of clinic.patients, was not found in the key "
                "vault quern.__keyVault");
  EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
}

TEST_F(EncryptingRunnerTest, AMissingKeyOfAReplyIsNamedWithItsPath) {
  const bson::Document stored =
      encrypted(json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"));
  server_reply = batch(bson::Document(stored.view().at_path("documents.0").as_document()));
  documents.clear();
  cache.clear();
  const Error error =
      error_of([&] { runner.run("clinic", bson::doc("getMore", std::int64_t{1})); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_THAT(error.what(), HasSubstr("data key " + note_key.to_string() +
                                      ", needed by field 'record.note' of clinic.patients"));
}

TEST_F(EncryptingRunnerTest, AnotherMasterKeyIsAnErrorOfItsOwn) {
  keyvault::KeyVault other(ClientTest::runner, vault.ns(), keyvault::local_registry(99), clock);
  keyvault::KeyCache other_cache(other);
  EncryptingRunner wrong(server, other_cache, {.map = map()});
  const Error error = error_of(
      [&] { wrong.run("clinic", json(R"({"find": "patients", "filter": {"ssn": "123"}})")); });
  EXPECT_TRUE(error.is(ErrorCode::kAuthenticationFailed));
  EXPECT_THAT(error.what(), HasSubstr(ssn_key.to_string()));
  EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
}

TEST_F(EncryptingRunnerTest, ADamagedKeyDocumentIsAnErrorOfItsOwn) {
  documents[0] = bson::doc("_id", ssn_key, "status", 0);
  const Error error = error_of(
      [&] { runner.run("clinic", json(R"({"find": "patients", "filter": {"ssn": "123"}})")); });
  EXPECT_TRUE(error.is(ErrorCode::kFailedToParse));
  EXPECT_THAT(error.what(),
              HasSubstr("data key " + ssn_key.to_string() + " in quern.__keyVault is damaged"));
}

TEST_F(EncryptingRunnerTest, AnAlteredCiphertextIsNamedWithItsPath) {
  const bson::Document stored =
      encrypted(json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"));
  const BytesView blob = stored.view().at_path("documents.0.record.note").as_binary().bytes;
  Bytes altered(blob.begin(), blob.end());
  altered.back() ^= 1;
  server_reply = batch(bson::doc(
      "record", bson::doc("note", bson::Binary{bson::BinarySubtype::kEncrypted, altered})));
  const Error error =
      error_of([&] { runner.run("clinic", bson::doc("getMore", std::int64_t{1})); });
  EXPECT_TRUE(error.is(ErrorCode::kOperationFailed));
  EXPECT_THAT(error.what(), HasSubstr("cannot decrypt field 'record.note' of clinic.patients"));
}

TEST_F(EncryptingRunnerTest, ACiphertextOfAnotherKeyIsNamedWithItsPath) {
  const bson::Document stored =
      encrypted(json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"));
  const BytesView blob = stored.view().at_path("documents.0.record.note").as_binary().bytes;
  Bytes relabelled(blob.begin(), blob.end());
  std::ranges::copy(ssn_key.bytes(), relabelled.begin() + 1);  // | 16 | key id | type | …
  server_reply =
      batch(bson::doc("note", bson::Binary{bson::BinarySubtype::kEncrypted, relabelled}));
  EXPECT_TRUE(error_of([&] {
                runner.run("clinic", bson::doc("getMore", std::int64_t{1}));
              }).is(ErrorCode::kOperationFailed));
}

TEST_F(EncryptingRunnerTest, ARefusalOfTheAnalysisSendsNothing) {
  EXPECT_THROW(
      runner.run("clinic", json(R"({"find": "patients", "filter": {"ssn": {"$gt": "1"}}})")),
      Error);
  EXPECT_THROW(
      runner.run("clinic", json(R"({"find": "patients", "filter": {"record.note": "n"}})")), Error);
  for (const std::string& name : sent_names()) EXPECT_EQ(name, "listCollections");
}

TEST_F(EncryptingRunnerTest, CommandsThatAreNotKnownAreRefused) {
  const Error error = error_of([&] { runner.run("clinic", bson::doc("mapReduce", "patients")); });
  EXPECT_STREQ(error.what(), "command not supported for auto encryption: mapReduce");
  EXPECT_EQ(server.call_count(), 0u);
}

TEST_F(EncryptingRunnerTest, CommandsWithoutDocumentsPassUnasked) {
  for (const char* command : {R"({"ping": 1})", R"({"drop": "plain"})",
                              R"({"commitTransaction": 1})", R"({"endSessions": []})"}) {
    EXPECT_EQ(encrypted(json(command)), json(command));
  }
}

TEST_F(EncryptingRunnerTest, ADroppedCollectionsSchemaIsAskedForAgain) {
  runner.run("clinic", json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  runner.run("clinic", json(R"({"drop": "patients"})"));
  server.take_calls();
  runner.run("clinic", json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert"));
}

TEST_F(EncryptingRunnerTest, CompactionBringsTheTokenOfEveryField) {
  const bson::Document command =
      encrypted(bson::doc("compactStructuredEncryptionData", "patients"));
  const bson::View tokens = command["compactionTokens"].as_document();
  EXPECT_EQ(tokens.count(), 3u);
  for (const auto& [path, id] :
       {std::pair{"ssn", ssn_key}, std::pair{"record.note", note_key}, std::pair{"age", age_key}}) {
    EXPECT_TRUE(equal(tokens[path].as_binary().bytes, cache.resolve(id)->ecoc_token().bytes()));
  }
  EXPECT_FALSE(command.view().contains("encryptionInformation"));
}

TEST_F(EncryptingRunnerTest, CompactionTokensAreTheRunnersOwn) {
  const bson::Document command = encrypted(
      json(R"({"compactStructuredEncryptionData": "patients", "compactionTokens": {"x": 1}})"));
  EXPECT_FALSE(command["compactionTokens"].as_document().contains("x"));
  EXPECT_EQ(command.view().count(), 2u);
}

TEST_F(EncryptingRunnerTest, CleanupBringsThemUnderItsOwnName) {
  const bson::Document command =
      encrypted(bson::doc("cleanupStructuredEncryptionData", "patients"));
  EXPECT_EQ(command["cleanupTokens"].as_document().count(), 3u);
}

TEST_F(EncryptingRunnerTest, CompactingAPlainCollectionIsRefused) {
  const Error error = error_of(
      [&] { runner.run("clinic", bson::doc("compactStructuredEncryptionData", "plain")); });
  EXPECT_THAT(error.what(), HasSubstr("clinic.plain has no encrypted fields"));
}

TEST_F(EncryptingRunnerTest, FieldsWithRangeQueriesAreRefused) {
  bson::Builder builder;
  builder.open_array("fields").push_document();
  builder.append("keyId", age_key).append("path", "age").append("bsonType", "int");
  builder.append("queries", json(R"({"queryType": "range"})")).close().close();
  const bson::Document range = builder.finish();
  server_schemas["ranged"] = range;
  EXPECT_THROW(runner.run("clinic", json(R"({"insert": "ranged", "documents": [{"age": 7}]})")),
               NotSupported);
  EXPECT_THROW(runner.run("clinic", bson::doc("compactStructuredEncryptionData", "ranged")),
               NotSupported);
  EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
}

TEST_F(EncryptingRunnerTest, PayloadsMadeByHandBringTheSchemaAlong) {
  keyvault::ClientEncryption encryption(cache);
  const bson::Value payload = encryption.encrypt(
      bson::Value::of("x"),
      {.algorithm = keyvault::Algorithm::kIndexed, .key_id = ssn_key, .contention = 0});
  const bson::Document command =
      encrypted(bson::doc("insert", "patients", "documents", bson::array(bson::doc("y", payload))));
  EXPECT_TRUE(command.view().contains("encryptionInformation"));
  EXPECT_EQ(blob(command, "documents.0.y"), BlobSubtype::kInsertUpdatePayloadV2);
}

}  // namespace
}  // namespace quern::client
