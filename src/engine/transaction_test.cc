// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Multi-document transactions: lsid, txnNumber, autocommit: false.
#include <gtest/gtest.h>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"

namespace quern::engine {
namespace {

// A client's session on a test engine.
class Client {
 public:
  explicit Client(TestEngine& engine) : engine_(engine), id_(Uuid::random()) {}

  // The next statement of the current transaction, or the first of a new one.
  bson::Document run(std::string_view json) {
    bson::Document reply = run_raw(json);
    throw_if_error(reply);
    return reply;
  }
  bson::Document run_raw(std::string_view json) {
    const bson::Document command = bson::from_json(json);
    bson::Builder b;
    b.append_all(command);
    b.append("lsid", bson::doc("id", id_)).append("txnNumber", number_);
    if (!started_) b.append("startTransaction", true);
    b.append("autocommit", false);
    started_ = true;
    return engine_.run_raw(b.finish().view());
  }
  void start() {
    ++number_;
    started_ = false;
  }
  bson::Document commit() { return end("commitTransaction"); }
  bson::Document abort() { return end("abortTransaction"); }
  std::size_t count(std::string_view filter) {
    const bson::Document reply = run(R"({"count": "c", "query": )" + std::string(filter) + "}");
    return static_cast<std::size_t>(*reply["n"].whole_number());
  }

 private:
  bson::Document end(std::string_view name) {
    bson::Builder b;
    b.append(name, 1).append("$db", "admin");
    b.append("lsid", bson::doc("id", id_)).append("txnNumber", number_);
    b.append("autocommit", false);
    return engine_.run_raw(b.finish().view());
  }

  TestEngine& engine_;
  Uuid id_;
  std::int64_t number_ = 1;
  bool started_ = false;
};

class Transactions : public ::testing::Test {
 protected:
  Transactions() {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 10}, {"_id": 2, "a": 20}]})");
  }
  TestEngine engine;
  Client one{engine};
  Client two{engine};
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
  one.start();
  one.start();
  one.run(R"({"find": "c"})");
  EXPECT_EQ(one.commit()["ok"].as_double(), 1);
  const bson::Document reply =
      engine.run_raw(R"({"find": "c", "txnNumber": {"$numberLong": "1"}, "autocommit": false})");
  EXPECT_EQ(reply["code"].as_int32(), 72);  // no lsid
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
  Client client(engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  clock.advance(std::chrono::seconds(61));
  engine.engine().expire();
  EXPECT_EQ(client.commit()["code"].as_int32(), 251);
  EXPECT_EQ(engine.find("c").size(), 0u);
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

}  // namespace
}  // namespace quern::engine
