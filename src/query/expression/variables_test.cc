// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/variables.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "language/testing/let_cases.h"
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

TEST(EvaluatedLet, IsReadAsTheAnalysisReadsIt) {
  for (const language::LetCase& each : language::kLetCases) {
    int code = 0;
    try {
      evaluated(each.let);
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_EQ(code, each.code) << each.let;
  }
}

TEST(EvaluatedLet, KnowsVariablesWithoutAValue) {
  const Variables variables = evaluated(R"({"a": "$$REMOVE", "b": {"$type": "$$a"}})");
  EXPECT_EQ(variables.values, bson::from_json(R"({"b": "missing"})"));
  EXPECT_EQ(variables.missing, std::vector<std::string>{"a"});
}

TEST(EvaluatedLet, SeesAVariableOnlyAfterIt) {
  EXPECT_EQ(error_of([] { evaluated(R"({"a": "$$b", "b": 1})"); }).code(), 17276);
}

}  // namespace
}  // namespace quern::query
