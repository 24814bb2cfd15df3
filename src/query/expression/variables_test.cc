// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/variables.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

Variables evaluated(const std::string& let) {
  const bson::Document document = bson::from_json(let);
  return evaluated_let(document, bson::Date{5});
}

TEST(EvaluatedLet, ComputesItsValues) {
  const Variables variables =
      evaluated(R"({"a": {"$add": [1, 2]}, "b": "$$NOW", "l": {"$literal": "$p"},
      "c": {"$map": {"input": [1, 2], "in": {"$multiply": ["$$this", "$$a"]}}}, "o": {"x": {"$max": [1, 3]}}})");
  EXPECT_EQ(variables.values, bson::from_json(R"({"a": 3, "b": {"$date": 5}, "l": "$p",
                                                  "c": [3, 6], "o": {"x": 3}})"));
  EXPECT_TRUE(variables.missing.empty());
}

TEST(EvaluatedLet, KnowsVariablesWithoutAValue) {
  const Variables variables = evaluated(R"({"a": "$$REMOVE", "b": {"$type": "$$a"}})");
  EXPECT_EQ(variables.values, bson::from_json(R"({"b": "missing"})"));
  EXPECT_EQ(variables.missing, std::vector<std::string>{"a"});
}

TEST(EvaluatedLet, ReadsNoDocument) {
  const auto code = [](const char* let) { return error_of([&] { evaluated(let); }).code(); };
  for (const char* let :
       {R"({"a": "$p"})", R"({"a": "$$ROOT"})", R"({"a": "$$CURRENT.p"})",
        R"({"a": [{"x": {"$add": [1, "$p"]}}]})", R"({"a": {"$cond": [true, 1, "$p"]}})"}) {
    EXPECT_EQ(code(let), 4890500) << let;
  }
  EXPECT_EQ(code(R"({"a": "$$b", "b": 1})"), 17276);
  EXPECT_EQ(code(R"({"A": 1})"), 16867);
  EXPECT_EQ(code(R"({"CURRENT": 1})"), 16867);
}

}  // namespace
}  // namespace quern::query
