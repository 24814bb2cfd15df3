// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/catalog.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "engine/testing.h"

namespace quern::engine {
namespace {

const Collection* find(TestEngine& engine, std::string_view ns) {
  return engine.engine().catalog().snapshot()->find(ns);
}

TEST(CatalogSnapshot, IsTheSameForAThreadUntilTheCatalogChanges) {
  TestEngine engine;
  const auto before = engine.engine().catalog().snapshot();
  EXPECT_EQ(engine.engine().catalog().snapshot(), before);
  engine.run(R"({"create": "c"})");
  EXPECT_NE(engine.engine().catalog().snapshot(), before);
  EXPECT_EQ(before->find("test.c"), nullptr);
}

TEST(CatalogSnapshot, ShowsWhatAnotherThreadChanged) {
  TestEngine engine;
  EXPECT_EQ(find(engine, "test.c"), nullptr);
  std::thread([&] { engine.run(R"({"create": "c"})"); }).join();
  EXPECT_NE(find(engine, "test.c"), nullptr);
}

// Both have changed as often; this thread has seen the one, which is still there, and only another
// thread the other.
TEST(CatalogSnapshot, IsOfTheCatalogThatIsAsked) {
  TestEngine one;
  one.run(R"({"create": "c"})");
  const std::shared_ptr<const CatalogSnapshot> seen = one.engine().catalog().snapshot();
  std::unique_ptr<TestEngine> two;
  std::thread([&] {
    two = std::make_unique<TestEngine>();
    two->run(R"({"create": "d"})");
  }).join();
  EXPECT_EQ(find(*two, "test.c"), nullptr);
  EXPECT_NE(find(*two, "test.d"), nullptr);
  EXPECT_NE(find(one, "test.c"), nullptr);
}

TEST(CatalogSnapshot, IsNotKeptAliveByAThreadThatSawIt) {
  auto engine = std::make_unique<TestEngine>();
  const std::weak_ptr<const CatalogSnapshot> seen = engine->engine().catalog().snapshot();
  EXPECT_FALSE(seen.expired());
  engine.reset();
  EXPECT_TRUE(seen.expired());
}

}  // namespace
}  // namespace quern::engine
