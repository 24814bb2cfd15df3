// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/accumulators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "language/expression.h"
#include "quern/bson/json.h"

namespace quern::language {
namespace {

// The code of the fault of an accumulator; 0 when there is none.
std::int32_t fault(const std::string& json) {
  const bson::Document document = bson::from_json(json);
  try {
    parse_accumulator(document.view().front());
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Accumulator, TheRegistryHasEachOnceInTheOrderOfNames) {
  EXPECT_EQ(
      std::ranges::adjacent_find(kAccumulators, std::greater_equal(), &ExpressionOperator::name),
      std::end(kAccumulators));
  for (const ExpressionOperator& op : kAccumulators) {
    EXPECT_EQ(accumulator(op.name), &op) << op.name;
    EXPECT_EQ(&kAccumulators[accumulator_position(op)], &op) << op.name;
  }
  EXPECT_EQ(accumulator("$add"), nullptr);
}

TEST(Accumulator, ItsArgumentsAreExpressions) {
  const bson::Document document = bson::from_json(
      R"({"$topN": {"sortBy": {"a.b": -1}, "n": {"$add": [1, 2]}, "output": ["$p", "$q"]}})");
  const Call call = parse_accumulator(document.view().front());
  EXPECT_EQ(call.op->name, "$topN");
  EXPECT_EQ(call.spelling, Call::Spelling::kNames);
  EXPECT_EQ(call.argument("n")->as<Call>()->op->name, "$add");
  EXPECT_EQ(call.argument("output")->as<Array>()->members.size(), 2U);
  EXPECT_EQ(call.argument("sortBy")->as<Constant>()->value.as_document().front().key(), "a.b");
}

TEST(Accumulator, AListOfOneIsThatOne) {
  for (const char* json : {R"({"$push": "$p"})", R"({"$push": ["$p"]})"}) {
    const bson::Document document = bson::from_json(json);
    const Call call = parse_accumulator(document.view().front());
    EXPECT_EQ(call[0].as<FieldPath>()->path, "p") << json;
  }
}

TEST(Accumulator, FaultsHaveTheirCodes) {
  EXPECT_EQ(fault(R"({"$frobnicate": 1})"), 15952);
  EXPECT_EQ(fault(R"({"$add": 1})"), 15952);
  EXPECT_EQ(fault(R"({"$sum": ["$a", "$b"]})"), 40237);
  EXPECT_EQ(fault(R"({"$sum": []})"), 40237);
  EXPECT_EQ(fault(R"({"$sum": {"$frobnicate": 1}})"), 168);
  EXPECT_EQ(fault(R"({"$count": {}})"), 0);
  EXPECT_EQ(fault(R"({"$count": 1})"), 14);
  EXPECT_EQ(fault(R"({"$count": {"a": 1}})"), 14);
  EXPECT_EQ(fault(R"({"$firstN": 1})"), 5787801);
  EXPECT_EQ(fault(R"({"$firstN": {"n": 1}})"), 5787907);
  EXPECT_EQ(fault(R"({"$firstN": {"n": 1, "input": 1, "other": 1}})"), 5787901);
  EXPECT_EQ(fault(R"({"$firstN": {"n": 1, "input": 1, "input": 2}})"), 40413);
  EXPECT_EQ(fault(R"({"$top": {"output": 1}})"), 5788005);
  EXPECT_EQ(fault(R"({"$top": {"output": 1, "sortBy": 1}})"), 5788604);
  EXPECT_EQ(fault(R"({"$top": {"output": 1, "sortBy": {"a": 1, "a": -1}}})"), 40413);
  EXPECT_EQ(fault(R"({"$topN": {"output": 1, "sortBy": {"a": 1}}})"), 5788003);
}

}  // namespace
}  // namespace quern::language
