// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Many threads on one engine: single documents, transactions, schema changes.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

template <class Body>
void in_threads(int count, const Body& body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([&body, t] { body(t); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Concurrency, IncrementsOfOneDocumentAllCount) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"_id": 1, "n": 0, "k": "x"}]})");
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "k", "key": {"k": 1}}]})");
  in_threads(6, [&](int t) {
    const std::string filter = t % 2 == 0 ? R"({"_id": 1})" : R"({"k": "x"})";
    for (int i = 0; i < 100; ++i) {
      engine.run(R"({"update": "c", "updates": [{"q": )" + filter +
                 R"(, "u": {"$inc": {"n": 1}}}]})");
    }
  });
  EXPECT_EQ(engine.find("c").front()["n"].as_int32(), 600);
}

TEST(Concurrency, UpsertsOfOneKeyMakeOneDocument) {
  TestEngine engine;
  engine.run(
      R"({"createIndexes": "c", "indexes": [{"name": "k", "key": {"k": 1}, "unique": true}]})");
  in_threads(6, [&](int) {
    for (int i = 0; i < 50; ++i) {
      engine.run(R"({"update": "c", "updates": [{"q": {"k": )" + std::to_string(i) +
                 R"(}, "u": {"$inc": {"n": 1}}, "upsert": true}]})");
    }
  });
  const auto documents = engine.find("c");
  EXPECT_EQ(documents.size(), 50u);
  for (const auto& document : documents) EXPECT_EQ(document["n"].as_int32(), 6);
}

// Transfers between accounts in transactions, and readers that must always see the same sum.
TEST(Concurrency, TransactionsMoveMoneyButMakeNone) {
  TestEngine engine;
  constexpr int kAccounts = 8;
  for (int i = 0; i < kAccounts; ++i) {
    engine.run(R"({"insert": "c", "documents": [{"_id": )" + std::to_string(i) +
               R"(, "n": 100}]})");
  }
  std::atomic<bool> done = false;
  std::atomic<int> committed = 0;
  const auto statement = [](std::string_view json, const Uuid& session, std::int64_t number,
                            bool starts) {
    const bson::Document command = bson::from_json(json);
    bson::Builder b;
    b.append_all(command).append("lsid", bson::doc("id", session)).append("txnNumber", number);
    if (starts) b.append("startTransaction", true);
    b.append("autocommit", false);
    return b.finish();
  };
  std::thread reader([&] {
    while (!done) {
      int sum = 0;
      for (const auto& document : engine.find("c", "{}", R"(, "batchSize": 3)")) {
        sum += document["n"].as_int32();
      }
      ASSERT_EQ(sum, kAccounts * 100);
    }
  });
  in_threads(4, [&](int t) {
    std::mt19937 random(static_cast<unsigned>(t));
    const Uuid session = Uuid::random();
    std::int64_t number = 0;
    for (int i = 0; i < 60; ++i) {
      const int from = static_cast<int>(random() % kAccounts);
      const int to = (from + 1 + static_cast<int>(random() % (kAccounts - 1))) % kAccounts;
      for (;;) {
        ++number;
        const auto change = [&](int account, int by, bool starts) {
          return engine.run_raw(
              statement(R"({"update": "c", "updates": [{"q": {"_id": )" + std::to_string(account) +
                            R"(}, "u": {"$inc": {"n": )" + std::to_string(by) + "}}}]}",
                        session, number, starts)
                  .view());
        };
        if (change(from, -7, true)["ok"].as_double() != 1) continue;
        if (change(to, 7, false)["ok"].as_double() != 1) continue;
        const bson::Document commit =
            statement(R"({"commitTransaction": 1, "$db": "admin"})", session, number, false);
        if (engine.run_raw(commit.view())["ok"].as_double() == 1) break;
      }
      ++committed;
    }
  });
  done = true;
  reader.join();
  EXPECT_EQ(committed, 240);
}

// Indexes come and go, and collections too, while others write and read.
TEST(Concurrency, SchemaChangesLoseNoWriteAndNoAnswer) {
  TestEngine engine;
  constexpr int kPerThread = 300;
  engine.run(R"({"create": "c"})");
  std::atomic<bool> done = false;
  std::thread schema([&] {
    while (!done) {
      engine.run(R"({"createIndexes": "c", "indexes": [{"name": "t", "key": {"t": 1, "i": 1}}]})");
      engine.run(R"({"createIndexes": "other", "indexes": [{"name": "x", "key": {"x": 1}}]})");
      engine.run(R"({"dropIndexes": "c", "index": "t"})");
      engine.run(R"({"drop": "other"})");
    }
  });
  in_threads(3, [&](int t) {
    for (int i = 0; i < kPerThread; ++i) {
      engine.run(R"({"insert": "c", "documents": [{"t": )" + std::to_string(t) + R"(, "i": )" +
                 std::to_string(i) + "}]}");
      engine.run(R"({"insert": "other", "documents": [{"x": 1}]})");
      const auto mine = engine.find("c", R"({"t": )" + std::to_string(t) + "}");
      ASSERT_EQ(mine.size(), static_cast<std::size_t>(i + 1));
    }
  });
  done = true;
  schema.join();
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "t", "key": {"t": 1, "i": 1}}]})");
  EXPECT_EQ(engine.find("c", R"({"t": {"$gte": 0}})", R"(, "hint": "t")").size(), 3u * kPerThread);
}

}  // namespace
}  // namespace quern::engine
