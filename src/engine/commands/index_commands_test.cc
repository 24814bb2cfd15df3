// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Indexes: how they are made, what they refuse, what they answer.
#include <gtest/gtest.h>

#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

class Indexes : public ::testing::Test {
 protected:
  void create(std::string_view spec) {
    engine.run(R"({"createIndexes": "c", "indexes": [)" + std::string(spec) + "]}");
  }
  int create_code(std::string_view spec) {
    return engine.code_of(R"({"createIndexes": "c", "indexes": [)" + std::string(spec) + "]}");
  }
  void insert(std::string_view documents) {
    engine.run(R"({"insert": "c", "documents": )" + std::string(documents) + "}");
  }
  int insert_code(std::string_view documents) {
    return engine.code_of(R"({"insert": "c", "documents": )" + std::string(documents) + "}");
  }
  TestEngine engine;
};

TEST_F(Indexes, AreListedWithThatOnIdFirst) {
  create(R"({"name": "a_1", "key": {"a": 1}, "unique": true})");
  EXPECT_DOCUMENTS(engine.documents(R"({"listIndexes": "c"})"),
                   R"([{"v": 2, "key": {"_id": 1}, "name": "_id_"},
                       {"v": 2, "key": {"a": 1}, "name": "a_1", "unique": true}])");
}

TEST_F(Indexes, ThatContradictEachOtherCreateNoCollection) {
  EXPECT_EQ(create_code(R"({"name": "x", "key": {"a": 1}}, {"name": "x", "key": {"b": 1}})"), 86);
  EXPECT_EQ(engine.documents(R"({"listCollections": 1})").size(), 0u);
}

TEST_F(Indexes, OverArraysAreExplainedAsSuch) {
  const auto multikey = [this] {
    const bson::Document reply = engine.run(
        R"({"explain": {"find": "c", "filter": {"a": 1}}, "verbosity": "queryPlanner"})");
    return reply["queryPlanner"]
        .as_document()["winningPlan"]
        .as_document()["inputStage"]
        .as_document()["isMultiKey"]
        .as_bool();
  };
  create(R"({"name": "a_1", "key": {"a": 1}})");
  EXPECT_FALSE(multikey());
  insert(R"([{"a": [1, 2]}])");
  EXPECT_TRUE(multikey());
}

TEST_F(Indexes, CreatedTwiceAreCreatedOnce) {
  EXPECT_REPLY(
      engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})"),
      R"({"numIndexesBefore": 1, "numIndexesAfter": 2,
                   "createdCollectionAutomatically": true, "ok": 1.0})");
  EXPECT_REPLY(
      engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})"),
      R"({"numIndexesBefore": 2, "numIndexesAfter": 2,
                   "createdCollectionAutomatically": false,
                   "note": "all indexes already exist", "ok": 1.0})");
}

TEST_F(Indexes, WithTheSameNameOrKeyConflict) {
  create(R"({"name": "a_1", "key": {"a": 1}})");
  EXPECT_EQ(create_code(R"({"name": "a_1", "key": {"b": 1}})"), 86);
  EXPECT_EQ(create_code(R"({"name": "other", "key": {"a": 1}})"), 85);
}

TEST_F(Indexes, AreTheSameHiddenOrNot) {
  create(R"({"name": "a_1", "key": {"a": 1}, "hidden": true})");
  create(R"({"name": "a_1", "key": {"a": 1}})");
  create(R"({"name": "b_1", "key": {"b": 1}})");
  create(R"({"name": "b_1", "key": {"b": 1}, "hidden": true})");
  EXPECT_DOCUMENTS(engine.documents(R"({"listIndexes": "c"})"),
                   R"([{"v": 2, "key": {"_id": 1}, "name": "_id_"},
                       {"v": 2, "key": {"a": 1}, "name": "a_1", "hidden": true},
                       {"v": 2, "key": {"b": 1}, "name": "b_1"}])");
}

TEST_F(Indexes, ThatArePartialTakeOnlyConditionsThatQueriesCanImply) {
  engine.run(R"({"create": "c"})");
  const auto code = [this](std::string_view filter) {
    return create_code(R"({"name": "p", "key": {"a": 1}, "partialFilterExpression": )" +
                       std::string(filter) + "}");
  };
  EXPECT_EQ(code(R"({"b": {"$not": {"$gt": 3}}})"), 67);
  EXPECT_EQ(code(R"({"b": {"$ne": 3}})"), 67);
  EXPECT_EQ(code(R"({"b": {"$exists": false}})"), 67);
  EXPECT_EQ(code(R"({"b": {"$regex": "x"}})"), 67);
  EXPECT_EQ(code(R"({"b": {"$regularExpression": {"pattern": "x", "options": ""}}})"), 67);
  EXPECT_EQ(code(R"({"$nor": [{"b": 1}]})"), 67);
  EXPECT_EQ(code(R"({"$and": [{"b": 1}, {"$or": [{"c": {"$nin": [1]}}]}]})"), 67);
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 1u);
  EXPECT_EQ(code(R"({"b": {"$gt": 3, "$lte": 5}, "c": {"$exists": true}, "d": {"e": 1},
                     "$or": [{"f": {"$in": [1, 2]}}, {"g": {"$type": "string"}}, {"h": "x"}]})"),
            0);
}

TEST_F(Indexes, OfKindsThatAreMissingAreRefused) {
  EXPECT_EQ(create_code(R"({"name": "t", "key": {"a": "text"}})"), 115);
  EXPECT_EQ(create_code(R"({"name": "w", "key": {"$**": 1}})"), 115);
  EXPECT_EQ(create_code(R"({"name": "t", "key": {"a": 1}, "expireAfterSeconds": 5})"), 115);
  EXPECT_EQ(create_code(R"({"name": "e", "key": {}})"), 67);
  EXPECT_EQ(create_code(R"({"name": "u", "key": {"a": 1}, "strange": 1})"), 197);
}

TEST_F(Indexes, ThatAreUniqueRefuseADuplicate) {
  create(R"({"name": "a_1", "key": {"a": 1}, "unique": true})");
  insert(R"([{"_id": 1, "a": "x"}])");
  const bson::Document reply =
      engine.run_raw(R"({"insert": "c", "documents": [{"_id": 2, "a": "x"}]})");
  EXPECT_REPLY(reply, R"({"n": 0, "writeErrors": [{"index": 0, "code": 11000,
      "errmsg": "E11000 duplicate key error collection: test.c index: a_1 dup key: { a: \"x\" }",
      "keyPattern": {"a": 1}, "keyValue": {"a": "x"}}], "ok": 1.0})");
  EXPECT_EQ(engine.find("c").size(), 1u);
}

TEST_F(Indexes, ThatAreUniqueCountMissingAsNullUnlessSparse) {
  create(R"({"name": "a_1", "key": {"a": 1}, "unique": true})");
  insert(R"([{"_id": 1}])");
  EXPECT_EQ(insert_code(R"([{"_id": 2}])"), 11000);
  engine.run(R"({"dropIndexes": "c", "index": "a_1"})");
  create(R"({"name": "a_1", "key": {"a": 1}, "unique": true, "sparse": true})");
  EXPECT_EQ(insert_code(R"([{"_id": 2}])"), 0);
}

TEST_F(Indexes, ThatArePartialLookOnlyAtTheirPart) {
  create(R"({"name": "a_1", "key": {"a": 1}, "unique": true,
             "partialFilterExpression": {"live": true}})");
  insert(R"([{"_id": 1, "a": 5, "live": true}, {"_id": 2, "a": 5}])");
  EXPECT_EQ(insert_code(R"([{"_id": 3, "a": 5, "live": true}])"), 11000);
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 5})"), "COLLSCAN");
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 5, "live": true})"), "IXSCAN");
}

TEST_F(Indexes, CannotBeBuiltUniqueOverDuplicates) {
  insert(R"([{"_id": 1, "a": 5}, {"_id": 2, "a": 5}])");
  EXPECT_EQ(create_code(R"({"name": "a_1", "key": {"a": 1}, "unique": true})"), 11000);
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 1u);
  EXPECT_EQ(insert_code(R"([{"_id": 3, "a": 5}])"), 0);
}

TEST_F(Indexes, ListADocumentUnderEachElementOfAnArray) {
  create(R"({"name": "a_1", "key": {"a": 1}})");
  insert(R"([{"_id": 1, "a": [1, 2, 2, 3]}, {"_id": 2, "a": 2}])");
  EXPECT_EQ(engine.find("c", R"({"a": 2})", R"(, "hint": "a_1")").size(), 2u);
  EXPECT_EQ(engine.find("c", R"({"a": {"$gt": 0}})", R"(, "hint": "a_1")").size(), 2u);
  EXPECT_EQ(engine.find("c", R"({"a": 3})", R"(, "hint": "a_1")").size(), 1u);
}

TEST_F(Indexes, RefuseTwoParallelArrays) {
  create(R"({"name": "ab", "key": {"a": 1, "b": 1}})");
  EXPECT_EQ(insert_code(R"([{"_id": 1, "a": [1, 2], "b": [3, 4]}])"), 171);
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST_F(Indexes, AnswerEqualityRangeInPrefixAndSort) {
  create(R"({"name": "ab", "key": {"a": 1, "b": -1}})");
  for (int i = 0; i < 50; ++i) {
    insert(R"([{"_id": )" + std::to_string(i) + R"(, "a": )" + std::to_string(i % 5) +
           R"(, "b": )" + std::to_string(i / 5) + "}]");
  }
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 3})"), "IXSCAN");
  EXPECT_EQ(engine.find("c", R"({"a": 3})").size(), 10u);
  EXPECT_EQ(engine.find("c", R"({"a": 3, "b": {"$gte": 4, "$lt": 7}})").size(), 3u);
  EXPECT_EQ(engine.find("c", R"({"a": {"$in": [1, 4, 9]}})").size(), 20u);
  const auto sorted =
      engine.find("c", R"({"a": 2})", R"(, "sort": {"b": -1}, "projection": {"_id": 0, "b": 1})");
  ASSERT_EQ(sorted.size(), 10u);
  EXPECT_EQ(sorted.front()["b"].as_int32(), 9);
  EXPECT_EQ(sorted.back()["b"].as_int32(), 0);
  const auto reversed = engine.find("c", "{}", R"(, "sort": {"a": -1, "b": 1}, "limit": 2)");
  EXPECT_DOCUMENTS(reversed, R"([{"_id": 4, "a": 4, "b": 0}, {"_id": 9, "a": 4, "b": 1}])");
}

TEST_F(Indexes, OnIdAnswerRanges) {
  insert(R"([{"_id": 1}, {"_id": 2}, {"_id": 3}, {"_id": "x"}])");
  EXPECT_DOCUMENTS(engine.find("c", R"({"_id": {"$gte": 2}})"), R"([{"_id": 2}, {"_id": 3}])");
  EXPECT_DOCUMENTS(engine.find("c", R"({"_id": {"$in": [1, "x", 7]}})"),
                   R"([{"_id": 1}, {"_id": "x"}])");
  EXPECT_DOCUMENTS(engine.find("c", "{}", R"(, "sort": {"_id": -1}, "limit": 1)"),
                   R"([{"_id": "x"}])");
}

TEST_F(Indexes, AreDroppedByNameByKeyOrAll) {
  create(R"({"name": "a_1", "key": {"a": 1}}, {"name": "b_1", "key": {"b": 1}},
            {"name": "c_1", "key": {"c": 1}})");
  EXPECT_REPLY(engine.run(R"({"dropIndexes": "c", "index": "a_1"})"),
               R"({"nIndexesWas": 4, "ok": 1.0})");
  engine.run(R"({"dropIndexes": "c", "index": {"b": 1}})");
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 2u);
  engine.run(R"({"dropIndexes": "c", "index": "*"})");
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 1u);
  EXPECT_EQ(engine.code_of(R"({"dropIndexes": "c", "index": "a_1"})"), 27);
  EXPECT_EQ(engine.code_of(R"({"dropIndexes": "c", "index": "_id_"})"), 72);
}

TEST_F(Indexes, ThatAreHiddenAreKeptButNotUsed) {
  create(R"({"name": "a_1", "key": {"a": 1}})");
  EXPECT_REPLY(engine.run(R"({"collMod": "c", "index": {"name": "a_1", "hidden": true}})"),
               R"({"hidden_old": false, "hidden_new": true, "ok": 1.0})");
  insert(R"([{"_id": 1, "a": 5}])");
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 5})"), "COLLSCAN");
  engine.run(R"({"collMod": "c", "index": {"name": "a_1", "hidden": false}})");
  EXPECT_EQ(engine.find("c", R"({"a": 5})", R"(, "hint": "a_1")").size(), 1u);
}

TEST(CreateIndexesCommand, RefusesAnIndexOnTheIdOfAnotherDirection) {
  TestEngine engine;
  EXPECT_EQ(
      engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "i", "key": {"_id": -1}}]})"),
      2);
  EXPECT_EQ(
      engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "i", "key": {"_id": 2}}]})"),
      2);
  EXPECT_EQ(
      engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "i", "key": {"_id": 1}}]})"),
      0);
}

TEST(DuplicateKey, IsShownWithBareNames) {
  TestEngine engine;
  engine.run(
      R"({"createIndexes": "c", "indexes": [{"name": "i", "key": {"a": 1, "b": 1}, "unique": true}]})");
  engine.run(R"({"insert": "c", "documents": [{"a": {"x": [1, "y"]}}]})");
  const bson::Document reply =
      engine.run_raw(R"({"insert": "c", "documents": [{"a": {"x": [1, "y"]}}]})");
  const std::string message(
      reply["writeErrors"].as_array().front().as_document()["errmsg"].as_string());
  EXPECT_TRUE(message.ends_with(R"(index: i dup key: { a: { x: [ 1, "y" ] }, b: null })"))
      << message;
}

}  // namespace
}  // namespace quern::engine
