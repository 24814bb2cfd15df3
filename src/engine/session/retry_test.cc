// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/retry.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/catalog/table_state.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

TEST(BackOff, LooksAtTheClockEveryTime) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  const bson::Document command = bson::from_json(R"({"ping": 1})");
  Operation operation(engine.engine(), "test", command);
  operation.set_time_limit(std::chrono::milliseconds(5));
  back_off(operation, 0);
  clock.advance(std::chrono::milliseconds(5));
  try {
    back_off(operation, 1);
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_TRUE(error.is(ErrorCode::kMaxTimeMSExpired)) << error.what();
  }
}

TEST(WriteTransaction, ThatWaitsForAnotherIsOverWhenItsTimeIs) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  TestSession holder(engine);
  holder.run(R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}]})");
  EXPECT_EQ(engine.code_of(R"({"update": "c", "maxTimeMS": 20,
                               "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 2}}}]})"),
            50);
  holder.commit();
  EXPECT_EQ(engine.code_of(R"({"update": "c", "maxTimeMS": 2000,
                               "updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 2}}}]})"),
            0);
}

// The gate is closed as by a schema change that takes its time.
TEST(WriteTransaction, WaitsForASchemaChangeNoLongerThanItMay) {
  TestEngine engine;
  engine.run(R"({"create": "c"})");
  const auto catalog = engine.engine().catalog().snapshot();
  WriteGate& gate = catalog->find("test.c")->state()->gate;
  ASSERT_TRUE(gate.close(std::chrono::steady_clock::now()));
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 1}], "maxTimeMS": 20})"), 50);
  gate.open();
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 1}], "maxTimeMS": 20000})"), 0);
}

// By that clock no time passes, however long it takes.
TEST(WriteTransaction, WaitsForASchemaChangeByTheClockOfTheEngine) {
  ManualClock clock;
  TestEngine engine(EngineOptions{.clock = &clock});
  engine.run(R"({"create": "c"})");
  const auto catalog = engine.engine().catalog().snapshot();
  WriteGate& gate = catalog->find("test.c")->state()->gate;
  ASSERT_TRUE(gate.close(std::chrono::steady_clock::now()));
  std::thread writer([&] {
    EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{}], "maxTimeMS": 60000})"), 0);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  gate.open();
  writer.join();
}

}  // namespace
}  // namespace quern::engine
