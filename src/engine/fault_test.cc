// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A medium that fails at the n-th read, write or commit, for every n of a scripted load: the engine
// reports it, stays usable, and whatever it acknowledged is there.
#include <gtest/gtest.h>

#include <map>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "storage/faulty_store.h"
#include "storage/rocks_store.h"

namespace quern::engine {
namespace {

using storage::Faults;

// Runs the script; returns which statements were acknowledged.
std::vector<bool> run_script(TestEngine& engine) {
  static constexpr const char* kScript[] = {
      R"({"create": "c"})",
      R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}, "unique": true}]})",
      R"({"insert": "c", "documents": [{"_id": 1, "a": 1}]})",
      R"({"insert": "c", "documents": [{"_id": 2, "a": [2, 3]}]})",
      R"({"update": "c", "updates": [{"q": {"a": 1}, "u": {"$set": {"a": 9}}}]})",
      R"({"delete": "c", "deletes": [{"q": {"_id": 2}, "limit": 1}]})",
  };
  std::vector<bool> acknowledged;
  for (const char* statement : kScript) acknowledged.push_back(engine.code_of(statement) == 0);
  return acknowledged;
}

class Fault : public ::testing::TestWithParam<Faults::Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, Fault,
                         ::testing::Values(Faults::Kind::kRead, Faults::Kind::kWrite,
                                           Faults::Kind::kCommit));

TEST_P(Fault, IsReportedAndLosesNothingAcknowledged) {
  const TemporaryDirectory root;
  bool failed = true;
  int n = 1;
  for (; failed; ++n) {
    SCOPED_TRACE(n);
    const auto faults = std::make_shared<Faults>();
    storage::RocksOptions options;
    options.directory = root.path() / std::to_string(n);
    options.durability.mode = storage::Durability::Mode::kNever;
    std::vector<bool> acknowledged;
    {
      TestEngine engine(storage::make_faulty_store(storage::open_rocks_store(options), faults));
      faults->fail(GetParam(), n);
      acknowledged = run_script(engine);
      failed = std::find(acknowledged.begin(), acknowledged.end(), false) != acknowledged.end();
      faults->heal();
      // Still usable, and consistent: the index finds exactly what the scan finds.
      EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 50, "a": 50}]})"), 0);
    }
    TestEngine engine(options.directory);
    const bool first = acknowledged[2];
    const bool second = acknowledged[3];
    const auto one = engine.find("c", R"({"_id": 1})");
    if (first) {
      ASSERT_EQ(one.size(), 1u);
      if (acknowledged[4]) {
        EXPECT_EQ(one[0]["a"].as_int32(), 9);
      }
    }
    if (second) {
      EXPECT_EQ(engine.find("c", R"({"_id": 2})").size(), acknowledged[5] ? 0u : 1u);
    }
    if (acknowledged[1]) {
      EXPECT_EQ(engine.find("c", R"({"a": {"$gte": 0}})", R"(, "hint": "a")").size(),
                engine.find("c", R"({"a": {"$gte": 0}})", R"(, "hint": {"$natural": 1})").size());
    }
  }
  EXPECT_GT(n, 3);  // there were faults to inject
}

}  // namespace
}  // namespace quern::engine
