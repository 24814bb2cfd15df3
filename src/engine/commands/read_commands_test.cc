// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// find, getMore, killCursors, count, distinct, aggregate, explain.
#include <gtest/gtest.h>

#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

class Reads : public ::testing::Test {
 protected:
  Reads() {
    std::string documents;
    for (int i = 0; i < 250; ++i) {
      documents += (i == 0 ? "" : ", ") + std::string(R"({"_id": )") + std::to_string(i) +
                   R"(, "m": )" + std::to_string(i % 7) + "}";
    }
    engine.run(R"({"insert": "c", "documents": [)" + documents + "]}");
  }
  std::int64_t open_cursor() {
    const auto reply = engine.run(R"({"find": "c", "batchSize": 10})");
    return reply["cursor"].as_document()["id"].as_int64();
  }
  std::string get_more(std::int64_t id, std::string_view more = "") {
    return R"({"getMore": {"$numberLong": ")" + std::to_string(id) + R"("}, "collection": "c")" +
           std::string(more) + "}";
  }
  TestEngine engine;
};

TEST_F(Reads, ComeInBatches) {
  const bson::Document first = engine.run(R"({"find": "c"})");
  const bson::View cursor = first["cursor"].as_document();
  EXPECT_EQ(cursor["firstBatch"].as_array().count(), 101u);
  EXPECT_EQ(cursor["ns"].as_string(), "test.c");
  const bson::Document next = engine.run(get_more(cursor["id"].as_int64(), R"(, "batchSize": 49)"));
  EXPECT_EQ(next["cursor"].as_document()["nextBatch"].as_array().count(), 49u);
  const bson::Document last = engine.run(get_more(cursor["id"].as_int64()));
  EXPECT_EQ(last["cursor"].as_document()["nextBatch"].as_array().count(), 100u);
  EXPECT_EQ(last["cursor"].as_document()["id"].as_int64(), 0);
  EXPECT_EQ(engine.code_of(get_more(cursor["id"].as_int64())), 43);
}

TEST_F(Reads, SeeTheStateOfTheirFirstBatch) {
  const std::int64_t id = open_cursor();
  engine.run(R"({"delete": "c", "deletes": [{"q": {}, "limit": 0}]})");
  const bson::Document rest = engine.run(get_more(id));
  EXPECT_EQ(rest["cursor"].as_document()["nextBatch"].as_array().count(), 240u);
}

TEST_F(Reads, SurviveTheDropOfTheirCollection) {
  const std::int64_t id = open_cursor();
  engine.run(R"({"drop": "c"})");
  const bson::Document rest = engine.run(get_more(id));
  EXPECT_EQ(rest["cursor"].as_document()["nextBatch"].as_array().count(), 240u);
}

TEST_F(Reads, EndWhenTheyAreKilled) {
  const std::int64_t id = open_cursor();
  const std::string number = R"({"$numberLong": ")" + std::to_string(id) + R"("})";
  EXPECT_REPLY(engine.run(R"({"killCursors": "c", "cursors": [)" + number + "]}"),
               R"({"cursorsKilled": [)" + number + R"(], "cursorsNotFound": [],
                   "cursorsAlive": [], "cursorsUnknown": [], "ok": 1.0})");
  EXPECT_EQ(engine.code_of(get_more(id)), 43);
}

TEST_F(Reads, BelongToTheirNamespace) {
  const std::int64_t id = open_cursor();
  EXPECT_EQ(engine.code_of(R"({"getMore": {"$numberLong": ")" + std::to_string(id) +
                           R"("}, "collection": "d"})"),
            13);
  EXPECT_EQ(engine.code_of(get_more(id)), 0);
}

TEST_F(Reads, EvaluateLetBeforeTheyStart) {
  const std::string expr = R"({"$expr": {"$eq": ["$_id", "$$v"]}})";
  const std::string let = R"("let": {"u": 3, "v": {"$add": ["$$u", 2]}})";
  const std::string find = R"({"find": "c", "filter": )" + expr + ", " + let + "}";
  const std::string aggregate =
      R"({"aggregate": "c", "pipeline": [{"$match": )" + expr + R"(}], "cursor": {}, )" + let + "}";
  for (const std::string& command : {find, aggregate}) {
    const bson::Document reply = engine.run(command);
    EXPECT_EQ(reply["cursor"].as_document()["firstBatch"].as_array(),
              bson::array(bson::doc("_id", 5, "m", 5)).view().as_array())
        << command;
  }
  const std::string explained = R"({"explain": {"delete": "c", "deletes": [{"q": )" + expr +
                                R"(, "limit": 1}], )" + let +
                                R"(}, "verbosity": "executionStats"})";
  EXPECT_EQ(engine.run(explained)["executionStats"].as_document()["nReturned"].as_int64(), 1);
  EXPECT_EQ(engine.code_of(R"({"find": "c", "let": {"v": "$m"}})"), 4890500);
  EXPECT_EQ(
      engine.code_of(R"({"aggregate": "c", "pipeline": [], "cursor": {}, "let": {"v": "$m"}})"),
      4890500);
}

TEST(CursorTimeout, EndsACursorThatNobodyAsks) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  engine.run(R"({"insert": "c", "documents": [{}, {}, {}]})");
  const bson::Document reply = engine.run(R"({"find": "c", "batchSize": 1})");
  EXPECT_EQ(engine.engine().cursors().size(), 1u);
  clock.advance(std::chrono::minutes(9));
  engine.engine().expire();
  EXPECT_EQ(engine.engine().cursors().size(), 1u);
  clock.advance(std::chrono::minutes(2));
  engine.engine().expire();
  EXPECT_EQ(engine.engine().cursors().size(), 0u);
}

TEST_F(Reads, SortSkipLimitAndProject) {
  EXPECT_DOCUMENTS(engine.find("c", R"({"m": 3})",
                               R"(, "sort": {"_id": -1}, "skip": 1, "limit": 2,
                                  "projection": {"m": 0})"),
                   R"([{"_id": 241}, {"_id": 234}])");
}

TEST_F(Reads, OfASingleBatchLeaveNoCursor) {
  const bson::Document reply = engine.run(R"({"find": "c", "batchSize": 5, "singleBatch": true})");
  EXPECT_EQ(reply["cursor"].as_document()["id"].as_int64(), 0);
}

TEST_F(Reads, StopWhenTheirTimeIsOver) {
  class Impatient : public Clock {
   public:
    std::chrono::steady_clock::time_point now() override {
      return std::chrono::steady_clock::time_point(std::chrono::seconds(++calls_));
    }
    std::chrono::sys_time<std::chrono::milliseconds> wall_now() override { return {}; }
    std::atomic<int> calls_ = 0;
  } clock;
  TestEngine slow(EngineOptions{.clock = &clock});
  slow.run(R"({"insert": "c", "documents": [{}, {}, {}]})");
  EXPECT_EQ(slow.code_of(R"({"find": "c", "filter": {"a": 1}, "maxTimeMS": 1})"), 50);
}

TEST_F(Reads, CountWithFilterSkipAndLimit) {
  EXPECT_EQ(engine.run(R"({"count": "c"})")["n"].as_int32(), 250);
  EXPECT_EQ(engine.run(R"({"count": "c", "query": {"m": 0}})")["n"].as_int32(), 36);
  EXPECT_EQ(engine.run(R"({"count": "c", "skip": 240, "limit": 50})")["n"].as_int32(), 10);
  EXPECT_EQ(engine.run(R"({"count": "none"})")["n"].as_int32(), 0);
}

TEST_F(Reads, ListDistinctValuesInOrder) {
  EXPECT_REPLY(engine.run(R"({"distinct": "c", "key": "m", "query": {"_id": {"$lt": 3}}})"),
               R"({"values": [0, 1, 2], "ok": 1.0})");
  engine.run(R"({"insert": "d", "documents": [{"a": [1, {"x": 5}]}, {"a": {"x": [5, 6]}},
                                              {"a": 1.0}, {"b": 1}]})");
  EXPECT_REPLY(engine.run(R"({"distinct": "d", "key": "a.x"})"),
               R"({"values": [5, 6], "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"distinct": "d", "key": "a"})"),
               R"({"values": [1, {"x": 5}, {"x": [5, 6]}], "ok": 1.0})");
}

TEST_F(Reads, DistinctValuesFitInOneReply) {
  for (int i = 0; i < 3; ++i) {
    bson::Builder insert;
    insert.append("insert", "large").open_array("documents");
    insert.push(bson::doc("_id", i, "t", std::string(6 << 20, static_cast<char>('a' + i))));
    engine.run_raw(insert.close().finish().view());
  }
  EXPECT_EQ(engine.code_of(R"({"distinct": "large", "key": "t", "query": {"_id": {"$lt": 2}}})"),
            0);
  EXPECT_EQ(engine.code_of(R"({"distinct": "large", "key": "t"})"), 17217);
}

TEST_F(Reads, Aggregate) {
  EXPECT_DOCUMENTS(engine.documents(R"({"aggregate": "c", "cursor": {}, "pipeline": [
      {"$match": {"m": {"$lt": 2}}}, {"$group": {"_id": "$m", "n": {"$sum": 1}}},
      {"$sort": {"_id": 1}}]})"),
                   R"([{"_id": 0, "n": 36}, {"_id": 1, "n": 36}])");
  EXPECT_EQ(engine.code_of(R"({"aggregate": "c", "pipeline": []})"), 9);
  EXPECT_EQ(engine.code_of(R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$nope": 1}]})"),
            40324);
}

TEST_F(Reads, AggregateOverSeveralBatches) {
  EXPECT_EQ(engine
                .documents(R"({"aggregate": "c", "cursor": {"batchSize": 7}, "pipeline": [
                {"$match": {"m": {"$gte": 0}}}, {"$project": {"m": 1}}]})")
                .size(),
            250u);
}

TEST_F(Reads, AnswerWithNoDocumentLargerThanOneMayBe) {
  const auto code = [&](const std::string& stages) {
    return engine.code_of(R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$limit": 1}, )" +
                          stages + "]}");
  };
  const auto project = [](const char* doublings) {  // of one byte
    return R"({"$project": {"s": {"$reduce": {"input": {"$range": [0, )" + std::string(doublings) +
           R"(]}, "initialValue": "x", "in": {"$concat": ["$$value", "$$value"]}}}}})";
  };
  EXPECT_EQ(code(project("23")), 0);
  EXPECT_EQ(code(project("24")), 10334);
  EXPECT_EQ(code(project("24") + R"(, {"$project": {"n": {"$strLenBytes": "$s"}}})"), 0);
  const std::string facets =
      R"({"$facet": {"a": [)" + project("23") + R"(], "b": [)" + project("23") + "]}}";
  EXPECT_EQ(code(facets), 10334);
  EXPECT_EQ(code(facets + R"(, {"$project": {"a": 1}})"), 0);
  const std::string lookup =
      R"({"$lookup": {"from": "c", "as": "j", "pipeline": [{"$limit": 1}, )" + project("23") +
      "]}}";
  EXPECT_EQ(code(project("23") + ", " + lookup), 10334);
  EXPECT_EQ(code(lookup), 0);
}

TEST_F(Reads, LookUpInAnotherCollectionThroughItsIndex) {
  engine.run(R"({"insert": "names", "documents": [{"_id": "n0", "k": 0}, {"_id": "n1", "k": 1}]})");
  engine.run(R"({"createIndexes": "names", "indexes": [{"name": "k", "key": {"k": 1}}]})");
  EXPECT_DOCUMENTS(engine.documents(R"({"aggregate": "c", "cursor": {"batchSize": 1}, "pipeline": [
      {"$match": {"_id": {"$in": [7, 8, 9]}}},
      {"$lookup": {"from": "names", "localField": "m", "foreignField": "k", "as": "names"}}]})"),
                   R"([{"_id": 7, "m": 0, "names": [{"_id": "n0", "k": 0}]},
                       {"_id": 8, "m": 1, "names": [{"_id": "n1", "k": 1}]},
                       {"_id": 9, "m": 2, "names": []}])");
}

TEST_F(Reads, AreExplained) {
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "m", "key": {"m": 1}}]})");
  const bson::Document reply = engine.run(
      R"({"explain": {"find": "c", "filter": {"m": 3}}, "verbosity": "executionStats"})");
  EXPECT_EQ(reply.view().at_path("queryPlanner.winningPlan.inputStage.indexName").as_string(), "m");
  EXPECT_EQ(reply.view().at_path("executionStats.nReturned").as_int64(), 36);
  EXPECT_EQ(reply.view().at_path("executionStats.totalKeysExamined").as_int64(), 36);
  const bson::Document update = engine.run(
      R"({"explain": {"update": "c", "updates": [{"q": {"m": 3}, "u": {"$set": {"m": 4}}}]},
          "verbosity": "queryPlanner"})");
  EXPECT_EQ(update.view().at_path("queryPlanner.winningPlan.inputStage.stage").as_string(),
            "IXSCAN");
  EXPECT_EQ(engine.run(R"({"count": "c", "query": {"m": 4}})")["n"].as_int32(), 36);
}

TEST_F(Reads, RefuseAHintThatNamesNoIndex) {
  EXPECT_EQ(engine.code_of(R"({"find": "c", "filter": {"m": 1}, "hint": "none"})"), 2);
}

TEST_F(Reads, InNaturalOrderGoBothWays) {
  EXPECT_DOCUMENTS(engine.find("c", "{}", R"(, "sort": {"$natural": -1}, "limit": 1)"),
                   R"([{"_id": 249, "m": 4}])");
}

}  // namespace
}  // namespace quern::engine
