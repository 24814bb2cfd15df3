// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Commands with a txnNumber but no transaction, sent again.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "engine/session/session_entry.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine {
namespace {

constexpr std::string_view kSession = "00112233-4455-6677-8899-aabbccddeeff";

std::string lsid(std::string_view session = kSession) {
  return R"({"id": {"$uuid": ")" + std::string(session) + R"("}})";
}

// members: those of the command, without the braces.
std::string numbered(std::string_view members, int number, std::string_view session = kSession) {
  return "{" + std::string(members) + R"(, "lsid": )" + lsid(session) +
         R"(, "txnNumber": {"$numberLong": ")" + std::to_string(number) + R"("}})";
}

std::string in_transaction(std::string_view members, int number) {
  return numbered(std::string(members) + R"(, "autocommit": false)", number);
}

constexpr std::string_view kIncrement =
    R"("update": "c", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}])";
constexpr std::string_view kCommit = R"("commitTransaction": 1, "$db": "admin")";

class RetryableWrites : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    engine.reset();
    engine =
        std::make_unique<TestEngine>(EngineOptions{.directory = directory.path(), .clock = &clock});
  }
  // The same, by a kill or by an orderly end: what the database holds is all that is left.
  void restart() { open(); }

  bson::Document send(std::string_view members, int number) {
    return engine->run_raw(numbered(members, number));
  }
  int refused(std::string_view members, int number) {
    return engine->code_of(numbered(members, number));
  }
  // Sent three times, the last after a restart: all replies, but for what says that they are not
  // the first, are the same.
  bson::Document thrice(std::string_view members, int number) {
    const bson::Document first = send(members, number);
    const std::string expected = bson::to_json(first);
    EXPECT_EQ(without_retried(send(members, number)), expected);
    restart();
    EXPECT_EQ(without_retried(send(members, number)), expected);
    return first;
  }
  static std::string without_retried(const bson::Document& reply) {
    EXPECT_TRUE(reply.view().contains("retriedStmtIds") || reply.view().contains("retriedStmtId"))
        << bson::to_json(reply);
    bson::Builder rest;
    for (const bson::Element& element : reply) {
      if (!element.key().starts_with("retriedStmtId")) rest.append(element);
    }
    return bson::to_json(rest.finish());
  }
  // How many keys of sessions the store holds.
  int stored_keys() {
    const auto reader = engine->engine().store().snapshot();
    const std::string lower = first_session_key();
    const std::string upper = end_of_session_keys();
    const auto iterator = reader->iterator({as_bytes(lower), as_bytes(upper)});
    int count = 0;
    for (iterator->seek(as_bytes(lower)); iterator->valid(); iterator->next()) ++count;
    return count;
  }

  TemporaryDirectory directory;
  ManualClock clock;
  std::unique_ptr<TestEngine> engine;
};

TEST_F(RetryableWrites, InsertOnce) {
  const bson::Document reply =
      thrice(R"("insert": "c", "documents": [{"a": 1}, {"a": 2}, {"a": 3}])", 1);
  EXPECT_REPLY(reply, R"({"n": 3, "ok": 1.0})");
  EXPECT_EQ(engine->find("c").size(), 3u);
}

TEST_F(RetryableWrites, UpdateOnce) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}]})");
  EXPECT_REPLY(thrice(kIncrement, 1), R"({"n": 1, "nModified": 1, "ok": 1.0})");
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 1}])");
  thrice(kIncrement, 2);
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 2}])");
}

TEST_F(RetryableWrites, UpsertOnceAndTellTheSameId) {
  const bson::Document reply = thrice(
      R"("update": "c", "updates": [{"q": {"a": 5}, "u": {"$inc": {"n": 1}}, "upsert": true}])", 1);
  EXPECT_EQ(reply.view().at_path("upserted.0._id").type(), bson::Type::kObjectId);
  EXPECT_EQ(engine->find("c", R"({"a": 5, "n": 1})").size(), 1u);
}

TEST_F(RetryableWrites, DeleteOnce) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}, {"_id": 2, "a": 1}]})");
  EXPECT_REPLY(thrice(R"("delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}])", 1),
               R"({"n": 1, "ok": 1.0})");
  EXPECT_EQ(engine->find("c").size(), 1u);
}

// Even if the documents that they did not find are there by now.
TEST_F(RetryableWrites, ThatFoundNothingFindNothing) {
  EXPECT_REPLY(send(kIncrement, 1), R"({"n": 0, "nModified": 0, "ok": 1.0})");
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}]})");
  restart();
  EXPECT_REPLY(send(kIncrement, 1),
               R"({"n": 0, "nModified": 0, "retriedStmtIds": [0], "ok": 1.0})");
}

TEST_F(RetryableWrites, FindAndModifyGiveTheDocumentAsItWas) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}, {"_id": 2, "n": 7}]})");
  const std::string find = R"("findAndModify": "c", "query": {"_id": 1}, )";
  EXPECT_REPLY(thrice(find + R"("update": {"$inc": {"n": 1}})", 1),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": true},
                   "value": {"_id": 1, "n": 0}, "ok": 1.0})");
  EXPECT_REPLY(thrice(find + R"("update": {"$inc": {"n": 1}}, "new": true, "fields": {"n": 1,
                                "_id": 0})",
                      2),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": true}, "value": {"n": 2},
                   "ok": 1.0})");
  EXPECT_REPLY(thrice(find + R"("remove": true)", 3),
               R"({"lastErrorObject": {"n": 1}, "value": {"_id": 1, "n": 2}, "ok": 1.0})");
  EXPECT_REPLY(thrice(find + R"("update": {"$inc": {"n": 1}}, "upsert": true)", 4),
               R"({"lastErrorObject": {"n": 1, "updatedExisting": false, "upserted": 1},
                   "value": null, "ok": 1.0})");
  EXPECT_REPLY(thrice(R"("findAndModify": "c", "query": {"_id": 3}, "remove": true)", 5),
               R"({"lastErrorObject": {"n": 0}, "value": null, "ok": 1.0})");
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 1}, {"_id": 2, "n": 7}])");
}

// What failed did nothing, and is tried again; what stands after it in an unordered batch is done.
TEST_F(RetryableWrites, TryAgainWhatFailed) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 2}]})");
  const std::string_view insert =
      R"("insert": "c", "documents": [{"_id": 1}, {"_id": 2}, {"_id": 3}], "ordered": false)";
  EXPECT_EQ(send(insert, 1)["n"].as_int32(), 2);
  engine->run(R"({"delete": "c", "deletes": [{"q": {"_id": {"$in": [2, 3]}}, "limit": 0}]})");
  EXPECT_REPLY(send(insert, 1), R"({"n": 3, "retriedStmtIds": [0, 2], "ok": 1.0})");
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1}, {"_id": 2}])");
  restart();
  EXPECT_REPLY(send(insert, 1), R"({"n": 3, "retriedStmtIds": [0, 1, 2], "ok": 1.0})");
}

TEST_F(RetryableWrites, OfAnOrderedBatchGoOnWhereTheyStopped) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}]})");
  const std::string_view updates = R"("update": "c", "updates": [
      {"q": {"_id": 1}, "u": {"$inc": {"n": 1}}}, {"q": {"_id": 1}, "u": {"$inc": {"s": 1}}},
      {"q": {"_id": 1}, "u": {"$inc": {"n": 10}}}])";
  engine->run(R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"s": "text"}}}]})");
  EXPECT_EQ(send(updates, 1)["n"].as_int32(), 1);
  engine->run(R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"s": 0}}}]})");
  EXPECT_REPLY(send(updates, 1), R"({"n": 3, "nModified": 3, "retriedStmtIds": [0], "ok": 1.0})");
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 11, "s": 1}])");
}

TEST_F(RetryableWrites, OfSeveralDocumentsMustGoWithoutANumber) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}]})");
  EXPECT_EQ(refused(R"("update": "c", "updates": [{"q": {}, "u": {"$inc": {"n": 1}},
                       "multi": true}])",
                    1),
            72);
  EXPECT_EQ(refused(R"("delete": "c", "deletes": [{"q": {}, "limit": 0}])", 2), 72);
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 0}])");
}

TEST_F(RetryableWrites, MayNumberTheirStatements) {
  engine->run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0}]})");
  const auto with_id = [](int id) {
    return std::string(kIncrement) + R"(, "stmtId": )" + std::to_string(id);
  };
  EXPECT_EQ(send(with_id(3), 1)["nModified"].as_int32(), 1);
  EXPECT_EQ(send(with_id(4), 1)["nModified"].as_int32(), 1);
  EXPECT_REPLY(send(with_id(3), 1),
               R"({"n": 1, "nModified": 1, "retriedStmtIds": [3], "ok": 1.0})");
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 2}])");
  const std::string insert = R"("insert": "d", "documents": [{}, {}, {}], "stmtIds": )";
  EXPECT_REPLY(send(insert + "[7, 3, 4]", 2), R"({"n": 3, "ok": 1.0})");
  EXPECT_REPLY(send(insert + "[4, 9, 7]", 2), R"({"n": 3, "retriedStmtIds": [4, 7], "ok": 1.0})");
  EXPECT_EQ(engine->find("d").size(), 4u);
}

TEST_F(RetryableWrites, RefuseIdsThatCannotBe) {
  const std::string insert = R"("insert": "c", "documents": [{}, {}], )";
  EXPECT_EQ(refused(insert + R"("stmtIds": [1])", 1), 16);
  EXPECT_EQ(refused(insert + R"("stmtIds": [1, -2])", 1), 72);
  EXPECT_EQ(refused(insert + R"("stmtIds": 1)", 1), 14);
  EXPECT_EQ(refused(insert + R"("stmtId": 2147483647)", 1), 72);
  EXPECT_EQ(refused(insert + R"("stmtId": 1, "stmtIds": [1, 2])", 1), 72);
  EXPECT_EQ(engine->find("c").size(), 0u);
}

TEST_F(RetryableWrites, OfAnOlderNumberAreRefused) {
  send(R"("insert": "c", "documents": [{}])", 5);
  EXPECT_EQ(refused(R"("insert": "c", "documents": [{}])", 4), 225);
  restart();
  EXPECT_EQ(refused(R"("insert": "c", "documents": [{}])", 4), 225);
  EXPECT_EQ(refused(R"("insert": "c", "documents": [{}])", 6), 0);
  EXPECT_EQ(refused(R"("insert": "c", "documents": [{}])", 5), 225);
  EXPECT_EQ(engine->find("c").size(), 2u);
}

TEST_F(RetryableWrites, DoNotShareANumberWithATransaction) {
  const std::string_view insert = R"("insert": "c", "documents": [{}])";
  const std::string start = std::string(insert) + R"(, "startTransaction": true)";
  EXPECT_EQ(refused(insert, 1), 0);
  EXPECT_EQ(engine->code_of(in_transaction(start, 1)), 117);
  EXPECT_EQ(engine->code_of(in_transaction(insert, 1)), 251);
  EXPECT_EQ(engine->code_of(in_transaction(start, 2)), 0);
  EXPECT_EQ(refused(insert, 2), 72);
  EXPECT_EQ(engine->code_of(in_transaction(kCommit, 2)), 0);
  EXPECT_EQ(refused(insert, 2), 72);
  EXPECT_EQ(refused(insert, 1), 225);
  EXPECT_EQ(engine->find("c").size(), 2u);
}

TEST_F(RetryableWrites, EndATransactionOfALowerNumber) {
  const std::string_view insert = R"("insert": "c", "documents": [{}])";
  EXPECT_EQ(
      engine->code_of(in_transaction(std::string(insert) + R"(, "startTransaction": true)", 1)), 0);
  EXPECT_EQ(refused(insert, 2), 0);
  EXPECT_EQ(engine->code_of(in_transaction(kCommit, 1)), 225);
  EXPECT_EQ(engine->find("c").size(), 1u);
}

// Without that the client would take it for aborted, and run it again.
TEST_F(RetryableWrites, AndCommitsAreRememberedAcrossARestart) {
  const std::string_view insert = R"("insert": "c", "documents": [{}])";
  EXPECT_EQ(
      engine->code_of(in_transaction(std::string(insert) + R"(, "startTransaction": true)", 1)), 0);
  EXPECT_EQ(engine->code_of(in_transaction(kCommit, 1)), 0);
  restart();
  EXPECT_EQ(engine->code_of(in_transaction(kCommit, 1)), 0);
  EXPECT_EQ(engine->code_of(in_transaction(insert, 1)), 256);
  EXPECT_EQ(refused(insert, 1), 72);
  EXPECT_EQ(engine->find("c").size(), 1u);
}

TEST_F(RetryableWrites, AreNotOfEveryCommand) {
  EXPECT_EQ(refused(R"("find": "c")", 1), 50768);
  EXPECT_EQ(refused(R"("create": "c")", 1), 50768);
  EXPECT_EQ(refused(R"("aggregate": "c", "pipeline": [], "cursor": {})", 1), 50768);
}

TEST_F(RetryableWrites, AreNotRetriedByAnotherCommand) {
  send(R"("insert": "c", "documents": [{"_id": 1, "n": 0}])", 1);
  EXPECT_EQ(refused(kIncrement, 1), 72);
  EXPECT_DOCUMENTS(engine->find("c"), R"([{"_id": 1, "n": 0}])");
}

TEST_F(RetryableWrites, AreForgottenWithTheNextNumber) {
  std::string documents = "{}";
  for (int i = 0; i < 1000; ++i) documents += ", {}";
  send(R"("insert": "c", "documents": [)" + documents + "]", 1);
  EXPECT_GT(stored_keys(), 2);
  restart();
  send(R"("insert": "c", "documents": [{}])", 2);
  EXPECT_EQ(stored_keys(), 2);
}

TEST_F(RetryableWrites, AreForgottenWithTheirSession) {
  send(R"("insert": "c", "documents": [{}])", 1);
  EXPECT_EQ(stored_keys(), 2);
  engine->run(R"({"endSessions": [)" + lsid() + "]}");
  EXPECT_EQ(stored_keys(), 0);
  EXPECT_EQ(refused(R"("insert": "c", "documents": [{}])", 1), 0);
  EXPECT_EQ(engine->find("c").size(), 2u);
}

TEST_F(RetryableWrites, AreForgottenAfterThirtyMinutes) {
  send(R"("insert": "c", "documents": [{}])", 1);
  clock.advance(std::chrono::minutes(29));
  engine->engine().expire();
  EXPECT_EQ(stored_keys(), 2);
  send(R"("insert": "c", "documents": [{}])", 1);
  clock.advance(std::chrono::minutes(29));
  engine->engine().expire();
  EXPECT_EQ(stored_keys(), 2) << "its session was used";
  clock.advance(std::chrono::minutes(1));
  engine->engine().expire();
  EXPECT_EQ(stored_keys(), 0);
}

// Many short runs of a program leave nothing behind for ever.
TEST_F(RetryableWrites, OfThirtyMinutesAgoAreForgottenAsTheDatabaseIsOpened) {
  send(R"("insert": "c", "documents": [{}])", 1);
  clock.advance_wall(std::chrono::minutes(29));
  restart();
  EXPECT_EQ(stored_keys(), 2);
  clock.advance_wall(std::chrono::minutes(1));
  restart();
  EXPECT_EQ(stored_keys(), 0);
}

TEST_F(RetryableWrites, AreOfSoManySessionsAtATime) {
  TestEngine small(EngineOptions{.max_sessions = 2});
  const auto insert = [&](int session) {
    return small.code_of(numbered(R"("insert": "c", "documents": [{}])", 1,
                                  "00112233-4455-6677-8899-aabbccddee0" + std::to_string(session)));
  };
  EXPECT_EQ(insert(1), 0);
  EXPECT_EQ(insert(2), 0);
  EXPECT_EQ(insert(3), 261);
  EXPECT_EQ(insert(2), 0);
  small.run(R"({"endSessions": [)" + lsid("00112233-4455-6677-8899-aabbccddee01") + "]}");
  EXPECT_EQ(insert(3), 0);
}

// Whatever fails, at whichever step: sent again until it succeeds, it has happened once.
TEST(RetryableWrite, HappensOnceOnAMediumThatFails) {
  using storage::InjectedFaults;
  const std::string insert =
      numbered(R"("insert": "c", "documents": [{"a": 1}, {"a": 1}, {"a": 1}])", 1);
  const std::string update =
      numbered(R"("update": "c", "updates": [{"q": {}, "u": {"$inc": {"n": 1}}}])", 2);
  for (const auto kind :
       {InjectedFaults::Kind::kRead, InjectedFaults::Kind::kWrite, InjectedFaults::Kind::kCommit}) {
    int failures = 0;
    for (int step = 1; step <= 12; ++step) {
      SCOPED_TRACE(::testing::Message() << static_cast<int>(kind) << " " << step);
      const auto faults = std::make_shared<InjectedFaults>();
      TestEngine engine(storage::make_faulty_store(storage::open_rocks_store({}), faults));
      engine.run(R"({"create": "c"})");
      faults->fail(kind, step);
      for (const std::string& command : {insert, insert, update, update}) {
        for (int attempt = 0; engine.code_of(command) != 0; ++attempt) {
          ASSERT_LT(attempt, 2);
          ++failures;
        }
      }
      faults->heal();
      EXPECT_EQ(engine.find("c", R"({"a": 1})").size(), 3u);
      EXPECT_EQ(engine.find("c", R"({"n": 1})").size(), 1u);
    }
    EXPECT_GT(failures, 0) << static_cast<int>(kind);
  }
}

// docs/format/sessions.md
TEST(SessionEntry, HasItsBytes) {
  const std::string session("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  EXPECT_EQ(to_hex(as_bytes(session_entry_key(session))),
            "0000000073"
            "00112233445566778899aabbccddeeff");
  EXPECT_EQ(to_hex(as_bytes(write_entry_key(session, 258))),
            "0000000073"
            "00112233445566778899aabbccddeeff"
            "00000102");
  EXPECT_EQ(bson::to_json(SessionEntry{7, {1'600'000'000'000}, false}.serialize()),
            bson::to_json(bson::doc("txnNum", std::int64_t{7}, "lastWriteDate",
                                    bson::Date{1'600'000'000'000})));
  EXPECT_EQ(to_hex(SessionEntry{7, {1'600'000'000'000}, true}.serialize().view().bytes()),
            "41000000"
            "1274786e4e756d00"
            "0700000000000000"
            "096c617374577269746544617465"
            "00"
            "00806e8774010000"
            "027374617465"
            "00"
            "0a000000"
            "636f6d6d697474656400"
            "00");
  const bson::Document result = bson::doc("n", std::int64_t{1});
  EXPECT_EQ(to_hex(WriteEntry{"insert", 256, result}.serialize().view().bytes()),
            "41000000"
            "02636f6d6d616e6400"
            "07000000"
            "696e7365727400"
            "1073746174656d656e747300"
            "00010000"
            "03726573756c7400"
            "10000000"
            "126e00"
            "0100000000000000"
            "00"
            "00");
}

TEST(SessionEntry, IsReadAsItWasWritten) {
  const SessionEntry entry = SessionEntry::parse(SessionEntry{7, {5}, true}.serialize());
  EXPECT_EQ(entry.number, 7);
  EXPECT_EQ(entry.written.milliseconds, 5);
  EXPECT_TRUE(entry.committed);
  const std::string key = write_entry_key("0123456789abcdef", 70'000);
  EXPECT_EQ(parse_session_key(as_bytes(key)).session, "0123456789abcdef");
  EXPECT_EQ(parse_session_key(as_bytes(key)).first, 70'000);
}

}  // namespace
}  // namespace quern::engine
