// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/engine_runner.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace quern::engine
