// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypting_runner.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <stop_token>

#include "client/client_fixture.h"
#include "client/mongo_runner.h"
#include "client/wire_peer.h"
#include "crypto/encrypt.h"
#include "crypto/testing/payloads.h"
#include "keyvault/client_encryption.h"
#include "schema/placeholder.h"

namespace quern::client {
namespace {

using bson::BinarySubtype;
using bson::BlobSubtype;
using ::testing::AllOf;
using ::testing::Contains;
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
  static bson::Document batch(const bson::Document& document, std::string_view name = "firstBatch",
                              std::int64_t cursor = 0) {
    return bson::doc("cursor",
                     bson::doc("id", cursor, "ns", "clinic.patients", name, bson::array(document)),
                     "ok", 1.0);
  }
  // The document as the server has it once it was inserted.
  bson::Document stored(const std::string& text) {
    const bson::Document command =
        encrypted(bson::doc("insert", "patients", "documents", bson::array(json(text))));
    return as_stored(command.view().at_path("documents.0").as_document());
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
  const bson::Document document = stored(R"(
      {"ssn": "123", "record": {"note": "n"}, "list": [1, {"x": 2}], "age": 7})");
  for (const char* name : {"firstBatch", "nextBatch"}) {
    server_reply = batch(document, name, 1);
    const Reply reply =
        runner.run("clinic", name == std::string_view("firstBatch")
                                 ? bson::doc("find", "patients")
                                 : bson::doc("getMore", std::int64_t{1}, "collection", "patients"));
    EXPECT_EQ(reply, server_reply) << "it stays as it came";
    const DecryptedView found =
        reply.decrypted().at_path("cursor." + std::string(name) + ".0").document();
    EXPECT_EQ(found["ssn"].plaintext().as_string(), "123");
    EXPECT_EQ(found["ssn"].field(), "ssn");
    EXPECT_EQ(found.at_path("record.note").plaintext().as_string(), "n");
    EXPECT_EQ(found["age"].plaintext().as_int32(), 7);
    EXPECT_TRUE(found.at_path("list.1.x").plaintext().missing());
  }
}

TEST_F(EncryptingRunnerTest, TheValueOfFindAndModifyIsDecrypted) {
  server_reply = bson::doc("ok", 1, "value", stored(R"({"ssn": "123"})"));
  const Reply reply = runner.run(
      "clinic", json(R"({"findAndModify": "patients", "query": {"_id": 1}, "remove": true})"));
  EXPECT_EQ(reply.decrypted().at_path("value.ssn").plaintext().as_string(), "123");
}

TEST_F(EncryptingRunnerTest, AFieldThatAStageMovedIsDecryptedWhereItIs) {
  server_reply = batch(bson::doc("moved", stored(R"({"ssn": "123"})")["ssn"].value()));
  const Reply reply = runner.run("clinic", json(R"({"aggregate": "patients", "cursor": {},
      "pipeline": [{"$project": {"moved": "$ssn"}}]})"));
  const DecryptedElement moved = reply.decrypted().at_path("cursor.firstBatch.0.moved");
  EXPECT_EQ(moved.plaintext().as_string(), "123");
  EXPECT_EQ(moved.field(), "ssn");
}

TEST_F(EncryptingRunnerTest, WhereAStageChoosesAFieldOrAConstantBothAreTaken) {
  const char* pipeline = R"({"aggregate": "patients", "cursor": {}, "pipeline": [
      {"$project": {"x": {"$cond": ["$flag", "$ssn", "none"]}}}]})";
  const bson::Document document = stored(R"({"ssn": "123", "age": 7})");
  const bson::Value ssn(document["ssn"].value());
  const bson::Value age(document["age"].value());
  server_reply = batch(bson::doc("x", ssn));
  const Reply field = runner.run("clinic", json(pipeline));
  EXPECT_EQ(field.decrypted().at_path("cursor.firstBatch.0.x").plaintext().as_string(), "123");
  server_reply = batch(bson::doc("x", "none"));
  const Reply constant = runner.run("clinic", json(pipeline));
  EXPECT_FALSE(constant.decrypted().at_path("cursor.firstBatch.0.x").is_decrypted());
  Bytes foreign(ssn.view().as_binary().bytes.begin(), ssn.view().as_binary().bytes.end());
  foreign[1] ^= 1;
  server_reply = batch(bson::doc("x", bson::Binary{BinarySubtype::kEncrypted, foreign}));
  const auto refused = [&] {
    EXPECT_THAT(error_of([&] { runner.run("clinic", json(pipeline)); }).what(),
                HasSubstr("cannot decrypt field 'x' of clinic.patients: the ciphertext there is "
                          "of none of the fields"));
  };
  refused();
  server_reply = batch(bson::doc("x", age));
  refused();
}

TEST_F(EncryptingRunnerTest, WhatIsNotWhereTheSchemaSaysIsNotDecrypted) {
  const bson::Document document = stored(R"({"ssn": "123", "record": {"note": "n"}, "age": 7})");
  const bson::Value ssn(document["ssn"].value());
  const bson::Document elsewhere =
      bson::doc("name", ssn, "list", bson::array(ssn, bson::doc("ssn", ssn)), "record",
                bson::doc("ssn", ssn, "list", bson::array(ssn)), "_id", ssn);
  server_reply = bson::doc(
      "cursor",
      bson::doc("id", ssn, "ns", ssn, "firstBatch", bson::array(elsewhere, ssn), "x", document),
      "value", document, "ok", 1.0, "n", ssn, "errmsg", ssn);
  const Reply reply = runner.run("clinic", bson::doc("find", "patients"));
  EXPECT_EQ(reply, server_reply);
  EXPECT_EQ(reply.decrypted().plaintext_document(), server_reply);
}

TEST_F(EncryptingRunnerTest, WhatIsInThePlaceOfADocumentIsNotDecrypted) {
  const bson::Document document = stored(R"({"ssn": "123", "record": {"note": "n"}})");
  const bson::Value ssn(document["ssn"].value());
  for (const bson::Value& record :
       {ssn, bson::Value(document.view().at_path("record.note").value()), bson::array(ssn),
        bson::array(bson::doc("note", ssn))}) {
    server_reply = batch(bson::doc("record", record));
    const Reply reply = runner.run("clinic", bson::doc("find", "patients"));
    EXPECT_EQ(reply.decrypted().plaintext_document(), server_reply);
  }
}

TEST_F(EncryptingRunnerTest, AKeyInsideACiphertextIsTheFieldsToo) {
  const Bytes payload =
      crypto::insert_equality_payload(*cache.resolve(ssn_key), ssn_key, *cache.resolve(age_key),
                                      age_key, bson::Value::of("123"), 0, RandomSource::system());
  server_reply =
      batch(as_stored(bson::doc("ssn", bson::Binary{BinarySubtype::kEncrypted, payload})));
  EXPECT_THAT(error_of([&] { runner.run("clinic", bson::doc("find", "patients")); }).what(),
              HasSubstr("cannot decrypt field 'ssn' of clinic.patients: the ciphertext there was "
                        "made with data key " +
                        age_key.to_string() + ", which is not the field's"));
}

TEST_F(EncryptingRunnerTest, AMemberThatIsThereTwiceIsLookedAtTwice) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  server_reply = batch(bson::doc("ssn", document["ssn"].value(), "ssn", "124"));
  EXPECT_THAT(error_of([&] { runner.run("clinic", bson::doc("find", "patients")); }).what(),
              HasSubstr("a value of type 'string' in the place of a ciphertext"));
}

TEST_F(EncryptingRunnerTest, OnlyACiphertextOfTheFieldIsTakenForOne) {
  const bson::Document document = stored(R"({"ssn": "123", "record": {"note": "n"}, "age": 7})");
  const auto note = bson::Value(document.view().at_path("record.note").value());
  const auto changed = [](bson::ValueView value, std::size_t at, std::uint8_t byte) {
    const BytesView blob = value.as_binary().bytes;
    Bytes bytes(blob.begin(), blob.end());
    bytes[at] = byte;
    return bson::Value::of(bson::Binary{BinarySubtype::kEncrypted, bytes});
  };
  const bson::Document payload =
      encrypted(json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  const auto of = [](std::int32_t value) { return bson::Value::of(value); };
  const auto type = [](bson::Type t) { return static_cast<std::uint8_t>(t); };
  const Bytes nothing;
  const struct {
    bson::Document document;
    const char* fault;
  } cases[] = {
      {bson::doc("ssn", "123"),
       "field 'ssn' of clinic.patients: the server sent a value of type "
       "'string' in the place of a ciphertext"},
      {bson::doc("ssn", bson::Null{}), "'null' in the place"},
      {bson::doc("ssn", bson::doc("a", 1)), "'object' in the place"},
      {bson::doc("ssn", bson::array(document["ssn"].value())), "'array' in the place"},
      {bson::doc("age", of(7)), "field 'age' of clinic.patients: the server sent a value of type"},
      {bson::doc("record", bson::doc("note", "n")), "field 'record.note' of clinic.patients"},
      {bson::doc("ssn", document["age"].value()), "which is not the field's"},
      {bson::doc("ssn", note), "no stored value of the field"},
      {bson::doc("record", bson::doc("note", document["ssn"].value())), "no stored value"},
      {bson::doc("ssn", payload.view().at_path("documents.0.ssn").value()), "blob subtype 11"},
      {bson::doc("ssn", bson::Binary{BinarySubtype::kEncrypted, nothing}), "a binary of 0 bytes"},
      {bson::doc("ssn", changed(document["ssn"].value(), 17, type(bson::Type::kBinary))),
       "claims to be of BSON type 5, and the field's are of type 'string'"},
      {bson::doc("record", bson::doc("note", changed(note, 17, type(bson::Type::kInt32)))),
       "claims to be of BSON type 16, and the field's are of type 'string'"},
  };
  for (const auto& one : cases) {
    server_reply = batch(one.document);
    const Error error = error_of([&] { runner.run("clinic", bson::doc("find", "patients")); });
    EXPECT_TRUE(error.is(ErrorCode::kOperationFailed)) << one.fault;
    EXPECT_THAT(error.what(), HasSubstr(one.fault));
    EXPECT_THAT(error.what(), HasSubstr("cannot decrypt field"));
  }
}

TEST_F(EncryptingRunnerTest, ACursorThatNobodyKnowsIsNotDecrypted) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  const auto more = [&](std::int64_t id, const char* collection = "patients") {
    server_reply = batch(document, "nextBatch", 5);
    const Reply reply = runner.run("clinic", bson::doc("getMore", id, "collection", collection));
    EXPECT_EQ(reply, server_reply);
    return reply.decrypted().at_path("cursor.nextBatch.0.ssn").is_decrypted();
  };
  EXPECT_FALSE(more(5));
  server_reply = batch(document, "firstBatch", 5);
  runner.run("clinic", bson::doc("find", "patients"));
  EXPECT_TRUE(more(5));
  EXPECT_FALSE(more(5, "plain"));
  EXPECT_FALSE(more(6));
  server_reply = bson::doc("ok", 1);
  runner.run("clinic",
             bson::doc("killCursors", "patients", "cursors", bson::array(std::int64_t{5})));
  EXPECT_FALSE(more(5));
}

TEST_F(EncryptingRunnerTest, ACursorIsKnownUntilItsEndAlsoAfterAGetMoreThatFails) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  server_reply = batch(document, "firstBatch", 5);
  runner.run("clinic", bson::doc("find", "patients"));
  const bson::Document more = bson::doc("getMore", std::int64_t{5}, "collection", "patients");
  for (int i = 0; i < 3; ++i) {
    server_reply = bson::doc("ok", 0.0, "code", 11601, "errmsg", "interrupted");
    runner.run("clinic", more);
    server_reply = batch(document, "nextBatch", 5);
    const Reply reply = runner.run("clinic", more);
    EXPECT_TRUE(reply.decrypted().at_path("cursor.nextBatch.0.ssn").is_decrypted());
  }
}

TEST_F(EncryptingRunnerTest, ACursorThatWasReadToItsEndIsForgotten) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  server_reply = batch(document, "firstBatch", 5);
  runner.run("clinic", bson::doc("find", "patients"));
  const bson::Document more = bson::doc("getMore", std::int64_t{5}, "collection", "patients");
  server_reply = batch(document, "nextBatch", 0);
  runner.run("clinic", more);
  const Reply again = runner.run("clinic", more);
  EXPECT_FALSE(again.decrypted().at_path("cursor.nextBatch.0.ssn").is_decrypted());
}

TEST_F(EncryptingRunnerTest, ACursorIdThatIsGivenOutTwiceIsRefused) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  server_reply = batch(document, "firstBatch", 5);
  runner.run("clinic", bson::doc("find", "patients"));
  runner.run("clinic", bson::doc("find", "patients", "filter", bson::doc("name", "x")));
  server_reply = batch(bson::doc("x", 1), "firstBatch", 5);
  const Error error = error_of(
      [&] { runner.run("clinic", json(R"({"find": "patients", "projection": {"ssn": 0}})")); });
  EXPECT_THAT(error.what(), HasSubstr("with a cursor that is open for another command"));
}

TEST_F(EncryptingRunnerTest, AfterAWriteThatMadeAPlainCollectionItThrowsWhereItLooksAgain) {
  auto looking = make_runner({.map = map()});
  const bson::Document makers[] = {
      json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"),
      json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"),
      json(R"({"insert": "patients", "documents": [{"name": "Ann"}]})"),
      json(R"({"update": "patients", "updates": [
          {"q": {"_id": 1}, "u": {"$set": {"x": 1}}, "upsert": true}]})"),
      json(R"({"findAndModify": "patients", "query": {"_id": 1}, "update": {"$set": {"x": 1}},
          "upsert": true})"),
      json(R"({"createIndexes": "patients", "indexes": [{"key": {"x": 1}, "name": "x"}]})"),
  };
  const bson::Document update = json(R"({"update": "patients", "updates": [
      {"q": {"_id": 1}, "u": {"$set": {"x": 1}}}]})");
  for (const bson::Document& maker : makers) {
    server.heeds_schemas = false;
    for (const bool replaced : {false, true}) {
      server_schemas["patients"] = fields();
      looking.forget_schemas();
      looking.run("clinic", maker);  // the schema is known now
      if (replaced) {
        server_schemas["patients"] = std::nullopt;
      } else {
        server_schemas.erase("patients");
      }
      looking.run("clinic", update);
      const Error error = error_of([&] { looking.run("clinic", maker); });
      EXPECT_TRUE(error.is(ErrorCode::kNamespaceNotFound)) << error.what();
    }
    server.heeds_schemas = true;
    server_schemas["patients"] = fields();
    runner.forget_schemas();
    runner.run("clinic", maker);
    server_schemas.erase("patients");
    runner.run("clinic", maker);  // which does not look again
  }
}

TEST_F(EncryptingRunnerTest, TheContextGoesOnWithTheSchemasThatTheCommandWasJudgedBy) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  std::stop_source source;
  const RunContext context{
      .identity = "ann", .cancellation = source.get_token(), .deadline = deadline};
  const auto expected = [&](EncryptingRunner& by, const char* command) {
    server.take_calls();
    by.run("clinic", json(command), context);
    const RecordingRunner::Call call = server.take_calls().back();
    EXPECT_EQ(call.context.identity, "ann") << command;
    EXPECT_EQ(call.context.deadline, deadline) << command;
    EXPECT_EQ(call.context.cancellation, source.get_token()) << command;
    return call.expected_schemas;
  };
  const bson::Document pinned =
      bson::doc("clinic.patients", schema::EncryptedFields::parse(fields(), "patients").to_bson());
  const bson::Document nothing;
  EXPECT_EQ(expected(runner, R"({"insert": "patients", "documents": [{"ssn": "1"}]})"), pinned);
  EXPECT_EQ(expected(runner, R"({"find": "patients"})"), pinned);
  EXPECT_EQ(expected(runner, R"({"compactStructuredEncryptionData": "patients"})"), pinned);
  const bson::Document plain = expected(runner, R"({"insert": "plain", "documents": [{"a": 1}]})");
  EXPECT_EQ(plain.view().front().key(), "clinic.plain");
  EXPECT_TRUE(plain.view().front().as_document()["fields"].as_array().empty());
  EXPECT_EQ(expected(runner, R"({"create": "patients"})"), nothing);
  EXPECT_EQ(expected(runner, R"({"ping": 1})"), nothing);
  // Nobody knows what such a collection is; of a pinned one the map says it.
  auto unasking = make_runner({.map = map(), .ask_server = false});
  EXPECT_EQ(expected(unasking, R"({"insert": "plain", "documents": [{"a": 1}]})"), nothing);
  EXPECT_EQ(expected(unasking, R"({"find": "patients"})"), pinned);
}

TEST_F(EncryptingRunnerTest, ItsOwnQuestionsAreAskedInTheCallersContext) {
  const RunContext context{.identity = "ann"};
  const auto asks = [&](const char* command) {
    cache.clear();
    runner.forget_schemas();
    server.take_calls();
    VaultTest::runner.take_calls();
    runner.run("clinic", json(command), context);
    for (RecordingRunner* each : {&server, &(VaultTest::runner)}) {
      const auto calls = each->take_calls();
      EXPECT_FALSE(calls.empty()) << command;
      for (const RecordingRunner::Call& call : calls) {
        EXPECT_EQ(call.context.identity, "ann") << call.name();
      }
    }
  };
  server_reply = batch(stored(R"({"ssn": "123"})"));
  asks(R"({"insert": "patients", "documents": [{"ssn": "123"}]})");
  asks(R"({"find": "patients"})");
  asks(R"({"compactStructuredEncryptionData": "patients"})");
}

TEST_F(EncryptingRunnerTest, ACommandThatIsCalledOffWhileItsSchemaIsReadIsNotSent) {
  std::stop_source source;
  server.set_answer([&, answer = server.answer()](std::string_view database, bson::View command) {
    source.request_stop();
    return answer(database, command);
  });
  const bson::Document insert = json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})");
  const Error error =
      error_of([&] { runner.run("clinic", insert, {.cancellation = source.get_token()}); });
  EXPECT_TRUE(error.is(ErrorCode::kInterrupted)) << error.what();
  EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
}

// As the embedded engine does: a command whose schemas are outdated is refused.
class Heeding : public CommandRunner {
 public:
  Heeding(CommandRunner& inner, std::function<bool(bson::View)> agrees)
      : inner_(inner), agrees_(std::move(agrees)) {}

 protected:
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    if (!agrees_(context.expected_schemas)) {
      throw Error(ErrorCode::kCollectionUUIDMismatch, "outdated");
    }
    return inner_.run(database, command, context);
  }

 private:
  CommandRunner& inner_;
  std::function<bool(bson::View)> agrees_;
};

TEST_F(EncryptingRunnerTest, ACommandThatWasJudgedByAnOutdatedSchemaIsJudgedAgain) {
  Heeding heeding(server, [&](bson::View expected) {
    const bson::Element schema = expected["clinic.patients"];
    if (!schema) return true;
    const bool encrypted = !schema.as_document()["fields"].as_array().empty();
    return encrypted == server_schemas["patients"].has_value();
  });
  EncryptingRunner unpinned(heeding, cache, {.clock = &clock});
  const bson::Document insert = json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})");
  server_schemas["patients"] = std::nullopt;
  unpinned.run("clinic", insert);
  EXPECT_EQ(sent().view().at_path("documents.0.ssn").as_string(), "123");
  server_schemas["patients"] = fields();
  unpinned.run("clinic", insert);
  EXPECT_EQ(blob(sent(), "documents.0.ssn"), BlobSubtype::kInsertUpdatePayloadV2);
}

TEST_F(EncryptingRunnerTest, ASchemaThatIsOutdatedEachTimeIsNotReadForEver) {
  int tried = 0;
  Heeding heeding(server, [&](bson::View expected) { return expected.empty() || ++tried < 0; });
  EncryptingRunner unpinned(heeding, cache, {.clock = &clock});
  const Error error = error_of([&] { unpinned.run("clinic", bson::doc("find", "patients")); });
  EXPECT_TRUE(error.is(ErrorCode::kCollectionUUIDMismatch));
  EXPECT_EQ(tried, 3);
}

TEST_F(EncryptingRunnerTest, AWriteIsNotRepeatedForAnErrorOfTheKeyVaultAfterIt) {
  const bson::Document document = stored(R"({"ssn": "123"})");
  cache.clear();
  server_reply = bson::doc("value", document, "ok", 1.0);
  VaultTest::runner.set_answer([](std::string_view, bson::View) {
    return error_reply(Error(ErrorCode::kCollectionUUIDMismatch, "no"));
  });
  server.take_calls();
  const Error error = error_of([&] {
    runner.run("clinic", json(R"({"findAndModify": "patients", "query": {"_id": 1},
                                  "update": {"$inc": {"visits": 1}}})"));
  });
  EXPECT_TRUE(error.is(ErrorCode::kCollectionUUIDMismatch)) << error.what();
  EXPECT_THAT(sent_names(), Contains("findAndModify").Times(1));
}

TEST_F(EncryptingRunnerTest, AReplyThatCannotBeDecryptedLeavesNoCursorOpen) {
  const bson::Document good = stored(R"({"ssn": "123"})");
  const bson::Document find = json(R"({"find": "patients", "lsid": {"id": 1}, "txnNumber": 2,
      "autocommit": false})");
  bool kill_fails = false;
  server.set_answer([&, answer = server.answer()](std::string_view database, bson::View command) {
    if (command.front().key() == "killCursors" && kill_fails) {
      throw Error(ErrorCode::kHostUnreachable, "gone");
    }
    return answer(database, command);
  });
  for (kill_fails = false;; kill_fails = true) {
    server_reply = batch(bson::doc("ssn", "plaintext"), "firstBatch", 5);
    server.take_calls();
    const Error error = error_of([&] { runner.run("clinic", find, {.identity = "ann"}); });
    EXPECT_THAT(error.what(), HasSubstr("cannot decrypt field 'ssn'"));
    const RecordingRunner::Call last = server.take_calls().back();
    EXPECT_EQ(last.database, "clinic");
    EXPECT_EQ(last.context.identity, "ann");
    EXPECT_EQ(bson::to_json(last.command),
              bson::to_json(json(R"({"killCursors": "patients", "cursors": [{"$numberLong": "5"}],
                  "lsid": {"id": 1}, "txnNumber": 2, "autocommit": false})")));
    if (kill_fails) break;
  }
  kill_fails = false;

  // A getMore's, too; and one that is closed already is let be.
  for (const std::int64_t open : {5, 0}) {
    server_reply = batch(good, "firstBatch", 5);
    runner.run("clinic", bson::doc("find", "patients"));
    server_reply = batch(bson::doc("ssn", "plaintext"), "nextBatch", open);
    server.take_calls();
    const bson::Document more = bson::doc("getMore", std::int64_t{5}, "collection", "patients");
    EXPECT_TRUE(error_of([&] { runner.run("clinic", more); }).is(ErrorCode::kOperationFailed));
    EXPECT_EQ(server.take_calls().back().name(), open == 0 ? "getMore" : "killCursors");
  }
}

TEST_F(EncryptingRunnerTest, TheCursorOfACommandThatWasCalledOffIsKilledAllTheSame) {
  std::stop_source source;
  server_reply = batch(stored(R"({"ssn": "123"})"), "firstBatch", 5);
  cache.clear();
  server.set_answer([&, answer = server.answer()](std::string_view database, bson::View command) {
    if (command.front().key() == "find") source.request_stop();
    return answer(database, command);
  });
  const RunContext context{.cancellation = source.get_token()};
  const Error error =
      error_of([&] { runner.run("clinic", bson::doc("find", "patients"), context); });
  EXPECT_TRUE(error.is(ErrorCode::kInterrupted)) << error.what();
  EXPECT_EQ(server.take_calls().back().name(), "killCursors");
}

TEST_F(EncryptingRunnerTest, AnywhereMeansInDocumentsAndBesideTheSchema) {
  auto anywhere = make_runner({.map = map(), .decrypt = Decrypt::kAnywhere});
  const bson::Document document = stored(R"({"ssn": "123"})");
  const bson::Value ssn(document["ssn"].value());
  server_reply = bson::doc("cursor",
                           bson::doc("id", std::int64_t{0}, "ns", ssn, "firstBatch",
                                     bson::array(bson::doc("list", bson::array(ssn), "ssn", ssn))),
                           "ok", 1.0, "value", document);
  for (const char* collection : {"patients", "plain"}) {
    const Reply reply = anywhere.run("clinic", bson::doc("find", collection));
    const DecryptedView found = reply.decrypted();
    const DecryptedElement in_list = found.at_path("cursor.firstBatch.0.list.0");
    EXPECT_EQ(in_list.plaintext().as_string(), "123");
    EXPECT_EQ(in_list.field(), "");
    EXPECT_EQ(found.at_path("cursor.firstBatch.0.ssn").field(),
              collection == std::string_view("plain") ? "" : "ssn");
    EXPECT_FALSE(found.at_path("cursor.ns").is_decrypted());
    EXPECT_FALSE(found.at_path("value.ssn").is_decrypted());
  }
  server_reply = batch(bson::doc("ssn", "123"));
  EXPECT_THROW(anywhere.run("clinic", bson::doc("find", "patients")), Error)
      << "at its paths the schema still holds";
}

TEST_F(EncryptingRunnerTest, AReplyWithoutCiphertextNeedsNoKey) {
  server_reply = batch(bson::doc("name", "Ann"));
  documents.clear();
  EXPECT_EQ(runner.run("clinic", bson::doc("find", "patients")), server_reply);
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
  const Error error = error_of([&] { runner.run("clinic", bson::doc("find", "patients")); });
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
  const Error error = error_of([&] { runner.run("clinic", bson::doc("find", "patients")); });
  EXPECT_TRUE(error.is(ErrorCode::kOperationFailed));
  EXPECT_THAT(error.what(), HasSubstr("cannot decrypt field 'record.note' of clinic.patients"));
}

TEST_F(EncryptingRunnerTest, WhatWentWrongIsNotDecrypted) {
  const bson::Document stored =
      encrypted(json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"));
  const bson::Document document(stored.view().at_path("documents.0").as_document());
  const auto reply_to = [&](const bson::Document& reply) {
    server_reply = reply;
    const Reply answer = runner.run(
        "clinic", json(R"({"findAndModify": "patients", "query": {"_id": 1}, "remove": true})"));
    return answer.decrypted().plaintext_document();
  };
  const bson::Document failed =
      bson::doc("ok", 0.0, "code", 121, "errInfo", document, "x", document);
  EXPECT_EQ(reply_to(failed), failed);
  const bson::Document partly =
      bson::doc("ok", 1.0, "value", document, "writeErrors",
                bson::array(bson::doc("index", 0, "errInfo", document)), "writeConcernError",
                bson::doc("errInfo", document), "errInfo", document);
  const bson::Document reply = reply_to(partly);
  EXPECT_EQ(reply.view().at_path("value.record.note").as_string(), "n");
  for (const char* path : {"writeErrors.0.errInfo.record.note",
                           "writeConcernError.errInfo.record.note", "errInfo.record.note"}) {
    EXPECT_EQ(blob(reply, path), BlobSubtype::kUnindexedValueV2) << path;
  }
}

TEST_F(EncryptingRunnerTest, AFaultOfACiphertextNeedsNoKey) {
  const bson::Document stored =
      encrypted(json(R"({"insert": "patients", "documents": [{"record": {"note": "n"}}]})"));
  server_reply = bson::doc("ok", 1.0, "errInfo", stored.view().at_path("documents.0"));
  documents.clear();
  cache.clear();
  EXPECT_EQ(runner.run("clinic", bson::doc("find", "patients")), server_reply);
}

TEST_F(EncryptingRunnerTest, WritesAreLookedAfterUnlessTheRunnerHeedsTheSchemas) {
  WirePeer peer(server);
  MongoRunner mongo(peer.uri());
  server_schemas["patients"] = fields();
  const bson::Document insert = json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})");
  EncryptingRunner looking(mongo, cache, {.map = map(), .clock = &clock});
  looking.run("clinic", insert);
  EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert", "listCollections"));
  EncryptingRunner heeded(server, cache, {.map = map(), .clock = &clock});
  heeded.run("clinic", insert);
  EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert"));
}

TEST_F(EncryptingRunnerTest, TheDatabaseOfACommandIsTheArgumentAndNoOther) {
  WirePeer peer(server);
  MongoRunner mongo(peer.uri());
  EncryptingRunner over_wire(mongo, cache, {.map = map(), .clock = &clock});
  for (const char* text :
       {R"({"insert": "patients", "documents": [{"ssn": "123"}], "$db": "clinic"})",
        R"({"find": "patients", "filter": {"ssn": "123"}, "$db": 1})",
        R"({"explain": {"find": "patients", "filter": {"ssn": "123"}, "$db": "clinic"}})",
        R"({"ping": 1, "$db": "clinic"})"}) {
    for (EncryptingRunner* each : {&runner, &over_wire}) {
      const Error error = error_of([&] { each->run("reports", json(text)); });
      EXPECT_TRUE(error.is(ErrorCode::kInvalidNamespace)) << text << error.what();
      EXPECT_EQ(server.call_count(), 0u);
    }
  }
  const bson::Document twice =
      bson::doc("find", "patients", "$db", "reports", "filter", bson::Document(), "$db", "clinic");
  EXPECT_TRUE(error_of([&] { runner.run("reports", twice); }).is(ErrorCode::kInvalidNamespace));
  const bson::Document command =
      encrypted(json(R"({"insert": "patients", "documents": [{"ssn": "123"}], "$db": "clinic"})"));
  EXPECT_EQ(blob(command, "documents.0.ssn"), BlobSubtype::kInsertUpdatePayloadV2);
}

TEST_F(EncryptingRunnerTest, MarkingsOfTheCallerNeverBecomePayloads) {
  schema::EncryptionPlaceholder guess;
  guess.kind = schema::EncryptionPlaceholder::kFind;
  guess.algorithm = schema::EncryptionPlaceholder::kEquality;
  guess.index_key_id = guess.user_key_id = ssn_key;
  guess.value = bson::Value::of("guess");
  const Bytes marking = guess.serialize();
  const bson::Document insert =
      bson::doc("insert", "plain", "documents",
                bson::array(bson::doc("x", bson::Binary{BinarySubtype::kEncrypted, marking})));
  auto listed = make_runner(
      {.map = schema::EncryptedFieldsMap::parse(bson::doc(
           "clinic.patients", fields(), "clinic.plain", bson::doc("fields", bson::array())))});
  for (EncryptingRunner* each : {&runner, &listed}) {
    EXPECT_THAT(error_of([&] { each->run("clinic", insert); }).what(),
                HasSubstr("already holds an encryption marking"));
    EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
  }
}

TEST_F(EncryptingRunnerTest, JoinsOfPlainCollectionsHaveTheRulesOfJoins) {
  server_schemas["plain2"] = std::nullopt;
  const auto refusal = [&](std::string_view stage) {
    const Error error = error_of([&] {
      runner.run("clinic", json(R"({"aggregate": "plain", "cursor": {}, "pipeline": [)" +
                                std::string(stage) + "]}"));
    });
    for (const std::string& name : sent_names()) EXPECT_EQ(name, "listCollections");
    return std::string(error.what());
  };
  EXPECT_THAT(
      refusal(R"({"$lookup": {"from": "plain2", "as": "o", "let": {"v": "$p"}, "pipeline": []}})"),
      HasSubstr("Non-empty 'let' field is not allowed in the $lookup"));
  EXPECT_THAT(refusal(R"({"$unionWith": "plain2"})"),
              HasSubstr("Aggregation stage $unionWith is not allowed or supported"));
  for (const char* stages :
       {R"({"$lookup": {"from": "plain2", "as": "o", "localField": "a", "foreignField": "b"}})",
        R"({"$facet": {"x": []}})"}) {
    const bson::Document command =
        json(R"({"aggregate": "plain", "cursor": {}, "pipeline": [)" + std::string(stages) + "]}");
    EXPECT_EQ(encrypted(command), command);
  }
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

TEST_F(EncryptingRunnerTest, SchemasAreAskedForAgainAfterEveryCommandThatMayChangeThem) {
  auto unpinned = make_runner({});
  const bson::Document insert = json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})");
  for (const auto& [database, command] :
       {std::pair{"clinic", R"({"create": "log"})"}, std::pair{"clinic", R"({"drop": "log"})"},
        std::pair{"clinic", R"({"dropDatabase": 1})"},
        std::pair{"admin", R"({"renameCollection": "clinic.log", "to": "clinic.patients"})"}}) {
    unpinned.run("clinic", insert);
    unpinned.run(database, json(command));
    server.take_calls();
    unpinned.run("clinic", insert);
    EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert")) << command;
  }
}

TEST_F(EncryptingRunnerTest, ACommandThatFailsMayHaveChangedTheSchemaAllTheSame) {
  auto unpinned = make_runner({});
  server_schemas["patients"] = std::nullopt;
  unpinned.run("clinic", bson::doc("find", "patients"));
  const auto answer = server.answer();
  server.set_answer([&](std::string_view database, bson::View command) {
    if (command.front().key() != "create") return answer(database, command);
    // While the server is at it, somebody asks; then the reply is lost.
    unpinned.run("clinic", bson::doc("find", "patients"));
    server_schemas["patients"] = fields();
    throw Error(ErrorCode::kNetworkTimeout, "lost");
  });
  EXPECT_THROW(unpinned.run("clinic", bson::doc("create", "patients", "encryptedFields", fields())),
               Error);
  server.take_calls();
  unpinned.run("clinic", json(R"({"insert": "patients", "documents": [{"ssn": "123"}]})"));
  EXPECT_EQ(blob(sent(), "documents.0.ssn"), BlobSubtype::kInsertUpdatePayloadV2);
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
  builder.append("keyId", vault.create()).append("path", "age").append("bsonType", "int");
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
      {.algorithm = keyvault::Algorithm::kEquality, .key_id = ssn_key, .contention = 0});
  const bson::Document command =
      encrypted(bson::doc("insert", "patients", "documents", bson::array(bson::doc("y", payload))));
  EXPECT_TRUE(command.view().contains("encryptionInformation"));
  EXPECT_EQ(blob(command, "documents.0.y"), BlobSubtype::kInsertUpdatePayloadV2);
}

}  // namespace
}  // namespace quern::client
