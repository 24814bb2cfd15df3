// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a command forces to the medium before it is acknowledged, and what a crash of the machine
// leaves of commands: docs/guide/durability.md.
#include "storage/durability.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "storage/faulty_file_system.h"
#include "storage/faulty_store.h"
#include "storage/rocks_store.h"

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
    faults = std::make_shared<storage::Faults>();
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
  std::shared_ptr<storage::Faults> faults;
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

TEST_F(DurableEngine, SyncsSchemaChanges) {
  open(Mode::kAlways);
  engine->run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  crash();
  EXPECT_EQ(engine->documents(R"({"listIndexes": "c"})").size(), 2u);
}

TEST_F(DurableEngine, AcknowledgesNothingThatCouldNotBeSynced) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  faults->fail(storage::Faults::Kind::kSync, 1);
  EXPECT_EQ(engine->code_of(R"({"insert": "c", "documents": [{"_id": 1}]})"), 1);
  EXPECT_EQ(engine->code_of(R"({"insert": "c", "documents": [{"_id": 2}]})"), 0);
}

// The client asks again because the first commit was not acknowledged.
TEST_F(DurableEngine, SyncsASecondCommitOfATransactionWhoseFirstCouldNotBe) {
  open(Mode::kAlways);
  engine->run(R"({"create": "c"})");
  TestSession client(*engine);
  client.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  faults->fail(storage::Faults::Kind::kSync, 1);
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
