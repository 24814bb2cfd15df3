// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Schema changes that wait for a transaction, or for each other: what they decide holds when they
// are carried out, and writers go on while they wait.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine {
namespace {

constexpr const char* kEncrypted =
    R"({"create": "c", "encryptedFields": {"fields": [
         {"keyId": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}, "path": "ssn",
          "bsonType": "string"}]}})";

// A collection "c" that a transaction has written to.
class SchemaChanges : public ::testing::Test {
 protected:
  SchemaChanges() {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
    holder.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}]})");
  }
  ~SchemaChanges() override {
    for (std::thread& thread : waiting_) thread.join();
  }

  // Lets it run into the transaction. Whether it got that far when the test goes on makes no
  // difference to what must hold.
  template <class Body>
  void meanwhile(const Body& body) {
    waiting_.emplace_back(body);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  void go_on() {
    holder.commit();
    for (std::thread& thread : waiting_) thread.join();
    waiting_.clear();
  }
  bson::Document options() {
    return bson::Document(
        engine.documents(R"({"listCollections": 1, "filter": {"name": "c"}})")[0]["options"]
            .as_document());
  }

  TestEngine engine;
  TestSession holder{engine};

 private:
  std::vector<std::thread> waiting_;
};

TEST_F(SchemaChanges, NeverStripAnotherCollectionOfItsEncryption) {
  meanwhile([this] {
    engine.run(R"({"drop": "c"})");
    engine.run(kEncrypted);
  });
  meanwhile([this] { engine.code_of(R"({"collMod": "c", "validator": {"a": {"$gt": 0}}})"); });
  go_on();
  EXPECT_TRUE(options().view().contains("encryptedFields"));
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"a": 1, "ssn": "123-45-6789"}]})"),
            121);
}

TEST_F(SchemaChanges, ThatWaitForTheSameTransactionAllCount) {
  meanwhile([this] { engine.run(R"({"collMod": "c", "validator": {"a": {"$gt": 0}}})"); });
  meanwhile([this] { engine.run(R"({"collMod": "c", "index": {"name": "a", "hidden": true}})"); });
  meanwhile([this] {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "b", "key": {"b": 1}}]})");
  });
  go_on();
  EXPECT_TRUE(options().view().contains("validator"));
  EXPECT_DOCUMENTS(engine.documents(R"({"listIndexes": "c"})"),
                   R"([{"v": 2, "key": {"_id": 1}, "name": "_id_"},
                       {"v": 2, "key": {"a": 1}, "name": "a", "hidden": true},
                       {"v": 2, "key": {"b": 1}, "name": "b"}])");
}

TEST_F(SchemaChanges, BuildNoIndexOnAFieldThatIsEncryptedByThen) {
  meanwhile([this] {
    engine.run(R"({"drop": "c"})");
    engine.run(kEncrypted);
  });
  meanwhile([this] {
    engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "s", "key": {"ssn": 1}}]})");
  });
  go_on();
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 1u);
  EXPECT_EQ(
      engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "s", "key": {"ssn": 1}}]})"),
      6346502);
}

TEST_F(SchemaChanges, LetWritersInWhileTheyWait) {
  std::atomic<bool> waits = true;
  int code = 0;
  meanwhile([&] {
    code = engine.code_of(R"({"drop": "c"})");
    waits = false;
  });
  while (waits) {
    ASSERT_EQ(engine.code_of(R"({"insert": "c", "documents": [{}], "maxTimeMS": 2000})"), 0);
  }
  EXPECT_EQ(code, 24);
  EXPECT_GT(engine.find("c").size(), 1u);
}

// One at a time closes the gate: the writers that the one keeps out don't find the next before
// them.
TEST_F(SchemaChanges, WaitForTheirTurnBeforeTheyKeepWritersOut) {
  std::atomic<int> left = 6;
  for (int i = 0; i < 6; ++i) {
    meanwhile([&] {
      EXPECT_EQ(engine.code_of(R"({"collMod": "c", "validator": {}, "maxTimeMS": 400})"), 50);
      --left;
    });
  }
  while (left > 0) EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{}]})"), 0);
}

TEST(SchemaChange, WaitsByTheClockOfTheEngine) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  TestSession holder(engine);
  holder.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  std::thread change([&] { EXPECT_EQ(engine.code_of(R"({"drop": "c", "maxTimeMS": 4000})"), 0); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  holder.commit();
  change.join();
}

TEST_F(SchemaChanges, WaitNoLongerThanTheyMay) {
  EXPECT_EQ(engine.code_of(R"({"drop": "c", "maxTimeMS": 20})"), 50);
  EXPECT_EQ(engine.code_of(R"({"collMod": "c", "validator": {}, "maxTimeMS": 20})"), 50);
  EXPECT_EQ(engine.code_of(R"({"dropIndexes": "c", "index": "*", "maxTimeMS": 20})"), 50);
  EXPECT_EQ(engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "b", "key": {"b": 1}}],
                               "maxTimeMS": 20})"),
            50);
}

TEST_F(SchemaChanges, ThatChangeNothingWaitForNobody) {
  EXPECT_EQ(engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}],
                               "maxTimeMS": 20})"),
            0);
}

TEST_F(SchemaChanges, ThatRenameLoseNoTargetWhenTheyFail) {
  engine.run(R"({"insert": "target", "documents": [{"_id": 42}]})");
  EXPECT_EQ(engine.code_of(R"({"renameCollection": "test.c", "to": "test.target",
                               "dropTarget": true, "maxTimeMS": 20, "$db": "admin"})"),
            50);
  EXPECT_DOCUMENTS(engine.find("target"), R"([{"_id": 42}])");
  go_on();
  engine.run(R"({"renameCollection": "test.c", "to": "test.target", "dropTarget": true,
                 "$db": "admin"})");
  EXPECT_DOCUMENTS(engine.find("target"), R"([{"_id": 1, "a": 1}])");
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST_F(SchemaChanges, ThatDropADatabaseDropAllOfItOrNothing) {
  engine.run(R"({"create": "a"})");
  engine.run(R"({"create": "z"})");
  EXPECT_EQ(engine.code_of(R"({"dropDatabase": 1, "maxTimeMS": 20})"), 50);
  EXPECT_EQ(engine.documents(R"({"listCollections": 1})").size(), 3u);
  go_on();
  EXPECT_EQ(engine.code_of(R"({"dropDatabase": 1})"), 0);
  EXPECT_EQ(engine.documents(R"({"listCollections": 1})").size(), 0u);
}

TEST(DropDatabase, IsOneStepOnDisk) {
  const TemporaryDirectory root;
  using storage::InjectedFaults;
  bool failed = true;
  for (int n = 1; failed; ++n) {
    SCOPED_TRACE(n);
    const auto faults = std::make_shared<InjectedFaults>();
    storage::RocksOptions options;
    options.directory = root.path() / std::to_string(n);
    options.durability.mode = storage::Durability::Mode::kNever;
    {
      TestEngine engine(storage::make_faulty_store(storage::open_rocks_store(options), faults));
      for (const char* name : {"a", "b"}) {
        engine.run(R"({"insert": ")" + std::string(name) + R"(", "documents": [{"_id": 1}]})");
      }
      faults->fail(InjectedFaults::Kind::kCommit, n);
      failed = engine.code_of(R"({"dropDatabase": 1})") != 0;
      faults->heal();
    }
    TestEngine engine(options.directory);
    const std::size_t left = engine.documents(R"({"listCollections": 1})").size();
    EXPECT_EQ(left, n == 1 ? 2u : 0u);
    EXPECT_EQ(engine.find("a").size() + engine.find("b").size(), left);
  }
}

TEST(RenameCollection, WithDropTargetIsOneStepOnDisk) {
  const TemporaryDirectory root;
  using storage::InjectedFaults;
  bool failed = true;
  for (int n = 1; failed; ++n) {
    SCOPED_TRACE(n);
    const auto faults = std::make_shared<InjectedFaults>();
    storage::RocksOptions options;
    options.directory = root.path() / std::to_string(n);
    options.durability.mode = storage::Durability::Mode::kNever;
    {
      TestEngine engine(storage::make_faulty_store(storage::open_rocks_store(options), faults));
      engine.run(R"({"insert": "source", "documents": [{"_id": "source"}]})");
      engine.run(R"({"insert": "target", "documents": [{"_id": "target"}]})");
      faults->fail(InjectedFaults::Kind::kCommit, n);
      failed = engine.code_of(R"({"renameCollection": "test.source", "to": "test.target",
                                  "dropTarget": true, "$db": "admin"})") != 0;
      faults->heal();
    }
    TestEngine engine(options.directory);
    ASSERT_EQ(engine.find("target").size(), 1u);
    EXPECT_EQ(engine.find("source").size(),
              engine.find("target")[0]["_id"].as_string() == "target" ? 1u : 0u);
  }
}

TEST(CreateIndexes, AtTheSameTimeMakeOneIndex) {
  for (int round = 0; round < 20; ++round) {
    TestEngine engine;
    std::string documents;
    for (int i = 0; i < 500; ++i)
      documents += (i == 0 ? "{\"a\": " : ", {\"a\": ") + std::to_string(i) + "}";
    engine.run(R"({"insert": "c", "documents": [)" + documents + "]}");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        engine.run(R"({"createIndexes": "c", "indexes": [
                         {"name": "a", "key": {"a": 1}, "unique": true}]})");
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 2u);
  }
}

TEST(CreateIndexes, StopWhenTheirTimeIsOver) {
  TestEngine engine;
  std::string documents = "{\"a\": 0}";
  for (int i = 1; i < 20'000; ++i) documents += ", {\"a\": " + std::to_string(i) + "}";
  engine.run(R"({"insert": "c", "documents": [)" + documents + "]}");
  EXPECT_EQ(engine.code_of(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}],
                               "maxTimeMS": 1})"),
            50);
  EXPECT_EQ(engine.documents(R"({"listIndexes": "c"})").size(), 1u);
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"a": 5}]})"), 0);
}

// All of them at once, for a while: none may fail for another reason than that the collection is
// gone, is there already, or has the index no more, and what is left fits together.
TEST(SchemaChangesOfOneCollection, OfAllKindsGetAlong) {
  TestEngine engine;
  const char* const changes[] = {
      R"({"create": "c"})",
      R"({"drop": "c"})",
      R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})",
      R"({"dropIndexes": "c", "index": "a"})",
      R"({"collMod": "c", "validator": {"a": {"$gte": 0}}})",
      R"({"renameCollection": "test.c", "to": "test.d", "dropTarget": true, "$db": "admin"})",
      R"({"renameCollection": "test.d", "to": "test.c", "dropTarget": true, "$db": "admin"})",
      R"({"insert": "c", "documents": [{"a": 1}, {"a": 2}]})",
  };
  std::vector<std::thread> threads;
  for (const char* change : changes) {
    threads.emplace_back([&engine, change] {
      for (int i = 0; i < 60; ++i) {
        const int code = engine.code_of(change);
        EXPECT_TRUE(code == 0 || code == 26 || code == 27 || code == 48) << change << " " << code;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  engine.run(R"({"insert": "c", "documents": [{"a": 3}]})");
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  EXPECT_EQ(engine.find("c", R"({"a": {"$gte": 0}})", R"(, "hint": "a")").size(),
            engine.find("c").size());
}

}  // namespace
}  // namespace quern::engine
