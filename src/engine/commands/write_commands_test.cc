// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// insert, update, delete, findAndModify.
#include <gtest/gtest.h>

#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

TEST(InsertCommand, ReportsADuplicateIdWithItsIndexAndStopsThere) {
  TestEngine engine;
  EXPECT_REPLY(
      engine.run_raw(
          R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 2}, {"_id": 1}, {"_id": 3}]})"),
      R"({"n": 2, "writeErrors": [{"index": 2, "code": 11000,
          "errmsg": "E11000 duplicate key error collection: test.c index: _id_ dup key: { _id: 1 }",
          "keyPattern": {"_id": 1}, "keyValue": {"_id": 1}}], "ok": 1.0})");
  EXPECT_DOCUMENTS(engine.find("c"), R"([{"_id": 1}, {"_id": 2}])");
}

TEST(DuplicateKeys, ThatAreLargeAreNotTold) {
  constexpr std::size_t kEnough = 4096;
  TestEngine engine;
  const std::string huge(7 << 20, '\x01');
  const auto insert = [&](bson::View first, bson::View second) {
    bson::Builder b;
    b.append("insert", "c").open_array("documents").push(first).push(second).close();
    return engine.run_raw(b.append("ordered", false).finish().view());
  };
  const bson::Document reply = insert(bson::doc("_id", huge), bson::doc("_id", huge));
  EXPECT_LT(reply.size(), kEnough);
  const bson::View error = reply["writeErrors"].as_array().front().as_document();
  EXPECT_EQ(error["code"].as_int32(), 11000);
  EXPECT_EQ(bson::to_json(error["keyPattern"].as_document()), normalised(R"({"_id": 1})"));
  EXPECT_TRUE(error["keyValue"].missing());

  EXPECT_FALSE(
      insert(bson::doc("_id", 1, "a", huge), bson::doc("_id", 2, "a", huge))["writeErrors"]);
  const std::string indexes =
      R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}, "unique": true}]})";
  const bson::Document refused = engine.run_raw(indexes);
  EXPECT_EQ(refused["code"].as_int32(), 11000);
  EXPECT_LT(refused.size(), kEnough);

  engine.run(R"({"delete": "c", "deletes": [{"q": {"_id": {"$ne": 1}}, "limit": 0}]})");
  engine.run(indexes);
  const bson::Document modified =
      engine.run_raw(bson::doc("findAndModify", "c", "query", bson::doc("_id", 3), "update",
                               bson::doc("$set", bson::doc("a", huge)), "upsert", true)
                         .view());
  EXPECT_EQ(modified["code"].as_int32(), 11000);
  EXPECT_LT(modified.size(), kEnough);
}

TEST(InsertCommand, GoesOnAfterAFaultWhenUnordered) {
  TestEngine engine;
  const bson::Document reply = engine.run_raw(
      R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 1}, {"_id": 3}], "ordered": false})");
  EXPECT_EQ(reply["n"].as_int32(), 2);
  EXPECT_EQ(engine.find("c").size(), 2u);
}

TEST(InsertCommand, GivesADocumentAnIdAndPutsItFirst) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"a": 1}, {"a": 2, "_id": 5}]})");
  const auto documents = engine.find("c", R"({"a": 1})");
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].view().front().type(), bson::Type::kObjectId);
  EXPECT_DOCUMENTS(engine.find("c", R"({"a": 2})"), R"([{"_id": 5, "a": 2}])");
}

TEST(InsertCommand, RefusesArraysAsIds) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": [1]}]})"), 53);
}

TEST(InsertCommand, RefusesWhatTheValidatorDoesNotMatch) {
  TestEngine engine;
  engine.run(R"({"create": "c", "validator": {"age": {"$gte": 18}}})");
  const bson::Document reply =
      engine.run_raw(R"({"insert": "c", "documents": [{"_id": 1, "age": 3}]})");
  const bson::View error = reply["writeErrors"].as_array().front().as_document();
  EXPECT_EQ(error["code"].as_int32(), 121);
  EXPECT_EQ(error["errInfo"].as_document()["failingDocumentId"].as_int32(), 1);
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"age": 3}],
                               "bypassDocumentValidation": true})"),
            0);
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"age": 30}]})"), 0);
}

TEST(InsertCommand, RefusesAnEmptyBatch) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": []})"), 16);
}

TEST(InsertCommand, RefusesADocumentAbove16MiB) {
  TestEngine engine;
  const std::string text(16 * 1024 * 1024, 'x');
  bson::Builder b;
  b.append("insert", "c").open_array("documents").push(bson::doc("_id", 1, "t", text)).close();
  const bson::Document reply = engine.run_raw(b.finish().view());
  EXPECT_EQ(reply["writeErrors"].as_array().front().as_document()["code"].as_int32(), 10334);
}

class Writes : public ::testing::Test {
 protected:
  Writes() {
    engine.run(R"({"insert": "c", "documents": [
        {"_id": 1, "a": 1, "b": 1}, {"_id": 2, "a": 1, "b": 2}, {"_id": 3, "a": 2, "b": 3}]})");
  }
  TestEngine engine;
};

TEST_F(Writes, UpdateOneDocumentUnlessToldOtherwise) {
  EXPECT_REPLY(
      engine.run(R"({"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"x": 1}}}]})"),
      R"({"n": 1, "nModified": 1, "ok": 1.0})");
  EXPECT_EQ(engine.find("c", R"({"x": 1})").size(), 1u);
}

TEST_F(Writes, UpdateAllWithMulti) {
  EXPECT_REPLY(engine.run(R"({"update": "c", "updates": [
                   {"q": {"a": 1}, "u": {"$set": {"b": 2}}, "multi": true}]})"),
               R"({"n": 2, "nModified": 1, "ok": 1.0})");
  EXPECT_EQ(engine.find("c", R"({"b": 2})").size(), 2u);
}

TEST_F(Writes, ReplaceADocument) {
  engine.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"z": 9}}]})");
  EXPECT_DOCUMENTS(engine.find("c", R"({"_id": 1})"), R"([{"_id": 1, "z": 9}])");
}

TEST_F(Writes, UpsertInsertsWhenNothingMatches) {
  EXPECT_REPLY(engine.run(R"({"update": "c", "updates": [
                   {"q": {"_id": 9, "a": 5}, "u": {"$set": {"b": 6}}, "upsert": true}]})"),
               R"({"n": 1, "nModified": 0, "upserted": [{"index": 0, "_id": 9}], "ok": 1.0})");
  EXPECT_DOCUMENTS(engine.find("c", R"({"_id": 9})"), R"([{"_id": 9, "a": 5, "b": 6}])");
}

TEST_F(Writes, RefuseToChangeAnId) {
  EXPECT_EQ(engine.code_of(R"({"update": "c", "updates": [
                {"q": {"_id": 1}, "u": {"$set": {"_id": 7}}}]})"),
            66);
}

TEST_F(Writes, KeepIndexesUpToDate) {
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
  engine.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 7}}}]})");
  engine.run(R"({"delete": "c", "deletes": [{"q": {"_id": 3}, "limit": 1}]})");
  EXPECT_DOCUMENTS(engine.find("c", R"({"a": 7})", R"(, "hint": "a_1")"),
                   R"([{"_id": 1, "a": 7, "b": 1}])");
  EXPECT_EQ(engine.find("c", R"({"a": {"$gte": 0}})", R"(, "hint": "a_1")").size(), 2u);
}

TEST_F(Writes, DeleteOneOrAll) {
  EXPECT_REPLY(engine.run(R"({"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}]})"),
               R"({"n": 1, "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"delete": "c", "deletes": [{"q": {}, "limit": 0}]})"),
               R"({"n": 2, "ok": 1.0})");
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST_F(Writes, FindAndModifyReturnsTheOldOrTheNewDocument) {
  EXPECT_REPLY(engine.run(R"({"findAndModify": "c", "query": {"a": 1}, "sort": {"b": -1},
                              "update": {"$inc": {"b": 10}}})"),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": true},
                   "value": {"_id": 2, "a": 1, "b": 2}, "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"findAndModify": "c", "query": {"_id": 3}, "new": true,
                              "fields": {"b": 1}, "update": {"$inc": {"b": 10}}})"),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": true},
                   "value": {"_id": 3, "b": 13}, "ok": 1.0})");
}

TEST_F(Writes, FindAndModifyRemoves) {
  EXPECT_REPLY(engine.run(R"({"findAndModify": "c", "query": {"a": 2}, "remove": true})"),
               R"({"lastErrorObject": {"n": 1}, "value": {"_id": 3, "a": 2, "b": 3}, "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"findAndModify": "c", "query": {"a": 2}, "remove": true})"),
               R"({"lastErrorObject": {"n": 0}, "value": null, "ok": 1.0})");
}

TEST_F(Writes, FindAndModifyUpserts) {
  EXPECT_REPLY(engine.run(R"({"findAndModify": "c", "query": {"_id": 8}, "upsert": true,
                              "new": true, "update": {"$set": {"q": 1}}})"),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": false, "upserted": 8},
                   "value": {"_id": 8, "q": 1}, "ok": 1.0})");
}

TEST_F(Writes, EvaluateLetBeforeTheyStart) {
  engine.run(R"({"insert": "l", "documents": [{"_id": 3}, {"_id": 4}, {"_id": 5}]})");
  const auto with = [](const std::string& command, const std::string& let) {
    return "{" + command + R"(, "let": )" + let + "}";
  };
  const std::string q = R"({"$expr": {"$eq": ["$_id", "$$v"]}})";
  const std::string update =
      R"("update": "l", "updates": [{"q": )" + q + R"(, "u": [{"$set": {"a": "$$v"}}]}])";
  const std::string modify = R"("findAndModify": "l", "query": )" + q + R"(, "remove": true)";
  const std::string remove = R"("delete": "l", "deletes": [{"q": )" + q + R"(, "limit": 1}])";
  engine.run(with(update, R"({"v": {"$add": [1, 2]}})"));
  engine.run(with(modify, R"({"v": {"$add": [2, 2]}})"));
  engine.run(with(remove, R"({"v": {"$add": [2, 3]}})"));
  const auto left = engine.find("l");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front(), bson::from_json(R"({"_id": 3, "a": 3})"));
  for (const std::string& command : {update, modify, remove}) {
    EXPECT_EQ(engine.code_of(with(command, R"({"v": "$_id"})")), 4890500) << command;
  }
}

TEST_F(Writes, ReportWhichStatementFailed) {
  const bson::Document reply = engine.run_raw(R"({"update": "c", "updates": [
      {"q": {"_id": 1}, "u": {"$set": {"b": 5}}},
      {"q": {"_id": 1}, "u": {"$inc": {"b": "x"}}},
      {"q": {"_id": 2}, "u": {"$set": {"b": 5}}}], "ordered": false})");
  EXPECT_EQ(reply["n"].as_int32(), 2);
  const bson::View error = reply["writeErrors"].as_array().front().as_document();
  EXPECT_EQ(error["index"].as_int32(), 1);
  EXPECT_EQ(error["code"].as_int32(), 14);
}

TEST_F(Writes, DoNothingWhenAnyOfTheStatementsIsMalformed) {
  const std::string first = R"({"q": {"_id": 1}, "u": {"$set": {"a": 99}}})";
  for (const std::string& malformed :
       {R"({"update": "c", "updates": [)" + first + R"(], "let": 5})",
        R"({"update": "c", "updates": [)" + first + R"(, {"q": 1, "u": {"$set": {"a": 1}}}]})",
        R"({"update": "c", "updates": [)" + first + R"(, {"q": {}}]})",
        R"({"update": "c", "updates": [)" + first + R"(, {"q": {}, "u": {}, "x": 1}]})",
        std::string(R"({"delete": "c", "deletes": [{"q": {"_id": 1}, "limit": 1},
                        {"q": {}, "limit": 2}]})"),
        std::string(R"({"delete": "c", "deletes": [{"q": {"_id": 1}, "limit": 1}, {"q": {}}]})")}) {
    const bson::Document reply = engine.run_raw(malformed);
    EXPECT_EQ(reply["ok"].as_double(), 0) << malformed;
    EXPECT_FALSE(reply.view().contains("writeErrors")) << malformed;
  }
  EXPECT_EQ(engine.find("c", R"({"_id": 1, "a": {"$ne": 99}})").size(), 1u);
}

TEST_F(Writes, TellTheDuplicateKeyWhereverItIsReported) {
  engine.run(
      R"({"createIndexes": "d", "indexes": [{"name": "a", "key": {"a": 1}, "unique": true}]})");
  engine.run(
      R"({"insert": "d", "documents": [{"_id": 1, "a": 1, "b": 5}, {"_id": 2, "a": 2, "b": 5}]})");
  const bson::Document modified = engine.run_raw(
      R"({"findAndModify": "d", "query": {"_id": 2}, "update": {"$set": {"a": 1}}})");
  EXPECT_EQ(modified["code"].as_int32(), 11000);
  EXPECT_REPLY(modified["keyPattern"].as_document(), R"({"a": 1})");
  EXPECT_REPLY(modified["keyValue"].as_document(), R"({"a": 1})");
  const bson::Document built = engine.run_raw(
      R"({"createIndexes": "d", "indexes": [{"name": "b", "key": {"b": 1}, "unique": true}]})");
  EXPECT_EQ(built["code"].as_int32(), 11000);
  EXPECT_REPLY(built["keyPattern"].as_document(), R"({"b": 1})");
  EXPECT_REPLY(built["keyValue"].as_document(), R"({"b": 5})");
}

TEST(WriteErrors, BeyondAMebibyteTellOnlyIndexAndCode) {
  TestEngine engine;
  const std::string id(1000, 'k');
  std::string list;
  constexpr int kCount = 1000;
  for (int i = 0; i < kCount; ++i) list += (i == 0 ? "" : ", ") + (R"({"_id": ")" + id) + R"("})";
  const bson::Document reply =
      engine.run_raw(R"({"insert": "c", "documents": [)" + list + R"(], "ordered": false})");
  EXPECT_LT(reply.view().size(), 1'200'000u);
  const bson::View errors = reply["writeErrors"].as_array();
  EXPECT_EQ(errors.count(), static_cast<std::size_t>(kCount - 1));
  EXPECT_TRUE(errors.front().as_document().contains("keyValue"));
  bson::View last;
  for (const bson::Element& each : errors) last = each.as_document();
  EXPECT_REPLY(last, R"({"index": 999, "code": 11000, "errmsg": ""})");
}

// More than are known at a time, by an index in which each write moves the document ahead.
TEST(MultiWrites, MeetEachDocumentOnceHoweverManyThereAre) {
  constexpr int kCount = 25'000;
  TestEngine engine;
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  bson::Builder insert;
  insert.append("insert", "c").open_array("documents");
  for (int i = 0; i < kCount; ++i) insert.push(bson::doc("_id", i, "a", i));
  insert.close();
  engine.run_raw(insert.finish().view());
  const std::string n = std::to_string(kCount);
  EXPECT_REPLY(engine.run(R"({"update": "c", "updates": [{"q": {"a": {"$gte": 0}},
                              "u": {"$inc": {"a": 100000}}, "multi": true}]})"),
               R"({"n": )" + n + R"(, "nModified": )" + n + R"(, "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"count": "c", "query": {"a": {"$gte": 100000, "$lt": 200000}}})"),
               R"({"n": )" + n + R"(, "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"delete": "c", "deletes": [{"q": {"a": {"$gte": 0}}, "limit": 0}]})"),
               R"({"n": )" + n + R"(, "ok": 1.0})");
  EXPECT_TRUE(engine.find("c").empty());
}

}  // namespace
}  // namespace quern::engine
