// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A medium that fails at the n-th read, write, commit or sync, for every n of a scripted load: the
// engine reports it and stays usable; whatever it acknowledged is there when the database is opened
// again, and what it refused is there as a whole or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/catalog/consistency.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine {
namespace {

using storage::InjectedFaults;

// A statement, or a transaction of several.
using Step = std::vector<const char*>;

const std::vector<Step>& script() {
  static const std::vector<Step> steps = {
      {R"({"create": "c"})"},
      {R"({"insert": "c", "documents": [{"_id": 0, "a": 0}]})"},
      {R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}, "unique": true},
           {"name": "b", "key": {"b": 1}}]})"},
      {R"({"insert": "c", "documents": [{"_id": 1, "a": 1}]})"},
      {R"({"insert": "c", "documents": [{"_id": 2, "a": [2, 3]}]})"},
      {R"({"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"a": 9, "b": 1}}}]})"},
      {R"({"insert": "c", "documents": [{"_id": 3, "a": 30}]})",
       R"({"update": "c", "updates": [{"q": {"_id": 2}, "u": {"$set": {"b": [1, 2]}}}]})",
       R"({"delete": "c", "deletes": [{"q": {"_id": 0}, "limit": 1}]})"},
      {R"({"collMod": "c", "validator": {"_id": {"$gte": 0}}})"},
      {R"({"renameCollection": "test.c", "to": "test.d", "$db": "admin"})"},
      {R"({"delete": "d", "deletes": [{"q": {"_id": 2}, "limit": 1}]})"},
      {R"({"dropIndexes": "d", "index": "b"})"},
      {R"({"drop": "d"})"},
  };
  return steps;
}

bool run(TestEngine& engine, const Step& step) {
  if (step.size() == 1) return engine.code_of(step.front()) == 0;
  TestSession session(engine);
  for (const char* statement : step) {
    const bson::Document reply = session.run_raw(statement);
    if (!reply["ok"].truthy() || reply.view().contains("writeErrors")) return false;
  }
  return session.commit()["ok"].truthy();
}

// All that a client can see: collections with options, indexes and documents.
std::string state(TestEngine& engine) {
  std::string text;
  for (const bson::Document& collection : engine.documents(R"({"listCollections": 1})")) {
    const std::string name(collection["name"].as_string());
    text += name + " " + bson::to_json(collection["options"].as_document());
    for (const bson::Document& index : engine.documents(R"({"listIndexes": ")" + name + R"("})")) {
      text += "\n  " + std::string(index["name"].as_string());
    }
    for (const bson::Document& document : engine.find(name))
      text += "\n  " + bson::to_json(document);
    text += "\n";
  }
  return text;
}

void check_indexes(TestEngine& engine) {
  const bson::Document command = bson::doc("check", 1);
  Operation operation(engine.engine(), "test", command);
  for (const char* name : {"c", "d"}) {
    if (const Collection* collection = operation.collection(operation.ns(name))) {
      EXPECT_THAT(check_records_and_indexes(operation, *collection).all_faults(),
                  ::testing::IsEmpty());
    }
  }
}

class Fault : public ::testing::TestWithParam<InjectedFaults::Kind> {
 protected:
  // A database of its own, with the first steps of the script done.
  storage::RocksOptions prepare(std::size_t steps) {
    const std::filesystem::path model = root_.path() / ("model" + std::to_string(steps));
    if (!std::filesystem::exists(model)) {
      TestEngine engine(model);
      for (std::size_t i = 0; i < steps; ++i) EXPECT_TRUE(run(engine, script()[i])) << i;
    }
    storage::RocksOptions options;
    options.directory = root_.path() / std::to_string(++databases_);
    std::filesystem::copy(model, options.directory);
    // So that the engine syncs what it acknowledges.
    options.durability.mode = GetParam() == InjectedFaults::Kind::kSync
                                  ? storage::Durability::Mode::kAlways
                                  : storage::Durability::Mode::kNever;
    return options;
  }

 private:
  TemporaryDirectory root_;
  int databases_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Kinds, Fault,
                         ::testing::Values(InjectedFaults::Kind::kRead,
                                           InjectedFaults::Kind::kWrite,
                                           InjectedFaults::Kind::kCommit,
                                           InjectedFaults::Kind::kSync));

TEST_P(Fault, LeavesAllOfAStepOrNothingAndIsReported) {
  int injected = 0;
  for (std::size_t at = 0; at < script().size(); ++at) {
    SCOPED_TRACE(script()[at].front());
    const Step& step = script()[at];
    std::string before;
    std::string after;
    {
      TestEngine engine(storage::open_rocks_store(prepare(at)));
      before = state(engine);
      ASSERT_TRUE(run(engine, step));
      after = state(engine);
      ASSERT_NE(before, after);
    }
    bool reached = true;
    for (int n = 1; reached; ++n) {
      SCOPED_TRACE(n);
      const storage::RocksOptions options = prepare(at);
      bool failed = false;
      {
        const auto faults = std::make_shared<InjectedFaults>();
        TestEngine engine(storage::make_faulty_store(storage::open_rocks_store(options), faults));
        const std::int64_t calls = faults->count(GetParam());
        faults->fail(GetParam(), n);
        failed = !run(engine, step);
        reached = faults->count(GetParam()) - calls >= n;
        faults->heal();
        // Reported and undone, or done and not reported; in neither case is the engine's view
        // another than that of the next one. And it is usable.
        const std::string now = state(engine);
        if (failed) {
          EXPECT_TRUE(now == before || now == after) << now;
        } else {
          EXPECT_EQ(now, after);
        }
        check_indexes(engine);
        EXPECT_EQ(engine.code_of(R"({"insert": "e", "documents": [{"_id": 50}]})"), 0);
        EXPECT_EQ(engine.code_of(R"({"drop": "e"})"), 0);
        EXPECT_EQ(state(engine), now);
      }
      {
        TestEngine engine(storage::open_rocks_store(options));
        const std::string reopened = state(engine);
        if (failed) {
          EXPECT_TRUE(reopened == before || reopened == after) << reopened;
          ++injected;
        } else {
          EXPECT_EQ(reopened, after);
        }
        check_indexes(engine);
      }
      std::filesystem::remove_all(options.directory);
      if (HasFailure()) return;
    }
  }
  EXPECT_GE(injected, 5);  // there were faults to inject
}

}  // namespace
}  // namespace quern::engine
