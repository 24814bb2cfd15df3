// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which schema a command is encrypted by, seen through the runner.
#include "client/schema_resolver.h"

#include <gmock/gmock.h>

#include "client/client_fixture.h"

namespace quern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using SchemaResolverTest = ClientTest;

bson::Document insert_ssn() {
  return bson::doc("insert", "patients", "documents", bson::array(bson::doc("ssn", "123")));
}
bson::Document find_plain() {
  return bson::doc("find", "plain", "filter", bson::doc("ssn", "123"));
}

TEST_F(SchemaResolverTest, APinnedSchemaEncryptsWhateverTheServerSays) {
  auto runner = make_runner({.map = map(), .ask_server = false});
  runner.run("clinic", insert_ssn());
  const auto names = sent_names();
  EXPECT_THAT(names, ElementsAre("insert"));
}

TEST_F(SchemaResolverTest, AServersSchemaEncryptsWhatIsNotPinned) {
  auto runner = make_runner({});
  runner.run("clinic", insert_ssn());
  EXPECT_EQ(blob(sent(), "documents.0.ssn"), bson::BlobSubtype::kInsertUpdatePayloadV2);
}

TEST_F(SchemaResolverTest, ACollectionWithoutSchemaIsLeftAlone) {
  auto runner = pinned_runner();
  for (const bson::Document& command :
       {find_plain(),
        bson::from_json(R"({"insert": "plain", "documents": [{"_id": 1, "ssn": "123"}]})"),
        bson::from_json(R"({"update": "plain", "updates": [{"q": {}, "u": {"$set": {"a": 1}}}]})"),
        bson::from_json(R"({"delete": "plain", "deletes": [{"q": {}, "limit": 0}]})"),
        bson::from_json(R"({"findAndModify": "plain", "query": {}, "remove": true})")}) {
    runner.run("clinic", command);
    EXPECT_EQ(sent(), command);
  }
}

TEST_F(SchemaResolverTest, ACollectionWithoutSchemaHidesNoneThatTheServerNamesAfterIt) {
  server_schemas["another"] = std::nullopt;  // comes before patients
  auto runner = make_runner({});
  runner.run("clinic", bson::from_json(R"({"aggregate": "another", "cursor": {}, "pipeline": [
      {"$lookup": {"from": "patients", "as": "p", "pipeline": [{"$match": {"ssn": "123"}}]}}]})"));
  EXPECT_EQ(blob(sent(), "pipeline.0.$lookup.pipeline.0.$match.ssn.$eq"),
            bson::BlobSubtype::kFindEqualityPayloadV2);
}

TEST_F(SchemaResolverTest, TheServerIsAskedOnceAMinute) {
  auto runner = pinned_runner();
  runner.run("clinic", insert_ssn());
  runner.run("clinic", insert_ssn());
  EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert", "insert"));
  clock.advance(60s);
  runner.run("clinic", insert_ssn());
  EXPECT_THAT(sent_names(), ElementsAre("listCollections", "insert"));
}

TEST_F(SchemaResolverTest, ACollectionThatIsNotThereIsAskedForEveryTime) {
  server_schemas.erase("plain");
  auto runner = pinned_runner();
  runner.run("clinic", find_plain());
  server_schemas["plain"] = bson::from_json(
      R"({"fields": [{"keyId": {"$uuid": "00000000-0000-4000-8000-00000000000a"}, "path": "ssn",
                      "bsonType": "string"}]})");
  EXPECT_THROW(runner.run("clinic", find_plain()), Error) << "ssn cannot be queried any more";
}

TEST_F(SchemaResolverTest, AWeakerSchemaOfTheServerIsRefusedBeforeAnythingIsSent) {
  auto runner = pinned_runner();
  const auto refusal = [&](std::optional<bson::Document> schema) {
    runner.forget_schemas();
    server_schemas["patients"] = std::move(schema);
    const Error error = error_of([&] { runner.run("clinic", insert_ssn()); });
    EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation));
    EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
    return std::string(error.what());
  };
  EXPECT_THAT(refusal(std::nullopt), HasSubstr("field 'ssn' is not encrypted there"));

  bson::Builder fewer;
  fewer.open_array("fields");
  add_field(fewer, "ssn", ssn_key, "string", "equality");
  fewer.close();
  EXPECT_THAT(refusal(fewer.finish()), HasSubstr("field 'record.note' is not encrypted there"));

  bson::Builder other_key;
  other_key.open_array("fields");
  add_field(other_key, "ssn", Uuid::random(), "string", "equality");
  other_key.close();
  EXPECT_THAT(refusal(other_key.finish()), HasSubstr("field 'ssn' has another keyId"));
}

TEST_F(SchemaResolverTest, ADriftIsRefusedForReadsToo) {
  server_schemas["patients"] = std::nullopt;
  auto runner = pinned_runner();
  EXPECT_THROW(
      runner.run("clinic", bson::doc("find", "patients", "filter", bson::doc("ssn", "123"))),
      Error);
}

TEST_F(SchemaResolverTest, WritingIntoAPinnedCollectionThatIsNotThereIsRefused) {
  server_schemas.erase("patients");
  auto runner = pinned_runner();
  const Error error = error_of([&] { runner.run("clinic", insert_ssn()); });
  EXPECT_TRUE(error.is(ErrorCode::kNamespaceNotFound));
  EXPECT_THAT(error.what(), HasSubstr("create it first"));
  const bson::Document update =
      bson::doc("q", bson::doc("_id", 1), "u", bson::doc("$set", bson::doc("x", 1)));
  EXPECT_NO_THROW(
      runner.run("clinic", bson::doc("update", "patients", "updates", bson::array(update))));
  bson::Builder upsert;
  upsert.append_all(update).append("upsert", true);
  EXPECT_THROW(runner.run("clinic",
                          bson::doc("update", "patients", "updates", bson::array(upsert.finish()))),
               Error);
}

TEST_F(SchemaResolverTest, FindAndModifyMakesNoPlainCollectionOfAPinnedOneEither) {
  server_schemas.erase("patients");
  auto runner = pinned_runner();
  const auto command = [](bool upsert) {
    return bson::doc("findAndModify", "patients", "query", bson::doc("_id", 1), "update",
                     bson::doc("$set", bson::doc("ssn", "123")), "upsert", upsert);
  };
  EXPECT_NO_THROW(runner.run("clinic", command(false)));
  server.take_calls();
  EXPECT_TRUE(
      error_of([&] { runner.run("clinic", command(true)); }).is(ErrorCode::kNamespaceNotFound));
  EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
}

TEST_F(SchemaResolverTest, EncryptedFieldsOfACreateAreADocument) {
  auto runner = pinned_runner();
  for (const char* collection : {"patients", "other"}) {
    const Error error = error_of([&] {
      runner.run("clinic", bson::doc("create", collection, "encryptedFields", "x", "validator",
                                     bson::doc("ssn", "123")));
    });
    EXPECT_TRUE(error.is(ErrorCode::kTypeMismatch));
    EXPECT_THAT(error.what(), HasSubstr("must be a document, not string"));
  }
  EXPECT_EQ(server.call_count(), 0u);
}

TEST_F(SchemaResolverTest, AnOutputInAnotherDatabaseIsJudgedByThatDatabase) {
  const auto command = [](std::string_view stage) {
    return bson::from_json(
        R"({"aggregate": "plain", "cursor": {}, "pipeline": [{"$addFields": {"ssn": "123"}}, )" +
        std::string(stage) + "]}");
  };
  server_schemas["reports.plain"] = std::nullopt;
  server_schemas["reports.patients"] = std::nullopt;
  server_schemas["archive.patients"] = std::nullopt;
  for (const bool pinned : {true, false}) {
    auto runner = pinned ? pinned_runner() : make_runner({});
    for (const char* stage : {R"({"$merge": {"into": {"db": "clinic", "coll": "patients"}}})",
                              R"({"$out": {"db": "clinic", "coll": "patients"}})"}) {
      const Error error = error_of([&] { runner.run("reports", command(stage)); });
      EXPECT_THAT(error.what(), HasSubstr("is not allowed or supported with automatic encryption"));
      for (const std::string& name : sent_names()) EXPECT_EQ(name, "listCollections");
    }
    const bson::Document elsewhere =
        command(R"({"$merge": {"into": {"db": "archive", "coll": "patients"}}})");
    runner.run("clinic", elsewhere);
    EXPECT_EQ(sent(), elsewhere);
  }
}

TEST_F(SchemaResolverTest, EachDatabaseIsAskedForItsOwnCollections) {
  auto runner = make_runner({});
  EXPECT_NO_THROW(runner.run("reports", bson::from_json(R"({"aggregate": "plain", "cursor": {},
      "pipeline": [{"$merge": {"into": {"db": "clinic", "coll": "plain"}}}]})")));
  const auto calls = server.take_calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].database, "clinic");
  EXPECT_EQ(calls[1].database, "reports");
  for (const std::size_t i : {0, 1}) {
    EXPECT_EQ(calls[i].command.view().at_path("filter.name").as_string(), "plain");
  }
}

TEST_F(SchemaResolverTest, AnAnswerFromBeforeAChangeIsNotKept) {
  auto runner = make_runner({});
  server_schemas["patients"] = std::nullopt;
  const auto answer = server.answer();
  bool changed = false;
  server.set_answer([&](std::string_view database, bson::View command) {
    bson::Document reply = answer(database, command);
    if (command.front().key() == "listCollections" && !std::exchange(changed, true)) {
      // The answer is on its way while another thread makes the collection an encrypted one.
      runner.run("clinic", bson::doc("drop", "patients"));
      server_schemas["patients"] = fields();
      runner.run("clinic", bson::doc("create", "patients", "encryptedFields", fields()));
    }
    return reply;
  });
  runner.run("clinic", bson::doc("find", "patients"));
  server.take_calls();
  runner.run("clinic", insert_ssn());
  EXPECT_EQ(blob(sent(), "documents.0.ssn"), bson::BlobSubtype::kInsertUpdatePayloadV2);
}

TEST_F(SchemaResolverTest, AnswersThatExpiredAreThrownAway) {
  SchemaResolver resolver(server, cache, {.ask_server = false, .clock = &clock});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 300; ++i) {
      const std::string ns = "clinic.c" + std::to_string(round * 300 + i);
      resolver.resolve(std::span(&ns, 1));
    }
    clock.advance(60s);
  }
  EXPECT_LE(resolver.entry_count(), 600u);
}

TEST_F(SchemaResolverTest, AViewIsRefused) {
  server_type = "view";
  auto runner = make_runner({});
  EXPECT_STREQ(error_of([&] { runner.run("clinic", find_plain()); }).what(),
               "cannot auto encrypt a view: clinic.plain");
}

TEST_F(SchemaResolverTest, AServersSchemaThatCannotBeParsedIsRefused) {
  server_schemas["patients"] = bson::doc("fields", 1);
  auto runner = make_runner({});
  EXPECT_THAT(error_of([&] { runner.run("clinic", insert_ssn()); }).what(),
              HasSubstr("the server's schema of clinic.patients cannot be used"));
}

TEST_F(SchemaResolverTest, AnAnswerForAnotherCollectionIsRefused) {
  auto runner = make_runner({});
  server.set_answer([](std::string_view, bson::View) {
    return bson::doc("cursor",
                     bson::doc("id", std::int64_t{0}, "ns", "x", "firstBatch",
                               bson::array(bson::doc("name", "other", "type", "collection"))),
                     "ok", 1.0);
  });
  EXPECT_THAT(error_of([&] { runner.run("clinic", insert_ssn()); }).what(),
              HasSubstr("clinic.other, which it was not asked for"));
}

TEST_F(SchemaResolverTest, AnAnswerThatRepeatsACollectionIsRefused) {
  auto runner = make_runner({});
  const bson::Document info = bson::doc("name", "patients", "type", "collection");
  server.set_answer([&](std::string_view, bson::View command) {  // a cursor that never ends
    const bool first = command.front().key() == "listCollections";
    return bson::doc("cursor",
                     bson::doc("id", std::int64_t{7}, "ns", "clinic.$cmd.listCollections",
                               first ? "firstBatch" : "nextBatch", bson::array(info)),
                     "ok", 1.0);
  });
  EXPECT_THAT(error_of([&] { runner.run("clinic", insert_ssn()); }).what(),
              HasSubstr("answered for clinic.patients twice"));
}

TEST_F(SchemaResolverTest, AServerCannotHaveAKeyOfAPinnedFieldUsedForAnother) {
  const Uuid diary_key = vault.create();
  bson::Builder diary;
  diary.open_array("fields");
  add_field(diary, "text", diary_key, "string", "equality");
  diary.close();
  const auto both = schema::EncryptedFieldsMap::parse(
      bson::doc("clinic.patients", fields(), "clinic.diary", diary.finish()));
  const bson::Document of_patients = fields();
  for (const char* collection : {"patients", "other"}) {
    bson::Builder claimed;
    claimed.open_array("fields");
    if (collection == std::string_view("patients")) {
      for (const bson::Element& field : of_patients["fields"].as_array()) {
        claimed.push(field.value());
      }
    }
    add_field(claimed, "name", diary_key, "string", "equality");
    claimed.close();
    server_schemas[collection] = claimed.finish();
    auto runner = make_runner({.map = both, .allow_more_fields = true});
    server.take_calls();
    const Error error = error_of([&] {
      runner.run("clinic", bson::doc("find", collection, "filter", bson::doc("name", "known")));
    });
    EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation));
    EXPECT_THAT(error.what(), HasSubstr("which is the key of field 'text' of clinic.diary"));
    EXPECT_THAT(sent_names(), ElementsAre("listCollections"));
  }
}

TEST_F(SchemaResolverTest, MoreFieldsOfTheServerAreEncryptedWhereThatIsAllowed) {
  bson::Builder fewer;
  fewer.open_array("fields");
  add_field(fewer, "age", age_key, "int", "equality");
  fewer.close();
  const auto smaller =
      schema::EncryptedFieldsMap::parse(bson::doc("clinic.patients", fewer.finish()));
  auto strict = make_runner({.map = smaller});
  EXPECT_THROW(strict.run("clinic", insert_ssn()), Error);
  server.take_calls();
  auto lenient = make_runner({.map = smaller, .allow_more_fields = true});
  lenient.run("clinic", insert_ssn());
  EXPECT_EQ(blob(sent(), "documents.0.ssn"), bson::BlobSubtype::kInsertUpdatePayloadV2);
  lenient.forget_schemas();
  server_schemas["patients"] = std::nullopt;
  EXPECT_THROW(lenient.run("clinic", insert_ssn()), Error) << "fewer are not";
}

TEST_F(SchemaResolverTest, ARequiredMapListsEveryCollection) {
  auto runner = make_runner({.map = map(), .require_map = true});
  const Error error = error_of([&] { runner.run("clinic", find_plain()); });
  EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation));
  EXPECT_THAT(error.what(), HasSubstr("clinic.plain is not in the encrypted fields map"));
  EXPECT_NO_THROW(runner.run("clinic", bson::doc("create", "enxcol_.patients.esc")));
  EXPECT_THROW(make_runner({.require_map = true}), ImproperlyConfigured);
}

TEST_F(SchemaResolverTest, APinnedFieldMayNameItsKey) {
  const schema::EncryptedFieldsMap named = schema::EncryptedFieldsMap::parse(bson::from_json(
      R"({"clinic.patients": {"fields": [{"keyAltName": "patients.ssn", "path": "ssn",
          "bsonType": "string", "queries": {"queryType": "equality", "contention": 0}}]}})"));
  bson::Builder same;
  same.open_array("fields");
  add_field(same, "ssn", ssn_key, "string", "equality");
  same.close();
  server_schemas["patients"] = same.finish();
  auto runner = make_runner({.map = named});
  runner.run("clinic", insert_ssn());
  const bson::Document command = sent();
  const bson::View field = command.view()["encryptionInformation"]
                               .as_document()["schema"]
                               .as_document()["clinic.patients"]
                               .as_document()
                               .at_path("fields.0")
                               .as_document();
  EXPECT_EQ(field["keyId"].as_uuid(), ssn_key);
  EXPECT_FALSE(field.contains("keyAltName"));
}

TEST_F(SchemaResolverTest, APinnedNameWithoutAKeyIsNamed) {
  const schema::EncryptedFieldsMap named = schema::EncryptedFieldsMap::parse(bson::from_json(
      R"({"clinic.patients": {"fields": [{"keyAltName": "nobody", "path": "ssn",
          "bsonType": "string"}]}})"));
  auto runner = make_runner({.map = named, .ask_server = false});
  const Error error = error_of([&] { runner.run("clinic", insert_ssn()); });
  EXPECT_TRUE(error.is(ErrorCode::kKeyNotFound));
  EXPECT_THAT(error.what(), HasSubstr("'nobody', needed by field 'ssn' of clinic.patients"));
}

TEST_F(SchemaResolverTest, JoinedCollectionsAreAskedForTogether) {
  auto runner = pinned_runner();
  const bson::Document command =
      bson::from_json(R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "other",
                 "localField": "a", "foreignField": "b", "as": "c"}}], "cursor": {}})");
  runner.run("clinic", command);
  const auto calls = server.take_calls();
  EXPECT_EQ(
      bson::to_json(calls[0].command),
      R"({ "listCollections" : 1, "filter" : { "name" : { "$in" : [ "plain", "other" ] } } })");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1].command, command);
}

}  // namespace
}  // namespace quern::client
