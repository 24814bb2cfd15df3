// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/write_gate.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "quern/base/error.h"

namespace quern::engine {
namespace {

const auto now = [] { return std::chrono::steady_clock::now(); };
constexpr std::chrono::milliseconds kShort{10};
constexpr std::chrono::seconds kLong{60};

TEST(WriteGate, ClosesOnlyWhenNobodyIsInside) {
  const auto gate = std::make_shared<WriteGate>();
  {
    std::vector<GatePass> passes;
    passes.push_back(*GatePass::enter(gate, now()));
    passes.push_back(*GatePass::enter(gate, now()));
    EXPECT_FALSE(gate->close(now() + kShort));
    passes.pop_back();
    EXPECT_FALSE(gate->close(now() + kShort));
  }
  EXPECT_TRUE(gate->close(now() + kShort));
}

TEST(WriteGate, ThatCouldNotCloseIsOpen) {
  const auto gate = std::make_shared<WriteGate>();
  const auto inside = GatePass::enter(gate, now());
  EXPECT_FALSE(gate->close(now() + kShort));
  EXPECT_TRUE(GatePass::enter(gate, now()));
}

TEST(WriteGate, ThatIsClosedLetsNobodyIn) {
  const auto gate = std::make_shared<WriteGate>();
  ASSERT_TRUE(gate->close(now()));
  EXPECT_FALSE(GatePass::enter(gate, now() + kShort));
  gate->open();
  EXPECT_TRUE(GatePass::enter(gate, now()));
}

TEST(WriteGate, IsClosedByOneSchemaChangeAtATime) {
  const auto gate = std::make_shared<WriteGate>();
  ASSERT_TRUE(gate->close(now()));
  EXPECT_THROW(gate->close(now() + kShort), Error);
}

TEST(WriteGate, WithoutADeadlineIsWaitedForUntilItOpens) {
  const auto gate = std::make_shared<WriteGate>();
  ASSERT_TRUE(gate->close(now()));
  std::thread writer([&] { EXPECT_TRUE(GatePass::enter(gate, std::nullopt)); });
  std::this_thread::sleep_for(kShort);
  gate->open();
  writer.join();
  EXPECT_TRUE(gate->close(now() + kLong));
}

TEST(WriteGate, IsClosedAsSoonAsTheLastWriterLeaves) {
  const auto gate = std::make_shared<WriteGate>();
  auto pass = std::make_unique<GatePass>(*GatePass::enter(gate, now()));
  std::thread writer([&] {
    std::this_thread::sleep_for(kShort);
    pass.reset();
  });
  EXPECT_TRUE(gate->close(now() + kLong));
  writer.join();
}

}  // namespace
}  // namespace quern::engine
