// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/reply.h"

#include <gtest/gtest.h>

#include <deque>
#include <stop_token>

#include "command/empty_batches.h"
#include "command/recording_runner.h"
#include "quern/bson/json.h"
#include "quern/command/command_runner.h"
#include "quern/command/namespace.h"

namespace quern {
namespace {

// Answers with given replies and keeps what it was asked.
class ScriptedRunner final : public CommandRunner {
 public:
  Reply do_run(std::string_view, bson::View command, const RunContext&) override {
    asked.emplace_back(command);
    bson::Document reply = std::move(replies.front());
    replies.pop_front();
    return reply;
  }
  void will_answer(std::string_view json) { replies.push_back(bson::from_json(json)); }

  std::deque<bson::Document> replies;
  std::vector<bson::Document> asked;
};

TEST(Reply, OkWithoutFaultsPasses) { EXPECT_NO_THROW(throw_if_error(bson::doc("ok", 1.0))); }

TEST(Reply, ErrorsRoundTripThroughADocument) {
  Error error(ErrorCode::kWriteConflict, "try again");
  error.add_label("TransientTransactionError");
  error.set_error_info(bson::doc("a", 1).bytes());
  try {
    throw_if_error(error_reply(error));
    FAIL() << "no error was thrown";
  } catch (const DatabaseError& thrown) {
    EXPECT_EQ(thrown.code(), 112);
    EXPECT_STREQ(thrown.what(), "try again");
    EXPECT_TRUE(thrown.has_label("TransientTransactionError"));
    EXPECT_EQ(thrown.error_info(), bson::doc("a", 1).bytes());
  }
}

TEST(Reply, TheFirstWriteErrorIsThrownAndDuplicateKeysAreIntegrityErrors) {
  const bson::Document reply = bson::from_json(
      R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "E11000 duplicate key"}]})");
  EXPECT_THROW(throw_if_error(reply), IntegrityError);
}

TEST(Reply, ADuplicateKeyOfAWriteSaysWhichStatementItWas) {
  const bson::Document reply = bson::from_json(
      R"({"ok": 1, "n": 7, "writeErrors": [{"index": 7, "code": 11000, "errmsg": "E11000"}]})");
  try {
    throw_if_error(reply);
    FAIL() << "no error was thrown";
  } catch (const WriteIntegrityError& error) {
    EXPECT_EQ(error.index(), 7);
  }
}

TEST(Reply, ForEachFetchesEveryBatch) {
  ScriptedRunner runner;
  runner.will_answer(
      R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "ns": "db.c.d", "firstBatch": [{"a": 1}]}})");
  runner.will_answer(
      R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "ns": "db.c.d", "nextBatch": [{"a": 2}, {"a": 3}]}})");
  int sum = 0;
  for_each(runner, "db", bson::doc("find", "c.d", "lsid", bson::doc("id", 1)),
           [&](bson::View document) {
             sum += document["a"].as_int32();
             return true;
           });
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(runner.asked[1],
            bson::doc("getMore", std::int64_t{7}, "collection", "c.d", "lsid", bson::doc("id", 1)));
}

TEST(Reply, ForEachReadsOnFromTheCollectionThatTheCommandNames) {
  for (const char* command : {"find", "listCollections"}) {
    ScriptedRunner runner;
    runner.will_answer(
        R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "ns": "db.other", "firstBatch": []}})");
    runner.will_answer(
        R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "ns": "db.other", "nextBatch": []}})");
    const bool names = command == std::string_view("find");
    for_each(runner, "db", names ? bson::doc(command, "c") : bson::doc(command, 1),
             [](bson::View) { return true; });
    EXPECT_EQ(runner.asked[1],
              bson::doc("getMore", std::int64_t{7}, "collection", names ? "c" : "other"));
  }
}

TEST(Reply, ForEachKillsACursorThatIsNotReadToItsEnd) {
  ScriptedRunner runner;
  runner.will_answer(
      R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "ns": "db.c", "firstBatch": [{"a": 1}]}})");
  runner.will_answer(R"({"ok": 1})");
  for_each(runner, "db", bson::doc("find", "c"), [](bson::View) { return false; });
  EXPECT_EQ(runner.asked[1],
            bson::doc("killCursors", "c", "cursors", bson::array(std::int64_t{7})));
}

// Goes on for ever.
bson::Document empty_batch() {
  return bson::from_json(
      R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "ns": "db.c", "nextBatch": []}})");
}

TEST(Reply, ForEachGivesUpWhereAServerSendsNothingButEmptyBatches) {
  int asked = 0;
  bson::Document last;
  RecordingRunner runner([&](std::string_view, bson::View command) {
    ++asked;
    last = bson::Document(command);
    return empty_batch();
  });
  try {
    for_each(runner, "db", bson::doc("find", "c"), [](bson::View) { return true; });
    FAIL() << "no error was thrown";
  } catch (const DatabaseError& error) {
    EXPECT_TRUE(error.is(ErrorCode::kNoProgressMade)) << error.what();
  }
  EXPECT_EQ(asked, EmptyBatches::kMost + 1);
  EXPECT_EQ(last.view().front().key(), "killCursors");
}

TEST(Reply, ForEachCountsEmptyBatchesInARow) {
  int asked = 0;
  RecordingRunner runner([&](std::string_view, bson::View) {
    ++asked;
    if (asked % EmptyBatches::kMost != 0) return empty_batch();
    return bson::doc("ok", 1, "cursor",
                     bson::doc("id", std::int64_t{asked == 3 * EmptyBatches::kMost ? 0 : 7}, "ns",
                               "db.c", "nextBatch", bson::array(bson::doc("_id", asked))));
  });
  int documents = 0;
  for_each(runner, "db", bson::doc("find", "c"), [&](bson::View) { return ++documents > 0; });
  EXPECT_EQ(documents, 3);
}

TEST(Reply, ForEachWaitsWithACursorThatWaitsForDocuments) {
  for (const bson::Document& command :
       {bson::doc("find", "c", "tailable", true),
        bson::doc("aggregate", "c", "pipeline",
                  bson::array(bson::doc("$changeStream", bson::Document())))}) {
    int asked = 0;
    RecordingRunner runner([&](std::string_view, bson::View) {
      if (++asked <= 2 * EmptyBatches::kMost) return empty_batch();
      return bson::from_json(
          R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "ns": "db.c", "nextBatch": []}})");
    });
    EXPECT_NO_THROW(for_each(runner, "db", command, [](bson::View) { return true; }));
  }
}

TEST(Reply, ForEachEndsBetweenBatchesWhenItIsCalledOff) {
  std::stop_source stop;
  int asked = 0;
  RecordingRunner runner([&](std::string_view, bson::View) {
    if (++asked == 3) stop.request_stop();
    return empty_batch();
  });
  EXPECT_THROW(for_each(runner, "db", bson::doc("find", "c"), [](bson::View) { return true; },
                        {.cancellation = stop.get_token()}),
               Error);
  EXPECT_EQ(asked, 4);  // the cursor is closed
}

TEST(Namespace, SplitsAtTheFirstDot) {
  EXPECT_EQ(Namespace::parse("db.a.b"), (Namespace{"db", "a.b"}));
}

TEST(Namespace, RefusesIllegalNames) {
  for (const std::string_view text :
       {"db", ".a", "db.", "d b.c", "d$.c", "db.a$b", "db..a", "db.a."}) {
    EXPECT_THROW(Namespace::parse(text), Error) << text;
  }
}

}  // namespace
}  // namespace quern
