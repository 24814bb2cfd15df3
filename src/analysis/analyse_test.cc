// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/analyse.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using testing::expect_analysed;

TEST(Analyse, InsertMarksTheValueOfAnEncryptedField) {
  expect_analysed(
      R"({"insert": "c", "documents": [{"_id": 1, "ssn": "123"}]})",
      R"({"insert": "c", "documents": [{"_id": 1, "ssn": "insert equality ssn 123"}]})");
}

TEST(Analyse, FindMarksTheConstantThatAnEncryptedFieldEquals) {
  expect_analysed(R"({"find": "c", "filter": {"ssn": "123"}})",
                  R"({"find": "c", "filter": {"ssn": {"$eq": "find equality ssn 123"}}})");
}

}  // namespace
}  // namespace quern::analysis
