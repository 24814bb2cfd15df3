// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/cursor_outputs.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/base/error.h"

namespace quern::client {
namespace {

class HandClock : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return time; }
  std::chrono::sys_time<std::chrono::milliseconds> wall_now() override { return {}; }
  std::chrono::steady_clock::time_point time{};
};

class CursorOutputsTest : public ::testing::Test {
 protected:
  HandClock clock;
  CursorOutputs cursors{clock};
  const CursorOutputs::Output output = std::make_shared<CommandOutput>();
};

TEST_F(CursorOutputsTest, ACursorIsKnownByDatabaseCollectionAndId) {
  cursors.opened("a", "b", 1, output);
  EXPECT_EQ(cursors.find("a", "b", 1), output);
  EXPECT_EQ(cursors.find("a", "b", 2), nullptr);
  EXPECT_EQ(cursors.find("a", "c", 1), nullptr);
  EXPECT_EQ(cursors.find("b", "b", 1), nullptr);
  cursors.closed("a", "b", 1);
  EXPECT_EQ(cursors.find("a", "b", 1), nullptr);
}

TEST_F(CursorOutputsTest, OneThatRestsTooLongIsForgotten) {
  cursors.opened("a", "b", 1, output);
  clock.time += CursorOutputs::kLifetime - std::chrono::seconds(1);
  EXPECT_EQ(cursors.find("a", "b", 1), output) << "which is a use";
  clock.time += CursorOutputs::kLifetime - std::chrono::seconds(1);
  EXPECT_EQ(cursors.find("a", "b", 1), output);
  clock.time += CursorOutputs::kLifetime;
  EXPECT_EQ(cursors.find("a", "b", 1), nullptr);
  cursors.opened("a", "b", 2, output);
  clock.time += CursorOutputs::kLifetime;
  cursors.opened("a", "b", 3, output);
  EXPECT_EQ(cursors.size(), 1u);
}

TEST_F(CursorOutputsTest, TooManyPushOutTheOneThatWasUsedLongestAgo) {
  for (std::size_t id = 1; id <= CursorOutputs::kCapacity; ++id) {
    cursors.opened("a", "b", static_cast<std::int64_t>(id), output);
  }
  EXPECT_EQ(cursors.find("a", "b", 1), output);
  cursors.opened("a", "b", -1, output);
  EXPECT_EQ(cursors.size(), CursorOutputs::kCapacity);
  EXPECT_EQ(cursors.find("a", "b", 1), output);
  EXPECT_EQ(cursors.find("a", "b", 2), nullptr);
}

TEST_F(CursorOutputsTest, AnIdThatIsKnownWithOtherDocumentsIsRefused) {
  cursors.opened("a", "b", 1, output);
  cursors.opened("a", "b", 1, std::make_shared<CommandOutput>());  // which looks the same
  EXPECT_EQ(cursors.size(), 1u);
  EXPECT_THROW(cursors.opened("a", "b", 1, nullptr), Error) << "documents without a schema";
  cursors.opened("a", "b", 2, nullptr);
  EXPECT_EQ(cursors.size(), 1u) << "there is nothing to remember";
}

}  // namespace
}  // namespace quern::client
