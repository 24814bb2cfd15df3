// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "language/expression.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/testing/error_of.h"
#include "quern/bson/json.h"

namespace quern::language {
namespace {

// The code of the fault of {"e": json}'s member; 0 when there is none.
std::int32_t fault(const std::string& json) {
  const bson::Document document = bson::from_json(R"({"e":)" + json + "}");
  try {
    parse_expression(document["e"]);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Expression, NamedArgumentsStandInTheOrderOfTheParameters) {
  const bson::Document document =
      bson::from_json(R"({"$filter": {"cond": "$$x", "as": "x", "input": "$a.b"}})");
  const Expression expression = parse_expression(document.view().as_value());
  const Call& call = *expression.as<Call>();
  EXPECT_EQ(call.spelling, Call::Spelling::kNames);
  EXPECT_EQ(call[0].as<FieldPath>()->path, "a.b");
  EXPECT_EQ(call[1].source.as_string(), "x");
  EXPECT_EQ(call[2].as<VariablePath>()->name, "x");
  EXPECT_TRUE(call[3].absent());
  EXPECT_EQ(call.argument("cond"), &call[2]);
  EXPECT_EQ(call.argument("other"), nullptr);
}

TEST(Expression, BothFormsOfAnOperatorAreOneCall) {
  for (const char* json : {R"({"$cond": ["$a", 1, {"b": "$c"}]})",
                           R"({"$cond": {"then": 1, "else": {"b": "$c"}, "if": "$a"}})"}) {
    const bson::Document document = bson::from_json(json);
    const Expression expression = parse_expression(document.view().as_value());
    const Call& call = *expression.as<Call>();
    EXPECT_EQ(call[0].as<FieldPath>()->path, "a") << json;
    EXPECT_EQ(call[1].as<Constant>()->value.as_int32(), 1) << json;
    EXPECT_EQ(call[2].as<Object>()->field("b")->as<FieldPath>()->path, "c") << json;
  }
}

TEST(Expression, ALiteralIsTheConstantThatItHolds) {
  const bson::Document document = bson::from_json(R"({"$literal": {"$add": "$a"}})");
  const Expression expression = parse_expression(document.view().as_value());
  EXPECT_EQ(expression.as<Constant>()->value.as_document().front().key(), "$add");
  EXPECT_EQ(expression.source.as_document().front().key(), "$literal");
}

TEST(Expression, FaultsHaveTheirCodes) {
  EXPECT_EQ(fault(R"({"$frobnicate": 1})"), 168);
  EXPECT_EQ(fault(R"({"$subtract": [1]})"), 16020);
  EXPECT_EQ(fault(R"({"$range": [1]})"), 28667);
  EXPECT_EQ(fault(R"({"$ifNull": [1]})"), 1257300);
  EXPECT_EQ(fault(R"({"$rand": {}})"), 0);
  EXPECT_EQ(fault(R"({"$rand": 1})"), 16020);
  EXPECT_EQ(fault(R"({"$trim": "$a"})"), 50696);
  EXPECT_EQ(fault(R"({"$trim": {"input": "$a", "other": 1}})"), 50694);
  EXPECT_EQ(fault(R"({"$trim": {"chars": "x"}})"), 50695);
  EXPECT_EQ(fault(R"({"$trim": {"input": "$a", "input": "$b"}})"), 40413);
  EXPECT_EQ(fault(R"({"$add": [1], "$subtract": [1, 2]})"), 15983);
  EXPECT_EQ(fault(R"({"a": 1, "a": 2})"), 16406);
  EXPECT_EQ(fault(R"({"a.b": 1})"), 16412);
  EXPECT_EQ(fault(R"({"a": 1, "$b": 2})"), 16410);
  EXPECT_EQ(fault(R"("$")"), 16872);
  EXPECT_EQ(fault(R"("$$")"), 16870);
  EXPECT_EQ(fault(R"("$$v.")"), 40353);
  EXPECT_EQ(fault(R"("$a.")"), 40353);
  EXPECT_EQ(fault(R"("$$$.")"), 40353);
  EXPECT_EQ(fault(R"({"": 1})"), 15998);
  EXPECT_EQ(fault(R"({"$year": []})"), 40536);
  EXPECT_EQ(fault(R"({"$isoWeek": ["$a", "$b"]})"), 40536);
  EXPECT_EQ(fault(R"({"$year": ["$a"]})"), 0);
  EXPECT_EQ(fault(R"("$a..b")"), 15998);
  EXPECT_EQ(fault(R"({"$switch": {}})"), 40068);
  EXPECT_EQ(fault(R"({"$switch": {"branches": []}})"), 40068);
  EXPECT_EQ(fault(R"({"$switch": {"branches": 1}})"), 40061);
  EXPECT_EQ(fault(R"({"$switch": {"branches": [{"case": 1}]}})"), 40065);
  EXPECT_EQ(fault(R"({"$zip": {"inputs": "$a"}})"), 34461);
  EXPECT_EQ(fault(R"({"$zip": {"inputs": [], "useLongestLength": 1}})"), 34463);
  EXPECT_EQ(fault(R"({"$sortArray": {"input": [], "sortBy": "$a"}})"), 2942506);
  EXPECT_EQ(fault(R"({"$sortArray": {"input": [], "sortBy": {"a": 1, "a": -1}}})"), 40413);
  EXPECT_EQ(fault(R"({"$let": {"vars": 1, "in": 1}})"), 2);
  EXPECT_EQ(fault(R"({"$let": {"vars": {"a": 1, "a": 2}, "in": 1}})"), 40413);
  EXPECT_EQ(fault(R"({"$map": {"input": [], "as": 5, "in": 1}})"), 2);
}

TEST(Expression, VariablesHaveNamesOfLowerCaseButForCurrent) {
  struct {
    const char* name;
    std::int32_t code;
  } constexpr kNames[] = {{"", 16866},  {"A", 16867},   {"Z", 16867},  {"NOW", 16867}, {"1", 16867},
                          {"_", 16867}, {"a.b", 16868}, {"a-", 16868}, {"a", 0},       {"z", 0},
                          {"vA_9", 0},  {"ä", 0},       {"CURRENT", 0}};
  for (const auto& [name, code] : kNames) {
    const std::string text = name;
    EXPECT_EQ(fault(R"({"$let": {"vars": {")" + text + R"(": 1}, "in": 1}})"), code) << name;
    EXPECT_EQ(fault(R"({"$map": {"input": [], "as": ")" + text + R"(", "in": 1}})"), code) << name;
  }
}

TEST(Expression, NestingIsBoundedWhereverExpressionsStand) {
  const auto nested = [](int levels, const auto& wrap) {
    bson::Value value = bson::Value::of("$a");
    for (int i = 1; i < levels; ++i) value = wrap(value);
    return value;
  };
  const auto array = [](const bson::Value& v) { return bson::Value(bson::array(v)); };
  const auto zip = [](const bson::Value& v) {
    return bson::Value(bson::doc("$zip", bson::doc("inputs", bson::array(v))).view().as_value());
  };
  EXPECT_NO_THROW(parse_expression(nested(kMaxExpressionDepth, array).view()));
  EXPECT_NO_THROW(parse_expression(nested(kMaxExpressionDepth, zip).view()));
  for (const auto& deep :
       {nested(kMaxExpressionDepth + 1, array), nested(kMaxExpressionDepth + 1, zip)}) {
    EXPECT_TRUE(error_of([&] { parse_expression(deep.view()); }).is(ErrorCode::kOverflow));
  }
}

TEST(Expression, TheRegistryHasEachOperatorOnceInTheOrderOfNames) {
  EXPECT_EQ(std::ranges::adjacent_find(kExpressionOperators, std::greater_equal(),
                                       &ExpressionOperator::name),
            std::end(kExpressionOperators));
  for (const ExpressionOperator& op : kExpressionOperators) {
    EXPECT_EQ(expression_operator(op.name), &op) << op.name;
    EXPECT_LE(op.min, op.max) << op.name;
  }
}

}  // namespace
}  // namespace quern::language
