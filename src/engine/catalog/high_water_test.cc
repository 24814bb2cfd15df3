// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/high_water.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/testing.h"

namespace quern::engine {
namespace {

std::string insert(int id) {
  return R"({"insert": "c", "documents": [{"_id": )" + std::to_string(id) + "}]}";
}

TEST(HighWater, DuplicatesAreFoundWhereverTheyLie) {
  TestEngine engine;
  for (const int id : {5, 9, 2, 7}) EXPECT_EQ(engine.code_of(insert(id)), 0);
  for (const int id : {2, 5, 7, 9}) EXPECT_EQ(engine.code_of(insert(id)), 11000);
  EXPECT_EQ(engine.find("c").size(), 4u);
}

TEST(HighWater, IsReadBackFromTheStore) {
  const TemporaryDirectory directory;
  TestEngine(directory.path()).run(insert(5));
  TestEngine engine(directory.path());
  EXPECT_EQ(engine.code_of(insert(5)), 11000);
  EXPECT_EQ(engine.code_of(insert(6)), 0);
}

TEST(HighWater, IdsThatShareALongPrefixAreToldApart) {
  TestEngine engine;
  const std::string prefix =
      R"({"insert": "c", "documents": [{"_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaa)";
  EXPECT_EQ(engine.code_of(prefix + R"(b"}]})"), 0);
  EXPECT_EQ(engine.code_of(prefix + R"(c"}]})"), 0);
  EXPECT_EQ(engine.code_of(prefix + R"(c"}]})"), 11000);
}

TEST(HighWater, AnInsertThatWasUndoneMayBeRepeated) {
  TestEngine engine;
  engine.run(
      R"({"createIndexes": "c", "indexes": [{"name": "u", "key": {"u": 1}, "unique": true}]})");
  engine.run(R"({"insert": "c", "documents": [{"_id": 1, "u": 1}]})");
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 2, "u": 1}]})"), 11000);
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 2, "u": 2}]})"), 0);
}

// Threads race for ascending ids: each id is inserted exactly once.
TEST(HighWater, OneOfManyRacingInsertsWins) {
  TestEngine engine;
  constexpr int kIds = 500;
  std::atomic<int> inserted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int id = 0; id < kIds; ++id) {
        if (engine.code_of(insert(id)) == 0) ++inserted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(inserted, kIds);
  EXPECT_EQ(engine.find("c").size(), static_cast<std::size_t>(kIds));
}

}  // namespace
}  // namespace quern::engine
