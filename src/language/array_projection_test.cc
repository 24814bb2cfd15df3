// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/array_projection.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/bson/json.h"

namespace quern::language {
namespace {

TEST(ArrayProjection, IsTheOnlyMemberOfItsDocument) {
  const bson::Document slice = bson::from_json(R"({"$slice": 5})");
  EXPECT_EQ(array_projection("a", slice)->as_int32(), 5);
  for (const char* other : {"{}", R"({"$add": [1, 2]})", R"({"x": 1, "$slice": 5})"}) {
    const bson::Document document = bson::from_json(other);
    EXPECT_FALSE(array_projection("a", document)) << other;
  }
  const auto code = [](const char* json) {
    const bson::Document document = bson::from_json(json);
    return error_of([&] { array_projection("a", document); }).code();
  };
  EXPECT_EQ(code(R"({"$slice": 1, "x": 1})"), 40415);
  EXPECT_EQ(code(R"({"$slice": 1, "$elemMatch": {}})"), 40415);
  EXPECT_EQ(code(R"({"$elemMatch": {"x": 1}, "$elemMatch": {"x": 2}})"), 40413);
}

}  // namespace
}  // namespace quern::language
