// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/depth.h"

#include <gtest/gtest.h>

#include "quern/bson/json.h"

namespace quern::bson {
namespace {

int levels_of(const char* json) {
  const Document document = from_json(json);
  int levels = 0;
  while (!nests_within(document, levels)) ++levels;
  return levels;
}

TEST(Depth, CountsTheDocumentItself) {
  EXPECT_EQ(levels_of("{}"), 1);
  EXPECT_EQ(levels_of(R"({"a": 1, "b": "x"})"), 1);
}

TEST(Depth, IsThatOfTheDeepestDocumentArrayOrScope) {
  EXPECT_EQ(levels_of(R"({"a": {}, "b": []})"), 2);
  EXPECT_EQ(levels_of(R"({"a": [1, [2, {"b": 3}]], "c": {}})"), 4);
  EXPECT_EQ(levels_of(R"({"a": {"$code": "f", "$scope": {"b": {"c": 1}}}})"), 3);
}

}  // namespace
}  // namespace quern::bson
