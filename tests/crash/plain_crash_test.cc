// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A process that writes to a collection with indexes is killed at random moments, again and again
// on the same files. Afterwards every acknowledged write is there, none is half there, and every
// index agrees with the documents.
#include <gtest/gtest.h>

#include <random>

#include "crash/expectation.h"
#include "crash/load.h"
#include "crash/worker.h"
#include "engine/engine_runner.h"
#include "product/clinic_fixture.h"
#include "quern/command/reply.h"

namespace quern::crash {
namespace {

using bson::array;
using bson::doc;
using bson::Document;

std::vector<Document> documents(CommandRunner& runner, const Document& hint) {
  std::vector<Document> found;
  for_each(runner, "clinic",
           doc("find", "plain", "filter", doc("value", doc("$gte", 0)), "hint", hint),
           [&](bson::View document) {
             found.emplace_back(document);
             return true;
           });
  std::sort(found.begin(), found.end(), [](const Document& a, const Document& b) {
    return a["_id"].as_string() < b["_id"].as_string();
  });
  return found;
}

TEST(PlainCrashTest, NothingAcknowledgedIsLostAndNothingIsHalfThere) {
  const testing::TemporaryFolder directory;
  {
    engine::EngineRunner runner(engine::EngineOptions{.directory = directory.path()});
    run_checked(runner, "clinic",
                doc("createIndexes", "plain", "indexes",
                    array(doc("name", "unique", "key", doc("unique", 1), "unique", true),
                          doc("name", "tags", "key", doc("tags", -1)))));
  }
  std::mt19937 random(2027);
  Expectation expectation;
  for (int kill = 0; kill < kills(); ++kill) {
    SCOPED_TRACE(kill);
    Worker worker(directory.path(), kill, "plain");
    expectation.read(worker.kill_after(std::chrono::microseconds(random() % 200'000)));
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";

    engine::EngineRunner runner(engine::EngineOptions{.directory = directory.path()});
    std::map<std::string, std::string> present;
    const auto all = documents(runner, doc("$natural", 1));
    for (const Document& document : all) {
      const std::string id(document["_id"].as_string());
      const std::string value = std::to_string(document["value"].as_int32());
      EXPECT_EQ(document["unique"].as_string(), id + ":" + value);
      EXPECT_EQ(document.view().at_path("tags.2").as_int32(), document["value"].as_int32() + 2);
      present[id] = value;
    }
    expectation.check(present);
    EXPECT_EQ(documents(runner, doc("unique", 1)), all);
    EXPECT_EQ(documents(runner, doc("tags", -1)), all);
    // Whether the index that came and went is there or not: it can be made again, and is whole.
    run_checked(runner, "clinic",
                doc("createIndexes", "plain", "indexes",
                    array(doc("name", "coming", "key", doc("value", 1, "unique", -1)))));
    EXPECT_EQ(documents(runner, doc("value", 1, "unique", -1)), all);
    ASSERT_FALSE(HasFailure());
  }
  RecordProperty("acknowledged_writes", static_cast<int>(expectation.acknowledged()));
  EXPECT_GT(expectation.acknowledged(), static_cast<std::size_t>(kills()));
}

}  // namespace
}  // namespace quern::crash
