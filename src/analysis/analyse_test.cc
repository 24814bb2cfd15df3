// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/analyse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/testing.h"
#include "schema/placeholder.h"

namespace quern::analysis {
namespace {

using ::testing::ElementsAre;
using testing::expect_analysed;
using testing::expect_refused;
using testing::expect_unchanged;
using ::testing::IsEmpty;

Analysis analysis_of(std::string_view command) {
  return analyse("db", bson::from_json(command).view(), testing::schemas());
}

std::vector<std::string> namespaces(std::string_view command) {
  const bson::Document parsed = bson::from_json(command);
  return Subject("db", parsed).namespaces();
}

TEST(Analyse, TheMarkingHoldsKindAlgorithmKeyValueAndContention) {
  const Analysis analysis = analysis_of(R"({"find": "c", "filter": {"a.b": "x"}})");
  const auto marking = schema::EncryptionPlaceholder::parse(
      analysis.result["filter"].as_document()["a.b"].as_document()["$eq"].as_binary().bytes);
  EXPECT_EQ(marking.kind, schema::EncryptionPlaceholder::kFind);
  EXPECT_EQ(marking.algorithm, schema::EncryptionPlaceholder::kEquality);
  EXPECT_EQ(marking.index_key_id, marking.user_key_id);
  EXPECT_EQ(marking.user_key_id, Uuid::parse("00000000-0000-4000-8000-000000000002"));
  EXPECT_EQ(marking.value, bson::Value::of("x"));
  EXPECT_EQ(marking.max_contention, 4);
}

TEST(Analyse, ContentionIsEightByDefaultAndZeroWithoutQueries) {
  const Analysis analysis =
      analysis_of(R"({"insert": "c", "documents": [{"ssn": "x", "note": "y"}]})");
  const auto marking = [&](std::string_view path) {
    return schema::EncryptionPlaceholder::parse(
        analysis.result.view().at_path(path).as_binary().bytes);
  };
  EXPECT_EQ(marking("documents.0.ssn").max_contention, 8);
  EXPECT_EQ(marking("documents.0.note").max_contention, 0);
  EXPECT_EQ(marking("documents.0.note").algorithm, schema::EncryptionPlaceholder::kUnindexed);
}

// What drivers add to a command is no part of a statement inside it.
TEST(Analyse, MembersThatAnyCommandMayHaveAreNoneOfAStatement) {
  constexpr const char* kMembers[] = {R"("comment": "x")",      R"("maxTimeMS": 5)",
                                      R"("lsid": {"id": 1})",   R"("txnNumber": 1)",
                                      R"("autocommit": false)", R"("readConcern": {})",
                                      R"("writeConcern": {})",  R"("$db": "db")"};
  for (const std::string member : kMembers) {
    for (const std::string command :
         {R"("find": "c")", R"("aggregate": "c", "pipeline": [], "cursor": {})", R"("count": "c")",
          R"("insert": "c", "documents": [])", R"("update": "c", "updates": [])",
          R"("delete": "c", "deletes": [])", R"("findAndModify": "c", "query": {}, "remove": true)",
          R"("create": "c")", R"("collMod": "c")", R"("createIndexes": "c", "indexes": [])",
          R"("compactStructuredEncryptionData": "c")", R"("drop": "c")",
          R"("getMore": 1, "collection": "c")"}) {
      expect_unchanged("{" + command + ", " + member + "}");
    }
    const std::string name = member.substr(1, member.find('"', 1) - 1);
    expect_refused(
        R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p": 1}}, )" + member + "}]}",
        "'update.updates." + name + "'");
    expect_refused(R"({"delete": "c", "deletes": [{"q": {}, "limit": 1, )" + member + "}]}",
                   "'delete.deletes." + name + "'");
    expect_refused(R"({"collMod": "c", "index": {"name": "x", )" + member + "}}",
                   "'collMod.index." + name + "'");
    expect_refused(
        R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", )" + member + "}]}",
        "'createIndexes.indexes." + name + "'");
  }
}

TEST(Analyse, SaysWhetherAnythingIsEncrypted) {
  for (const char* command : {R"({"ping": 1})", R"({"find": "plain"})"}) {
    EXPECT_FALSE(analysis_of(command).has_encryption_placeholders) << command;
    EXPECT_FALSE(analysis_of(command).schema_requires_encryption) << command;
    EXPECT_FALSE(analysis_of(command).holds_payload) << command;
  }
  const Analysis marked = analysis_of(R"({"find": "c", "filter": {"ssn": "x"}})");
  EXPECT_TRUE(marked.schema_requires_encryption);
  EXPECT_TRUE(marked.has_encryption_placeholders);
  const Analysis unmarked = analysis_of(R"({"find": "c", "filter": {"p": "x"}})");
  EXPECT_TRUE(unmarked.schema_requires_encryption);
  EXPECT_FALSE(unmarked.has_encryption_placeholders);
  const Analysis plain = analysis_of(R"({"find": "plain", "filter": {"_id": 1}})");
  EXPECT_FALSE(plain.schema_requires_encryption);
  EXPECT_FALSE(plain.has_encryption_placeholders);
}

TEST(Analyse, CommandsOnPlainCollectionsAreNotTouched) {
  expect_unchanged(R"({"find": "plain", "filter": {"_id": 1, "$where": "x"}, "frobnicate": 1})");
  expect_unchanged(R"({"aggregate": "plain", "pipeline": [{"$out": "x"}], "cursor": {}})");
  expect_unchanged(
      R"({"update": "plain", "updates": [{"q": {}, "u": [{"$set": {"p": 1}}], "multi": true}]})");
}

TEST(Analyse, PipelinesOverSeveralPlainCollectionsAreLimitedToTheListedStages) {
  expect_refused(
      R"({"aggregate": "plain", "pipeline": [{"$unionWith": {"coll": "plain2"}}], "cursor": {}})",
      "Aggregation stage $unionWith is not allowed or supported with automatic encryption.");
  expect_refused(
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "plain2", "as": "x", "pipeline": [{"$facet": {"f": []}}]}}], "cursor": {}})",
      "Aggregation stage $facet is not allowed");
  expect_unchanged(
      R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "plain2", "as": "x", "pipeline": []}}], "cursor": {}})");
}

TEST(Analyse, CollectionsWithoutSchemaAreRefused) {
  expect_refused(R"({"find": "unheard", "filter": {}})",
                 "Missing encryption schema for namespace: db.unheard");
}

TEST(Analyse, CommandsWithoutDocumentsArePassedOn) {
  for (const char* name :
       {"getMore", "killCursors", "hello", "ping", "buildInfo", "commitTransaction", "drop",
        "dropDatabase", "dropIndexes", "listCollections", "listIndexes", "endSessions"}) {
    expect_unchanged(std::string("{\"") + name + R"(": 1, "lsid": {}, "comment": "x"})");
    EXPECT_THAT(namespaces(std::string("{\"") + name + "\": 1}"), IsEmpty());
  }
  expect_unchanged(R"({"compactStructuredEncryptionData": "c", "compactionTokens": {}})");
  expect_unchanged(R"({"cleanupStructuredEncryptionData": "c"})");
  expect_refused(R"({"compactStructuredEncryptionData": "c", "ssn": "x"})",
                 "'compactStructuredEncryptionData.ssn'");
}

TEST(Analyse, CommandsAboutCollectionsArePassedOnWithKnownMembersOnly) {
  for (const char* command :
       {R"({"getMore": {"$numberLong": "1"}, "collection": "c", "batchSize": 5, "maxTimeMS": 1})",
        R"({"killCursors": "c", "cursors": [{"$numberLong": "1"}]})",
        R"({"dropIndexes": "c", "index": "*", "writeConcern": {}})",
        R"({"renameCollection": "db.c", "to": "db.d", "dropTarget": true})",
        R"({"listCollections": 1, "filter": {"name": "c"}, "nameOnly": true, "cursor": {}})",
        R"({"listIndexes": "c", "cursor": {}})"}) {
    expect_unchanged(command);
  }
  for (const char* name : {"getMore", "killCursors", "drop", "dropDatabase", "dropIndexes",
                           "renameCollection", "listCollections", "listIndexes"}) {
    expect_refused(std::string("{\"") + name + R"(": "c", "ssn": "x"})",
                   std::string("'") + name + ".ssn' is not understood");
  }
}

TEST(Analyse, MarkingsOfTheCallerAreRefusedEverywhere) {
  const bson::Document marked = analysis_of(R"({"find": "c", "filter": {"ssn": "x"}})").result;
  const bson::Value marking(marked.view().at_path("filter.ssn.$eq"));
  for (const char* collection : {"c", "plain"}) {
    const auto refused = [](const bson::Document& command) {
      try {
        analyse("db", command, testing::schemas());
        ADD_FAILURE() << bson::to_json(command);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("already holds an encryption marking"));
      }
    };
    const bson::Document document = bson::doc("x", bson::array(bson::doc("y", marking)));
    refused(bson::doc("insert", collection, "documents", bson::array(document)));
    refused(bson::doc("find", collection, "filter", document));
    refused(bson::doc("explain", bson::doc("find", collection, "filter", document)));
    refused(bson::doc("create", collection, "comment", marking));
    refused(bson::doc("compactStructuredEncryptionData", collection, "comment", marking));
  }
}

TEST(Analyse, OtherCommandsAreRefusedByName) {
  for (const std::string name : {"mapReduce", "killOp", "bulkWrite", "frobnicate"}) {
    expect_refused("{\"" + name + R"(": "c"})",
                   "command not supported for auto encryption: " + name);
  }
  expect_refused(R"({"aggregate": 1, "pipeline": [], "cursor": {}})",
                 "non-collection command not supported for auto encryption: aggregate");
  expect_refused(R"({"find": ""})", "non-collection command not supported");
}

TEST(Analyse, AnEmptyCommandIsRefusedAsOne) {
  expect_refused("{}", "a command is a document whose first key is its name: this one is empty");
}

TEST(Explain, TheExplainedCommandIsAnalysed) {
  expect_analysed(
      R"({"explain": {"find": "c", "filter": {"ssn": "x"}}, "verbosity": "queryPlanner"})",
      R"({"explain": {"find": "c", "filter": {"ssn": {"$eq": "find equality ssn x"}}}, "verbosity": "queryPlanner"})");
  expect_analysed(
      R"({"explain": {"count": "c", "query": {"p": 1}}})",
      R"({"explain": {"count": "c", "query": {"p": {"$eq": 1}}}, "verbosity": "allPlansExecution"})");
  expect_unchanged(R"({"explain": {"find": "plain", "filter": {"p": 1}}})");
}

TEST(Explain, OnlyCommandsOnDocumentsAreExplained) {
  expect_refused(R"({"explain": "find"})", "explain takes a command");
  expect_refused(R"({"explain": {"explain": {"find": "c"}}})",
                 "command not supported for auto encryption: explain");
  expect_refused(R"({"explain": {"getMore": 1}})",
                 "command not supported for auto encryption: getMore");
  expect_refused(R"({"explain": {"compactStructuredEncryptionData": "c", "ssn": "x"}})",
                 "command not supported for auto encryption: compactStructuredEncryptionData");
  expect_refused(R"({"explain": "x"})", "explain takes a command");
  expect_refused(R"({"explain": {"find": "c"}, "filter": {"ssn": "x"}})", "'explain.filter'");
}

TEST(Namespaces, AreTheCommandsOwnThenThoseThatItJoins) {
  EXPECT_THAT(namespaces(R"({"insert": "c", "documents": []})"), ElementsAre("db.c"));
  EXPECT_THAT(namespaces(R"({"explain": {"find": "c"}})"), ElementsAre("db.c"));
  EXPECT_THAT(
      namespaces(
          R"({"aggregate": "c", "pipeline": [{"$lookup": {"from": "d", "as": "x", "pipeline":
             [{"$lookup": {"from": "e", "as": "y"}}]}}, {"$unionWith": "f"}, {"$unionWith": {"coll": "g"}},
             {"$facet": {"h": [{"$graphLookup": {"from": "i", "as": "x", "startWith": "$p",
                "connectFromField": "p", "connectToField": "q"}}]}}, {"$lookup": {"from": "c", "as": "z"}}]})"),
      ElementsAre("db.c", "db.d", "db.e", "db.f", "db.g", "db.i"));
  EXPECT_THAT(namespaces(R"({"create": "v", "viewOn": "c", "pipeline": []})"),
              ElementsAre("db.v", "db.c"));
}

TEST(Namespaces, AStageThatIsNotUnderstoodHasNone) {
  EXPECT_THROW(
      namespaces(
          R"({"aggregate": "c", "pipeline": [{"$newStage": {"input": {"x": [{"$lookup": {"from": "d"}}]}}}]})"),
      Error);
  EXPECT_THROW(
      namespaces(
          R"({"aggregate": "c", "pipeline": [{"$lookup": {"from": {"db": "db", "coll": "d"}, "as": "x"}}]})"),
      Error);
}

TEST(Namespaces, AreThoseThatThePipelineWritesToo) {
  EXPECT_THAT(namespaces(R"({"aggregate": "c", "pipeline": [{"$out": "d"}]})"),
              ElementsAre("db.c", "db.d"));
  EXPECT_THAT(
      namespaces(
          R"({"aggregate": "c", "pipeline": [{"$merge": {"into": {"db": "x", "coll": "d"}}}]})"),
      ElementsAre("db.c", "x.d"));
  EXPECT_THAT(namespaces(R"({"aggregate": "c", "pipeline": [{"$merge": "c"}]})"),
              ElementsAre("db.c"));
  EXPECT_THAT(namespaces(R"({"aggregate": "c", "pipeline": [{"$out": "d"}, {"$merge": "e"}]})"),
              ElementsAre("db.c", "db.d", "db.e"));
}

// Of two members with one name the analyser would take the first and the server the last.
TEST(Namespaces, NoStageNamesACollectionTwice) {
  for (
      const char* stage :
      {R"({"$lookup": {"from": "plain", "from": "c", "as": "x", "pipeline": []}})",
       R"({"$lookup": {"from": "plain", "as": "x", "pipeline": [], "pipeline": [{"$unionWith": "c"}]}})",
       R"({"$graphLookup": {"from": "plain", "from": "c", "as": "x", "startWith": "$p", "connectFromField": "p", "connectToField": "q"}})",
       R"({"$unionWith": {"coll": "plain", "coll": "c"}})",
       R"({"$merge": {"into": "plain2", "into": "c"}})",
       R"({"$merge": {"into": {"db": "db", "coll": "plain2", "coll": "c"}}})",
       R"({"$merge": {"into": {"db": "x", "coll": "c", "db": "db"}}})",
       R"({"$out": {"db": "db", "coll": "plain2", "coll": "c"}})",
       R"({"$facet": {"a": [], "a": [{"$unionWith": "c"}]}})",
       R"({"$unionWith": "plain", "$unionWith": "c"})", R"({"$out": "plain2", "$merge": "c"})"}) {
    const std::string command =
        std::string(R"({"aggregate": "plain", "cursor": {}, "pipeline": [)") + stage + "]}";
    EXPECT_THROW(namespaces(command), Error) << command;
    EXPECT_NE(testing::refusal_of(command), "") << command;
  }
}

TEST(Analyse, NothingIsWrittenInTheClearIntoAnEncryptedCollection) {
  for (const char* stage : {R"({"$out": "c"})", R"({"$out": {"db": "db", "coll": "c"}})",
                            R"({"$merge": "c"})", R"({"$merge": {"into": "c"}})"}) {
    expect_refused(
        std::string(
            R"({"aggregate": "plain", "cursor": {}, "pipeline": [{"$set": {"ssn": "x"}}, )") +
            stage + "]}",
        "is not allowed or supported with automatic encryption.");
  }
  expect_unchanged(R"({"aggregate": "plain", "pipeline": [{"$out": "plain2"}], "cursor": {}})");
  expect_unchanged(
      R"({"aggregate": "plain", "pipeline": [{"$merge": {"into": "unheard"}}], "cursor": {}})");
}

TEST(Analyse, WhatIsGivenTwiceIsRefused) {
  const auto refused = [](const bson::Document& command) {
    EXPECT_THROW(analyse("db", command, testing::schemas()), Error) << bson::to_json(command);
  };
  const bson::Document empty;
  refused(bson::doc("find", "c", "filter", empty, "filter", empty));
  refused(bson::doc("find", "plain", "filter", empty, "filter", empty));
  refused(bson::doc("explain", bson::doc("find", "plain"), "explain", bson::doc("find", "c")));
  refused(bson::doc("aggregate", "plain", "pipeline", bson::array(), "pipeline", bson::array()));
  const auto pipeline = [&](const bson::Document& stage) {
    refused(bson::doc("aggregate", "c", "pipeline", bson::array(stage), "cursor", empty));
  };
  pipeline(bson::doc("$lookup", bson::doc("from", "plain", "from", "other", "as", "o")));
  pipeline(bson::doc("$unwind", bson::doc("path", "$p", "path", "$q")));
  const auto expression = [&](const bson::Document& operation) {
    refused(bson::doc("find", "c", "filter", bson::doc("$expr", operation)));
  };
  expression(bson::doc("$cond", bson::doc("if", true, "then", "$p", "else", 1, "then", "$ssn")));
  expression(bson::doc(
      "$switch",
      bson::doc("branches", bson::array(bson::doc("case", true, "then", "$p", "then", "$ssn")))));
}

TEST(Analyse, FieldsWhoseKeyIsNotKnownByIdAreRefused) {
  SchemaMap schemas;
  schemas.emplace(
      "db.c", schema::EncryptedFields::parse(
                  bson::from_json(
                      R"({"fields": [{"path": "ssn", "keyAltName": "k", "bsonType": "string"}]})")
                      .view(),
                  "c", {.allow_key_alt_name = true}));
  EXPECT_THROW(
      analyse("db", bson::from_json(R"({"insert": "c", "documents": [{"ssn": "x"}]})").view(),
              schemas),
      ImproperlyConfigured);
}

TEST(Analyse, RefusalsHoldNoValues) {
  for (
      const char* command :
      {R"({"insert": "c", "documents": [{"n": "SECRET"}]})",
       R"({"find": "c", "filter": {"note": "SECRET"}})",
       R"({"find": "c", "filter": {"ssn": {"$gt": "SECRET"}}})",
       R"({"find": "c", "filter": {"$expr": {"$lt": ["$ssn", "SECRET"]}}})",
       R"({"find": "c", "filter": {"a": {"b": "SECRET"}}})",
       R"({"find": "c", "sort": {"ssn": "SECRET"}})",
       R"({"update": "c", "updates": [{"q": {}, "u": {"$push": {"ssn": "SECRET"}}}]})",
       R"({"find": "c", "filter": {"$expr": {"$eq": ["$ssn", "$$SECRET"]}}})",
       R"({"find": "c", "filter": {"$expr": {"$eq": ["$ssn", "$SECRET"]}}})",
       R"({"find": "c", "filter": {"$expr": {"$eq": ["$ssn", "$ssn.SECRET"]}}})",
       R"({"find": "c", "filter": {"$expr": {"$eq": ["$ssn", "$a.0.SECRET"]}}})",
       R"({"aggregate": "c", "pipeline": [{"$unset": "ssn"}, {"$match": {"$expr": "$ssn.SECRET"}}], "cursor": {}})",
       R"({"insert": "c", "documents": [{"age": 5, "title": "SECRET"}]})"}) {
    const std::string refusal = testing::refusal_of(command);
    EXPECT_FALSE(refusal.empty()) << command;
    EXPECT_EQ(refusal.find("SECRET"), std::string::npos) << refusal;
  }
}

// Whatever a setting is called, a document of values cannot take its place and be sent as it is.
TEST(Analyse, ADocumentTakesThePlaceOfNoSetting) {
  for (
      const char* command : {
          R"({"find": "c", "limit": VALUE})",
          R"({"find": "c", "skip": VALUE})",
          R"({"find": "c", "batchSize": VALUE})",
          R"({"find": "c", "singleBatch": VALUE})",
          R"({"find": "c", "tailable": VALUE})",
          R"({"count": "c", "limit": VALUE})",
          R"({"count": "c", "skip": VALUE})",
          R"({"aggregate": "c", "pipeline": [], "explain": VALUE})",
          R"({"aggregate": "c", "pipeline": [], "cursor": {}, "allowDiskUse": VALUE})",
          R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$geoNear": {"near": VALUE, "distanceField": "d"}}]})",
          R"({"insert": "c", "documents": [{"_id": 1}], "ordered": VALUE})",
          R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p": 1}}, "upsert": VALUE}]})",
          R"({"update": "c", "updates": [], "bypassDocumentValidation": VALUE})",
          R"({"delete": "c", "deletes": [{"q": {}, "limit": VALUE}]})",
          R"({"findAndModify": "c", "query": {}, "remove": VALUE})",
          R"({"findAndModify": "c", "update": {"$set": {"p": 1}}, "new": VALUE})",
          R"({"explain": {"find": "c"}, "verbosity": VALUE})",
          R"({"createIndexes": "c", "commitQuorum": VALUE, "indexes": [{"key": {"p": 1}, "name": "p"}]})",
          R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "p", "unique": VALUE}]})",
          R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": VALUE}]})",
          R"({"collMod": "c", "validationLevel": VALUE})",
          R"({"collMod": "c", "validator": {"$jsonSchema": {"title": VALUE}}})",
      }) {
    for (const char* value : {R"({"ssn": "SECRET"})", R"([{"ssn": "SECRET"}])"}) {
      std::string text = command;
      text.replace(text.find("VALUE"), 5, value);
      // Legacy coordinates are numbers in an array: what else is in it is the server's to refuse.
      if (text.find("$geoNear") != text.npos && *value == '[') continue;
      if (text.find("title") != text.npos && *value == '[') continue;
      const std::string refusal = testing::refusal_of(text);
      EXPECT_FALSE(refusal.empty()) << text;
      EXPECT_EQ(refusal.find("SECRET"), std::string::npos) << refusal;
    }
  }
}

}  // namespace
}  // namespace quern::analysis
