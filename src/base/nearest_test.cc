// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace quern {
namespace {

const std::vector<std::string> kNames = {"migrate", "makemigrations", "check", "host"};

TEST(Nearest, FindsSwappedMissingAndForeignLetters) {
  EXPECT_EQ(nearest("migarte", kNames), "migrate");
  EXPECT_EQ(nearest("makemigration", kNames), "makemigrations");
  EXPECT_EQ(nearest("hsot", kNames), "host");
  EXPECT_EQ(nearest("HOST", kNames), "host");
}

TEST(Nearest, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(nearest("frobnicate", kNames), std::nullopt);
  EXPECT_EQ(nearest("xy", kNames), std::nullopt);
  EXPECT_EQ(nearest("x", std::vector<std::string>{"a"}), std::nullopt);
  EXPECT_EQ(nearest("", kNames), std::nullopt);
}

}  // namespace
}  // namespace quern
