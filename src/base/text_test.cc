// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(ToLower, ChangesAsciiLettersOnly) {
  EXPECT_EQ(to_lower("PatientRecord 7 [@`{"), "patientrecord 7 [@`{");
  EXPECT_EQ(to_lower("ÄÖ"), "ÄÖ");
}

}  // namespace
}  // namespace quern
