// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a command forces to the medium before it is acknowledged, and what a crash of the machine
// leaves of commands: docs/guide/durability.md.
#include "storage/durability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_file_system.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine {
namespace {

using Mode = storage::Durability::Mode;

std::string documents(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    list += (list.empty() ? "" : ", ") + std::string(R"({"_id": )") + std::to_string(i) + "}";
  }
  return list;
}

class DurableEngine : public ::testing::Test {
 protected:
  void open(Mode mode) {
    engine.reset();
    storage::RocksOptions options;
    options.directory = directory_.path();
    options.durability = {mode, std::chrono::hours(1)};
    options.file_system = files;
    options.boot = files->boot();
    faults = std::make_shared<storage::InjectedFaults>();
    engine = std::make_unique<TestEngine>(
        storage::make_faulty_store(storage::open_rocks_store(options), faults));
  }
  // The power fails and comes back.
  void crash() {
    files->cut_power();
    engine.reset();
    files->restore_power();
    open(Mode::kNever);
  }
  std::int64_t syncs_of(std::string_view command) {
    const std::int64_t before = files->log_syncs();
    engine->run_raw(command);
    return files->log_syncs() - before;
  }

  std::shared_ptr<storage::FaultyFileSystem> files = std::make_shared<storage::FaultyFileSystem>();
  std::shared_ptr<storage::InjectedFaults> faults;
  std::unique_ptr<TestEngine> engine;

 private:
  TemporaryDirectory directory_;
};

TEST_F(DurableEngine, SyncsACommandOnceHoweverManyDocumentsItWrites) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  EXPECT_EQ(syncs_of(R"({"insert": "c", "documents": [)" + documents(600) + "]}"), 1);
  EXPECT_EQ(syncs_of(R"({"update": "c", "updates": [
      {"q": {}, "u": {"$set": {"a": 1}}, "multi": true}, {"q": {"_id": 1}, "u": {"$inc": {"a": 1}}}]})"),
            1);
  EXPECT_EQ(syncs_of(R"({"findAndModify": "c", "query": {"_id": 1}, "remove": true})"), 1);
  EXPECT_EQ(syncs_of(R"({"delete": "c", "deletes": [{"q": {"_id": {"$gt": 9}}, "limit": 0}]})"), 1);
  crash();
  EXPECT_DOCUMENTS(engine->find("c", R"({"_id": {"$gt": 7}})"),
                   R"([{"_id": 8, "a": 1}, {"_id": 9, "a": 1}])");
}

TEST_F(DurableEngine, SyncsWhatWasWrittenBesideWriteErrors) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  const std::string twice =
      R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 1}], "ordered": false})";
  EXPECT_EQ(syncs_of(twice), 1);
  EXPECT_EQ(syncs_of(twice), 0);  // nothing was written
  crash();
  EXPECT_EQ(engine->find("c").size(), 1u);
}

TEST_F(DurableEngine, SyncsNoCommandThatWritesNothing) {
  open(Mode::kAlways);
  engine->run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  for (const char* command :
       {R"({"find": "c"})", R"({"count": "c"})", R"({"find": "c", "filter": {"_id": 1}})",
        R"({"update": "c", "updates": [{"q": {"_id": 2}, "u": {"$set": {"a": 1}}}]})",
        R"({"delete": "c", "deletes": [{"q": {"a": 7}, "limit": 0}]})", R"({"ping": 1})"}) {
    EXPECT_EQ(syncs_of(command), 0) << command;
  }
}

TEST_F(DurableEngine, SyncsATransactionAtItsCommit) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  const std::int64_t before = files->log_syncs();
  TestSession client(*engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  client.run(R"({"insert": "c", "documents": [{"_id": 2}]})");
  EXPECT_EQ(files->log_syncs(), before);
  EXPECT_REPLY(client.commit(), R"({"ok": 1.0})");
  EXPECT_EQ(files->log_syncs(), before + 1);
  crash();
  EXPECT_EQ(engine->find("c").size(), 2u);
}

TEST_F(DurableEngine, SyncsACommandThatAsksForTheJournal) {
  open(Mode::kNever);
  engine->run(R"({"create": "c"})");
  EXPECT_EQ(syncs_of(R"({"insert": "c", "documents": [{"_id": 1}]})"), 0);
  EXPECT_EQ(syncs_of(R"({"insert": "c", "documents": [{"_id": 2}], "writeConcern": {"j": true}})"),
            1);
  engine->run(R"({"insert": "c", "documents": [{"_id": 3}]})");
  crash();
  EXPECT_EQ(engine->find("c").size(), 2u);
}

TEST_F(DurableEngine, SyncsASchemaChangeOnceHoweverMuchItWrites) {
  open(Mode::kAlways);
  EXPECT_EQ(syncs_of(R"({"create": "c"})"), 1);
  EXPECT_EQ(syncs_of(R"({"create": "d"})"), 1);
  engine->run(R"({"insert": "c", "documents": [)" + documents(3000) + "]}");
  EXPECT_EQ(syncs_of(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})"), 1);
  EXPECT_EQ(syncs_of(R"({"collMod": "c", "validator": {"_id": {"$gte": 0}}})"), 1);
  // The space of what was dropped is given back in the background, which may sync the log too.
  const auto least = [&](const char* dropped) {
    std::int64_t syncs = syncs_of(dropped);
    for (int i = 0; i < 10 && syncs > 1; ++i) {
      engine->run(R"({"create": "d"})");
      syncs = std::min(syncs, syncs_of(dropped));
    }
    return syncs;
  };
  EXPECT_EQ(least(R"({"drop": "d"})"), 1);
  crash();
  EXPECT_EQ(engine->documents(R"({"listIndexes": "c"})").size(), 2u);
  EXPECT_EQ(engine->documents(R"({"listCollections": 1})").size(), 1u);
  open(Mode::kAlways);
  EXPECT_EQ(least(R"({"dropDatabase": 1})"), 1);
}

TEST_F(DurableEngine, AcknowledgesNothingThatCouldNotBeSynced) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  faults->fail(storage::InjectedFaults::Kind::kSync, 1);
  EXPECT_EQ(engine->code_of(R"({"insert": "c", "documents": [{"_id": 1}]})"), 1);
  EXPECT_EQ(engine->code_of(R"({"insert": "c", "documents": [{"_id": 2}]})"), 0);
}

constexpr const char* kUpsert =
    R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}, "upsert": true}]})";

TEST_F(DurableEngine, SyncsARetryThatFindsNothingLeftToWrite) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  faults->fail(storage::InjectedFaults::Kind::kSync, 1);
  EXPECT_EQ(engine->code_of(kUpsert), 1);
  const std::int64_t before = files->log_syncs();
  EXPECT_REPLY(engine->run(kUpsert), R"({"n": 1, "nModified": 0, "ok": 1.0})");
  EXPECT_EQ(files->log_syncs(), before + 1);
  crash();
  EXPECT_EQ(engine->find("c").size(), 1u);
}

// What it confirms, another has written, who still waits for the medium.
TEST_F(DurableEngine, AcknowledgesNoWriteBeforeWhatItFoundIsOnTheMedium) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  files->hold_log_syncs();
  int first_code = -1;
  std::thread first([&] { first_code = engine->code_of(kUpsert); });
  while (!files->holds_a_log_sync()) std::this_thread::yield();
  const std::int64_t asked = faults->count(storage::InjectedFaults::Kind::kSync);
  std::atomic<bool> answered = false;
  int second_code = -1;
  std::thread second([&] {
    second_code = engine->code_of(kUpsert);
    answered = true;
  });
  while (!answered && faults->count(storage::InjectedFaults::Kind::kSync) == asked) {
    std::this_thread::yield();
  }
  files->cut_power();
  files->let_log_syncs_go();
  first.join();
  second.join();
  EXPECT_EQ(first_code, 1);
  EXPECT_EQ(second_code, 1);
  crash();
  EXPECT_EQ(engine->find("c").size(), 0u);
}

TEST_F(DurableEngine, AsksForASecondCommitWhereTheMediumFailed) {
  for (const auto kind :
       {storage::InjectedFaults::Kind::kSync, storage::InjectedFaults::Kind::kCommit}) {
    open(Mode::kAlways);
    engine->run(R"({"create": "c"})");
    TestSession client(*engine);
    client.run(R"({"insert": "c", "documents": [{}]})");
    faults->fail(kind, 1);
    const bson::Document reply = client.commit();
    EXPECT_EQ(reply["code"].as_int32(), 1);
    EXPECT_EQ(reply["errorLabels"].as_array().front().as_string(),
              "UnknownTransactionCommitResult");
  }
}

// The client asks again because the first commit was not acknowledged.
TEST_F(DurableEngine, SyncsASecondCommitOfATransactionWhoseFirstCouldNotBe) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  TestSession client(*engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  faults->fail(storage::InjectedFaults::Kind::kSync, 1);
  EXPECT_EQ(client.commit()["code"].as_int32(), 1);
  EXPECT_REPLY(client.commit(), R"({"ok": 1.0})");
  crash();
  EXPECT_EQ(engine->find("c").size(), 1u);
}

TEST(MemoryEngine, TakesTheJournalForGranted) {
  TestEngine engine;
  EXPECT_EQ(
      engine.code_of(R"({"insert": "c", "documents": [{"_id": 1}], "writeConcern": {"j": true}})"),
      0);
}

}  // namespace
}  // namespace quern::engine
