// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/engine_runner.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/random.h"
#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

TEST(EngineRunner, FindsWhatWasInserted) {
  TestEngine engine;
  EXPECT_REPLY(engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": "x"}, {"_id": 2}]})"),
               R"({"n": 2, "ok": 1.0})");
  EXPECT_DOCUMENTS(engine.find("c", R"({"a": "x"})"), R"([{"_id": 1, "a": "x"}])");
  EXPECT_DOCUMENTS(engine.find("c", R"({"_id": 2})"), R"([{"_id": 2}])");
}

TEST(EngineRunner, KeepsDocumentsAndIndexesOnDisk) {
  const TemporaryDirectory directory;
  {
    TestEngine engine(directory.path());
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 5}, {"_id": 2, "a": 7}]})");
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
  }
  TestEngine engine(directory.path());
  EXPECT_DOCUMENTS(engine.find("c", R"({"a": 7})"), R"([{"_id": 2, "a": 7}])");
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 7})"), "IXSCAN");
}

TEST(EngineRunner, RefusesAnUnknownCommand) {
  TestEngine engine;
  EXPECT_REPLY(engine.run_raw(R"({"frobnicate": 1})"),
               R"({"ok": 0.0, "errmsg": "no such command: 'frobnicate'", "code": 59,
                   "codeName": "CommandNotFound"})");
}

TEST(EngineRunner, RefusesAnUnknownMember) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"find": "c", "wrong": 1})"), 40415);
}

TEST(EngineRunner, LooksLikeAReplicaSet) {
  TestEngine engine;
  const auto hello = engine.run(R"({"hello": 1})");
  EXPECT_EQ(hello["setName"].as_string(), "quern");
  EXPECT_TRUE(hello["isWritablePrimary"].as_bool());
  EXPECT_GE(hello["maxWireVersion"].as_int32(), 25);
  EXPECT_EQ(hello["logicalSessionTimeoutMinutes"].as_int32(), 30);
}

// The same bytes for everybody who asks in the same order.
class PinnedRandom : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(state_ = 5 * state_ + 7);
  }

 private:
  std::mutex mutex_;
  std::uint8_t state_ = 1;
};

// What an engine makes up: the random part of an _id, a collection's UUID, a cursor's id, a session.
std::string made_up(RandomSource& random) {
  EngineOptions options;
  options.random = &random;
  TestEngine engine(std::move(options));
  engine.run(R"({"insert": "c", "documents": [{"a": 1}, {"a": 2}]})");
  const auto found = engine.run(R"({"find": "c", "batchSize": 1})");
  const bson::View cursor = found["cursor"].as_document();
  const bson::View document = cursor["firstBatch"].as_array().front().as_document();
  const auto listed = engine.run(R"({"listCollections": 1})");
  const bson::View collection =
      listed["cursor"].as_document()["firstBatch"].as_array().front().as_document();
  const auto session = engine.run(R"({"startSession": 1})");
  return document["_id"].as_object_id().to_string().substr(8) + " " +
         std::to_string(cursor["id"].as_int64()) + " " +
         collection["info"].as_document()["uuid"].as_uuid().to_string() + " " +
         session["id"].as_document()["id"].as_uuid().to_string();
}

TEST(EngineOptions, FromTheSameRandomBytesComeTheSameIds) {
  PinnedRandom one;
  PinnedRandom same;
  const std::string ids = made_up(one);
  EXPECT_EQ(made_up(same), ids);
  EXPECT_NE(made_up(one), ids) << "its bytes have moved on";
  EXPECT_NE(made_up(RandomSource::system()), ids);
}

}  // namespace
}  // namespace quern::engine
