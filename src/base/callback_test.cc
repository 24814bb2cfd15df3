// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/callback.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace quern {
namespace {

TEST(Callback, CallsWhatItWasMadeOf) {
  int sum = 0;
  const Callback<int, int> add([&sum](int a, int b) { sum += a + b; });
  add(1, 2);
  EXPECT_EQ(sum, 3);
}

TEST(Callback, OfNothingIsEmpty) {
  EXPECT_FALSE(Callback<int>());
  EXPECT_FALSE(Callback<int>(std::function<void(int)>()));
  void (*none)(int) = nullptr;
  EXPECT_FALSE(Callback<int>(none));
  EXPECT_TRUE(Callback<int>([](int) {}));
}

TEST(Callback, CopiesTheCallableAndMovesAway) {
  int calls = 0;
  Callback<> first([&calls, own = 0]() mutable { calls = ++own; });
  first();
  Callback<> second = first;
  first();
  second();
  EXPECT_EQ(calls, 2);
  const Callback<> third = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what a move leaves is the rule
  third();
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace quern
