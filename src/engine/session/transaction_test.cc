// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Multi-document transactions: lsid, txnNumber, autocommit: false.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "engine/catalog/table_state.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

class Transactions : public ::testing::Test {
 protected:
  Transactions() {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 10}, {"_id": 2, "a": 20}]})");
  }
  TestEngine engine;
  TestSession one{engine};
  TestSession two{engine};
};

TEST_F(Transactions, ShowTheirOwnWritesAndHideThemFromOthers) {
  one.run(R"({"insert": "c", "documents": [{"_id": 3, "a": 30}]})");
  one.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 11}}}]})");
  EXPECT_EQ(one.count(R"({"a": {"$gte": 11}})"), 3u);
  EXPECT_DOCUMENTS(engine.find("c", R"({"a": {"$gte": 11}})"), R"([{"_id": 2, "a": 20}])");
  EXPECT_REPLY(one.commit(), R"({"ok": 1.0})");
  EXPECT_EQ(engine.find("c", R"({"a": {"$gte": 11}})").size(), 3u);
}

TEST_F(Transactions, LeaveNothingBehindWhenAborted) {
  one.run(R"({"insert": "c", "documents": [{"_id": 3, "a": 30}]})");
  one.run(R"({"delete": "c", "deletes": [{"q": {"_id": 1}, "limit": 1}]})");
  EXPECT_REPLY(one.abort(), R"({"ok": 1.0})");
  EXPECT_DOCUMENTS(engine.find("c"), R"([{"_id": 1, "a": 10}, {"_id": 2, "a": 20}])");
}

TEST_F(Transactions, ReadFromTheSnapshotOfTheirFirstStatement) {
  EXPECT_EQ(one.count("{}"), 2u);
  engine.run(R"({"insert": "c", "documents": [{"_id": 3, "a": 30}]})");
  EXPECT_EQ(one.count("{}"), 2u);
  EXPECT_EQ(one.count(R"({"a": 30})"), 0u);
  one.commit();
  EXPECT_EQ(engine.find("c").size(), 3u);
}

TEST_F(Transactions, ConflictWithAWriteMadeAfterTheirSnapshot) {
  EXPECT_EQ(one.count("{}"), 2u);
  engine.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 12}}}]})");
  const bson::Document reply =
      one.run_raw(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 13}}}]})");
  EXPECT_EQ(reply["code"].as_int32(), 112);
  EXPECT_EQ(reply["codeName"].as_string(), "WriteConflict");
  EXPECT_EQ(reply["errorLabels"].as_array().front().as_string(), "TransientTransactionError");
  EXPECT_EQ(one.commit()["code"].as_int32(), 251);
}

TEST_F(Transactions, ConflictWithAnUncommittedWriteOfAnother) {
  one.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 12}}}]})");
  const bson::Document reply =
      two.run_raw(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 13}}}]})");
  EXPECT_EQ(reply["code"].as_int32(), 112);
  EXPECT_REPLY(one.commit(), R"({"ok": 1.0})");
}

TEST_F(Transactions, OfWhichTwoInsertTheSameIdOneWins) {
  one.run(R"({"insert": "c", "documents": [{"_id": 9}]})");
  const bson::Document reply = two.run_raw(R"({"insert": "c", "documents": [{"_id": 9}]})");
  EXPECT_EQ(reply["code"].as_int32(), 112);
}

TEST_F(Transactions, EndWithTheFirstWriteError) {
  const bson::Document reply = one.run_raw(R"({"insert": "c", "documents": [{"_id": 1}]})");
  EXPECT_EQ(reply["writeErrors"].as_array().front().as_document()["code"].as_int32(), 11000);
  const bson::Document commit = one.commit();
  EXPECT_EQ(commit["code"].as_int32(), 251);
  EXPECT_EQ(commit["codeName"].as_string(), "NoSuchTransaction");
}

TEST_F(Transactions, MayBeCommittedTwice) {
  one.run(R"({"insert": "c", "documents": [{"_id": 3}]})");
  one.commit();
  EXPECT_REPLY(one.commit(), R"({"ok": 1.0})");
  EXPECT_EQ(one.abort()["codeName"].as_string(), "TransactionCommitted");
}

TEST_F(Transactions, NeedAStart) {
  const bson::Document reply = engine.run_raw(
      R"({"find": "c", "lsid": {"id": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}},
          "txnNumber": {"$numberLong": "1"}, "autocommit": false})");
  EXPECT_EQ(reply["code"].as_int32(), 251);
}

TEST_F(Transactions, OfAnOlderNumberAreRefused) {
  const std::string older = R"({"find": "c", "txnNumber": {"$numberLong": "4"},
      "autocommit": false, "lsid": {"id": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}})";
  std::string newer = older + R"(, "startTransaction": true})";
  newer[newer.find('4')] = '5';
  ASSERT_EQ(engine.code_of(newer), 0);
  EXPECT_EQ(engine.code_of(older + "}"), 225);
  EXPECT_EQ(engine.code_of(older + R"(, "startTransaction": true})"), 225);
}

TEST_F(Transactions, NeedASession) {
  EXPECT_EQ(engine.code_of(R"({"find": "c", "txnNumber": {"$numberLong": "1"},
                               "autocommit": false})"),
            72);
}

// The index is not in the snapshot, nor is the name: what could be found there would be wrong.
TEST_F(Transactions, AreOverWhenTheyLookForWhatWasRenamed) {
  EXPECT_EQ(one.count("{}"), 2u);
  engine.run(R"({"insert": "before", "documents": [{"_id": 1, "v": 7}]})");
  two.run(R"({"find": "c"})");
  engine.run(R"({"renameCollection": "test.before", "to": "test.after", "$db": "admin"})");
  engine.run(R"({"createIndexes": "after", "indexes": [{"name": "v", "key": {"v": 1}}]})");
  const bson::Document reply = two.run_raw(R"({"find": "after", "filter": {"v": 7}})");
  EXPECT_EQ(reply["code"].as_int32(), 112);
  EXPECT_EQ(reply["errorLabels"].as_array().front().as_string(), "TransientTransactionError");
  // To the older one the collection is younger than its snapshot, under whatever name: empty.
  EXPECT_EQ(one.run(R"({"count": "after", "query": {"v": 7}})")["n"].as_int32(), 0);
}

TEST_F(Transactions, RefuseCommandsThatCannotBeUndone) {
  const bson::Document reply = one.run_raw(R"({"drop": "c"})");
  EXPECT_EQ(reply["codeName"].as_string(), "OperationNotSupportedInTransaction");
  EXPECT_EQ(engine.find("c").size(), 2u);
}

TEST_F(Transactions, CreateCollectionsOnTheWay) {
  one.run(R"({"insert": "fresh", "documents": [{"_id": 1}]})");
  EXPECT_EQ(engine.find("fresh").size(), 0u);
  one.commit();
  EXPECT_EQ(engine.find("fresh").size(), 1u);
}

TEST_F(Transactions, HandOutCursorsThatEndWithThem) {
  const bson::Document reply = one.run(R"({"find": "c", "batchSize": 1})");
  const bson::View cursor = reply["cursor"].as_document();
  const std::int64_t id = cursor["id"].as_int64();
  ASSERT_NE(id, 0);
  const std::string get_more =
      R"({"getMore": {"$numberLong": ")" + std::to_string(id) + R"("}, "collection": "c"})";
  EXPECT_EQ(engine.code_of(get_more), 13);  // not outside of the transaction
  one.commit();
  EXPECT_EQ(engine.code_of(get_more), 43);
}

TEST(TransactionTimeout, EndsATransactionThatNobodyFinishes) {
  ManualClock clock;
  TestEngine engine(
      EngineOptions{.transaction_timeout = std::chrono::seconds(60), .clock = &clock});
  TestSession client(engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  clock.advance(std::chrono::seconds(61));
  engine.engine().expire();
  EXPECT_EQ(client.commit()["code"].as_int32(), 251);
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST(TransactionTimeout, HoldsBeforeAnybodyLooksForSuchTransactions) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  TestSession client(engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  clock.advance(std::chrono::seconds(60));
  const bson::Document reply = client.commit();
  EXPECT_EQ(reply["code"].as_int32(), 251);
  EXPECT_EQ(reply["errorLabels"].as_array().front().as_string(), "TransientTransactionError");
  EXPECT_EQ(engine.find("c").size(), 0u);
}

// An index is built on the one collection; the other is not to stay locked meanwhile.
TEST(TransactionTimeout, EndsATransactionThatWaitsForASchemaChange) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  engine.run(R"({"create": "c"})");
  TestSession client(engine);
  client.run(R"({"insert": "d", "documents": [{"_id": 1}]})");
  clock.advance(std::chrono::milliseconds(59'980));
  const auto catalog = engine.engine().catalog().snapshot();
  WriteGate& gate = catalog->find("test.c")->state()->gate;
  ASSERT_TRUE(gate.close(std::chrono::steady_clock::now()));
  const bson::Document reply = client.run_raw(R"({"insert": "c", "documents": [{"_id": 1}]})");
  gate.open();
  EXPECT_EQ(reply["code"].as_int32(), 251);
  EXPECT_EQ(reply["errorLabels"].as_array().front().as_string(), "TransientTransactionError");
  EXPECT_EQ(engine.code_of(R"({"drop": "d"})"), 0);
}

TEST(Sessions, AreWaitedForNoLongerThanACommandMay) {
  TestEngine engine;
  engine.run(R"({"create": "c"})");
  const std::string lsid = R"({"id": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}})";
  const std::string members = R"(, "maxTimeMS": 20, "lsid": )" + lsid +
                              R"(, "txnNumber": {"$numberLong": "1"}, "autocommit": false)";
  {
    const LockedSession busy = engine.engine().sessions().lock(
        engine.engine(), bson::from_json(lsid).view(), std::nullopt);
    EXPECT_EQ(engine.code_of(R"({"find": "c", "startTransaction": true)" + members + "}"), 50);
    EXPECT_EQ(engine.code_of(R"({"commitTransaction": 1, "$db": "admin")" + members + "}"), 50);
    EXPECT_EQ(engine.code_of(R"({"endSessions": [)" + lsid + R"(], "maxTimeMS": 20})"), 50);
  }
  EXPECT_EQ(engine.code_of(R"({"find": "c", "startTransaction": true)" + members + "}"), 0);
  EXPECT_EQ(engine.code_of(R"({"endSessions": [)" + lsid + R"(], "maxTimeMS": 2000})"), 0);
}

TEST(EndSessions, EndsTheTransactionOfTheSession) {
  TestEngine engine;
  const bson::Document session = engine.run(R"({"startSession": 1})");
  bson::Builder insert;
  insert.append("insert", "c").open_array("documents").push(bson::doc("_id", 1)).close();
  insert.append("lsid", session["id"].value()).append("txnNumber", std::int64_t{1});
  insert.append("startTransaction", true).append("autocommit", false);
  engine.run_raw(insert.finish().view());
  bson::Builder end;
  end.open_array("endSessions").push(session["id"].value()).close();
  engine.run_raw(end.finish().view());
  EXPECT_EQ(engine.find("c").size(), 0u);
  EXPECT_EQ(engine.run_raw(R"({"insert": "c", "documents": [{"_id": 1}]})")["n"].as_int32(), 1);
}

// Statements that wait for the session's mutex while it ends must not go on with it: nobody would
// end their transactions.
TEST(EndSessions, UnderLoadLeaveNoTransactionBehind) {
  TestEngine engine;
  engine.run(R"({"create": "c"})");
  const TestSession session(engine);
  std::atomic<std::int64_t> number = 1;
  std::atomic<bool> done = false;
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&] {
      while (!done) {
        TestSession mine = session.at(++number);
        mine.run_raw(R"({"insert": "c", "documents": [{"x": 1}]})");
      }
    });
  }
  for (int i = 0; i < 20'000; ++i) session.end_session();
  done = true;
  for (std::thread& writer : writers) writer.join();
  session.end_session();
  EXPECT_EQ(engine.code_of(R"({"drop": "c"})"), 0);
}

}  // namespace
}  // namespace quern::engine
