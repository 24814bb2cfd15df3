// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/progress.h"

#include <gtest/gtest.h>

namespace clinic {
namespace {

TEST(ProgressText, DurationsNumbersAndSizes) {
  EXPECT_EQ(duration_text(5.4), "0:05");
  EXPECT_EQ(duration_text(65), "1:05");
  EXPECT_EQ(duration_text(3665), "1:01:05");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-1234), "-1,234");
  EXPECT_EQ(size_text(500), "500 bytes");
  EXPECT_EQ(size_text(20 * 1024 * 1024), "20.0 MiB");
}

}  // namespace
}  // namespace clinic
