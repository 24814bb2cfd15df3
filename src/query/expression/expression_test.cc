// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/expression.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "query/value/interrupt.h"

namespace quern::query {
namespace {

// The expression's value as {"r": value}; {} if it has none.
std::string value_of(const std::string& expression, const std::string& document) {
  const bson::Document spec = bson::from_json(R"({"e":)" + expression + "}");
  const bson::Document input = bson::from_json(document);
  ParseContext context;
  context.now = bson::Date{1'600'000'000'000};
  const Expression parsed = Expression::parse(spec["e"].value(), context);
  Evaluation evaluation;
  const Datum result = parsed.evaluate(input, evaluation);
  if (result.missing()) return "{}";
  return bson::to_json(bson::doc("r", result.view()), bson::JsonMode::kCanonical);
}

struct Case {
  const char* expression;
  const char* document;
  const char* expected;  // JSON of the result, in any form of Extended JSON; "" for no value
};

void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    const std::string expected =
        *c.expected == 0
            ? "{}"
            : bson::to_json(bson::from_json(std::string(R"({"r":)") + c.expected + "}"),
                            bson::JsonMode::kCanonical);
    try {
      EXPECT_EQ(value_of(c.expression, c.document), expected)
          << c.expression << " on " << c.document;
    } catch (const Error& error) {
      ADD_FAILURE() << c.expression << " on " << c.document << ": " << error.what();
    }
  }
}

std::int32_t error_of(const char* expression, const char* document = "{}") {
  try {
    value_of(expression, document);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Expression, EveryOperatorOfTheLanguageIsEvaluatedOrRefused) {
  const auto text_of = [](std::string_view name) -> std::string {
    try {
      const bson::Document spec = bson::doc("e", bson::doc(name, bson::array()));
      Expression::parse(spec["e"].value(), ParseContext());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  for (const language::ExpressionOperator& op : language::kExpressionOperators) {
    EXPECT_EQ(text_of(op.name).find("Unrecognized expression"), std::string::npos) << op.name;
  }
  EXPECT_EQ(text_of("$frobnicate"), "Unrecognized expression '$frobnicate'");
  EXPECT_EQ(text_of("$rand"), "the expression $rand is not supported by this engine");
}

TEST(Expression, PathsGoThroughDocumentsAndGatherFromArrays) {
  check({
      {R"("$a")", R"({"a":1})", "1"},
      {R"("$a.b")", R"({"a":{"b":"x"}})", R"("x")"},
      {R"("$a.b")", R"({"a":[{"b":1},{"c":2},{"b":3},4]})", "[1,3]"},
      {R"("$a.0")", R"({"a":[7]})", "[]"},
      {R"("$a")", R"({})", ""},
      {R"("$a.b")", R"({"a":5})", ""},
      {R"("$$ROOT.a")", R"({"a":1})", "1"},
      {R"("$$CURRENT.a")", R"({"a":1})", "1"},
      {R"("$$NOW")", R"({})", R"({"$date":{"$numberLong":"1600000000000"}})"},
      {R"("$$REMOVE")", R"({})", ""},
      {R"({"x":"$a","y":"$nothing"})", R"({"a":1})", R"({"x":1})"},
      {R"(["$a","$nothing"])", R"({"a":1})", "[1,null]"},
      {R"({"$literal":"$a"})", R"({})", R"("$a")"},
  });
}

TEST(Expression, ArithmeticTakesTheWiderType) {
  check({
      {R"({"$add":[1,2]})", "{}", "3"},
      {R"({"$add":[2147483647,1]})", "{}", R"({"$numberLong":"2147483648"})"},
      {R"({"$add":[{"$numberLong":"9223372036854775807"},1]})", "{}", "9.223372036854775808e18"},
      {R"({"$add":[0.1,0.2,0.3]})", "{}", "0.6"},
      {R"({"$add":[1,{"$numberDecimal":"0.1"}]})", "{}", R"({"$numberDecimal":"1.1"})"},
      {R"({"$add":[]})", "{}", "0"},
      {R"({"$add":["$a",1]})", "{}", "null"},
      {R"({"$add":[{"$date":{"$numberLong":"1000"}},500]})", "{}",
       R"({"$date":{"$numberLong":"1500"}})"},
      {R"({"$subtract":[5,7]})", "{}", "-2"},
      {R"({"$subtract":[{"$date":{"$numberLong":"1000"}},{"$date":{"$numberLong":"400"}}]})", "{}",
       R"({"$numberLong":"600"})"},
      {R"({"$multiply":[65536,65536]})", "{}", R"({"$numberLong":"4294967296"})"},
      {R"({"$multiply":["$a",2.5]})", R"({"a":2})", "5.0"},
      {R"({"$divide":[7,2]})", "{}", "3.5"},
      {R"({"$divide":[{"$numberDecimal":"1"},3]})", "{}",
       R"({"$numberDecimal":"0.3333333333333333333333333333333333"})"},
      {R"({"$mod":[-7,3]})", "{}", "-1"},
      {R"({"$mod":[7.5,2]})", "{}", "1.5"},
      {R"({"$mod":[{"$numberDecimal":"10.5"},3]})", "{}", R"({"$numberDecimal":"1.5"})"},
      {R"({"$abs":-5})", "{}", "5"},
      {R"({"$ceil":1.2})", "{}", "2.0"},
      {R"({"$floor":-1.2})", "{}", "-2.0"},
      {R"({"$floor":{"$numberDecimal":"-1.2"}})", "{}", R"({"$numberDecimal":"-2"})"},
      {R"({"$round":[2.5]})", "{}", "2.0"},
      {R"({"$round":[3.5]})", "{}", "4.0"},
      {R"({"$round":[1.2345,2]})", "{}", "1.23"},
      {R"({"$round":[1250,-2]})", "{}", "1200"},
      {R"({"$trunc":[-7.85,1]})", "{}", "-7.8"},
      {R"({"$pow":[2,10]})", "{}", "1024"},
      {R"({"$pow":[2,40]})", "{}", R"({"$numberLong":"1099511627776"})"},
      {R"({"$pow":[2,-1]})", "{}", "0.5"},
      {R"({"$pow":[{"$numberDecimal":"1.1"},2]})", "{}", R"({"$numberDecimal":"1.21"})"},
      {R"({"$sqrt":16})", "{}", "4.0"},
      {R"({"$sqrt":{"$numberDecimal":"16"}})", "{}", R"({"$numberDecimal":"4"})"},
      {R"({"$exp":0})", "{}", "1.0"},
      {R"({"$ln":1})", "{}", "0.0"},
      {R"({"$log":[8,2]})", "{}", "3.0"},
      {R"({"$log10":1000})", "{}", "3.0"},
      {R"({"$ln":{"$numberDecimal":"1"}})", "{}", R"({"$numberDecimal":"0"})"},
      {R"({"$ln":{"$numberDecimal":"NaN"}})", "{}", R"({"$numberDouble":"NaN"})"},
      {R"({"$log10":{"$numberDecimal":"NaN"}})", "{}", R"({"$numberDouble":"NaN"})"},
      {R"({"$log":[{"$numberDecimal":"NaN"},2]})", "{}", R"({"$numberDouble":"NaN"})"},
      {R"({"$log":[{"$numberDecimal":"8"},{"$numberDouble":"NaN"}]})", "{}",
       R"({"$numberDouble":"NaN"})"},
      {R"({"$sqrt":{"$numberDecimal":"NaN"}})", "{}", R"({"$numberDecimal":"NaN"})"},
      {R"({"$sum":[{"$numberDecimal":"1E+3"},{"$numberDecimal":"1E+3"}]})", "{}",
       R"({"$numberDecimal":"2000"})"},
      {R"({"$avg":[{"$numberDecimal":"9E+6144"},{"$numberDecimal":"-9E+6144"}]})", "{}",
       R"({"$numberDecimal":"0"})"},
      {R"({"$sum":[{"$numberDecimal":"1.50"},1]})", "{}", R"({"$numberDecimal":"2.50"})"},
      {R"({"$bitAnd":[12,10]})", "{}", "8"},
      {R"({"$bitNot":0})", "{}", "-1"},
  });
}

TEST(Expression, ComparisonOrdersAllTypes) {
  check({
      {R"({"$cmp":[1,2]})", "{}", "-1"},
      {R"({"$eq":[1,1.0]})", "{}", "true"},
      {R"({"$gt":["a",5]})", "{}", "true"},
      {R"({"$lt":["$a",null]})", "{}", "true"},
      {R"({"$eq":["$a",null]})", "{}", "false"},
      {R"({"$eq":["$a",[1,2]]})", R"({"a":[1,2]})", "true"},
      {R"({"$eq":["$a",1]})", R"({"a":[1,2]})", "false"},
      {R"({"$ne":["$a","$b"]})", R"({"a":1,"b":2})", "true"},
  });
}

TEST(Expression, BooleansAndConditionsStopEarly) {
  check({
      {R"({"$and":[]})", "{}", "true"},
      {R"({"$or":[]})", "{}", "false"},
      {R"({"$and":[false,{"$divide":[1,"$zero"]}]})", R"({"zero":0})", "false"},
      {R"({"$or":[1,{"$divide":[1,"$zero"]}]})", R"({"zero":0})", "true"},
      {R"({"$not":[0]})", "{}", "true"},
      {R"({"$cond":["$a","yes","no"]})", R"({"a":true})", R"("yes")"},
      {R"({"$cond":{"if":"$a","then":"yes","else":{"$divide":[1,0]}}})", R"({"a":1})", R"("yes")"},
      {R"({"$ifNull":["$a","$b","none"]})", R"({"b":null})", R"("none")"},
      {R"({"$switch":{"branches":[{"case":{"$eq":["$a",1]},"then":"one"}],"default":"many"}})",
       R"({"a":2})", R"("many")"},
  });
}

TEST(Expression, StringsCountBytesAndCodePoints) {
  check({
      {R"({"$concat":["a","$b"]})", R"({"b":"c"})", R"("ac")"},
      {R"({"$concat":["a","$b"]})", R"({})", "null"},
      {R"({"$substrBytes":["héllo",0,1]})", "{}", R"("h")"},
      {R"({"$substrCP":["héllo",1,2]})", "{}", R"("él")"},
      {R"({"$substrCP":["héllo",9,2]})", "{}", R"("")"},
      {R"({"$substr":[1234,0,2]})", "{}", R"("12")"},
      {R"({"$toLower":"ABC é"})", "{}", R"("abc é")"},
      {R"({"$toUpper":null})", "{}", R"("")"},
      {R"({"$strLenBytes":"é"})", "{}", "2"},
      {R"({"$strLenCP":"é"})", "{}", "1"},
      {R"({"$indexOfBytes":["éa","a"]})", "{}", "2"},
      {R"({"$indexOfCP":["éa","a"]})", "{}", "1"},
      {R"({"$indexOfCP":["vanilla","l",0,4]})", "{}", "-1"},
      {R"({"$strcasecmp":["Date","date"]})", "{}", "0"},
      {R"({"$split":["a-b-","-"]})", "{}", R"(["a","b",""])"},
      {R"({"$trim":{"input":"  a  "}})", "{}", R"("a")"},
      {R"({"$ltrim":{"input":"xxaxx","chars":"x"}})", "{}", R"("axx")"},
      {R"({"$rtrim":{"input":"xxaxx","chars":"x"}})", "{}", R"("xxa")"},
      {R"({"$replaceOne":{"input":"aXbX","find":"X","replacement":"-"}})", "{}", R"("a-bX")"},
      {R"({"$replaceAll":{"input":"aXbX","find":"X","replacement":"-"}})", "{}", R"("a-b-")"},
      {R"({"$replaceAll":{"input":"ab","find":"","replacement":"-"}})", "{}", R"("-a-b-")"},
      {R"({"$regexMatch":{"input":"hello","regex":"L+","options":"i"}})", "{}", "true"},
      {R"({"$regexFind":{"input":"héllo","regex":"(l)(x)?"}})", "{}",
       R"({"match":"l","idx":2,"captures":["l",null]})"},
      {R"({"$regexFindAll":{"input":"aba","regex":"a"}})", "{}",
       R"([{"match":"a","idx":0,"captures":[]},{"match":"a","idx":2,"captures":[]}])"},
  });
}

TEST(Expression, ArraysAreTakenApartAndPutTogether) {
  check({
      {R"({"$arrayElemAt":[[1,2,3],-1]})", "{}", "3"},
      {R"({"$arrayElemAt":[[1,2,3],9]})", "{}", ""},
      {R"({"$first":"$a"})", R"({"a":[7,8]})", "7"},
      {R"({"$last":"$a"})", R"({"a":[]})", ""},
      {R"({"$concatArrays":[[1],[2,3]]})", "{}", "[1,2,3]"},
      {R"({"$in":[2,[1,2]]})", "{}", "true"},
      {R"({"$indexOfArray":[[1,2,1],1,1]})", "{}", "2"},
      {R"({"$isArray":[[1]]})", "{}", "true"},
      {R"({"$isArray":"$a"})", R"({"a":1})", "false"},
      {R"({"$range":[0,10,4]})", "{}", "[0,4,8]"},
      {R"({"$range":[3,0,-1]})", "{}", "[3,2,1]"},
      {R"({"$reverseArray":[[1,2]]})", "{}", "[2,1]"},
      {R"({"$size":[[1,2]]})", "{}", "2"},
      {R"({"$slice":[[1,2,3,4],-2]})", "{}", "[3,4]"},
      {R"({"$slice":[[1,2,3,4],1,2]})", "{}", "[2,3]"},
      {R"({"$slice":[[1,2,3,4],-3,2]})", "{}", "[2,3]"},
      {R"({"$arrayToObject":[[["a",1],["b",2],["a",3]]]})", "{}", R"({"a":3,"b":2})"},
      {R"({"$objectToArray":{"a":1}})", "{}", R"([{"k":"a","v":1}])"},
      {R"({"$sortArray":{"input":[3,1,2],"sortBy":-1}})", "{}", "[3,2,1]"},
      {R"({"$firstN":{"n":2,"input":[1,2,3]}})", "{}", "[1,2]"},
      {R"({"$filter":{"input":"$a","as":"x","cond":{"$gt":["$$x",1]}}})", R"({"a":[1,2,3]})",
       "[2,3]"},
      {R"({"$filter":{"input":"$a","cond":{"$gt":["$$this",1]},"limit":1}})", R"({"a":[1,2,3]})",
       "[2]"},
      {R"({"$map":{"input":"$a","as":"x","in":{"$add":["$$x","$b"]}}})", R"({"a":[1,2],"b":10})",
       "[11,12]"},
      {R"({"$map":{"input":"$a","as":"x","in":{"$map":{"input":"$$x","as":"y","in":{"$add":["$$y",{"$size":"$$x"}]}}}}})",
       R"({"a":[[1],[2,3]]})", "[[2],[4,5]]"},
      {R"({"$reduce":{"input":["a","b"],"initialValue":"","in":{"$concat":["$$value","$$this"]}}})",
       "{}", R"("ab")"},
      {R"({"$zip":{"inputs":[[1,2],["a"]]}})", "{}", R"([[1,"a"]])"},
      {R"({"$zip":{"inputs":[[1,2],["a"]],"useLongestLength":true,"defaults":[0,"z"]}})", "{}",
       R"([[1,"a"],[2,"z"]])"},
      {R"({"$setUnion":[[1,2],[2.0,3]]})", "{}", "[1,2,3]"},
      {R"({"$setIntersection":[[1,2],[2,3]]})", "{}", "[2]"},
      {R"({"$setDifference":[[1,2,1],[2]]})", "{}", "[1]"},
      {R"({"$setEquals":[[1,2],[2,1,1]]})", "{}", "true"},
      {R"({"$setIsSubset":[[1],[2,1]]})", "{}", "true"},
      {R"({"$anyElementTrue":[[0,1]]})", "{}", "true"},
      {R"({"$allElementsTrue":[[0,1]]})", "{}", "false"},
      {R"({"$sum":"$a"})", R"({"a":[1,2,"x"]})", "3"},
      {R"({"$avg":["$a","$b"]})", R"({"a":1,"b":2})", "1.5"},
      {R"({"$max":"$a"})", R"({"a":["x",{"y":1},2]})", R"({"y":1})"},
  });
}

TEST(Expression, ObjectsMergeAndGiveTheirFields) {
  check({
      {R"({"$mergeObjects":[{"a":1,"b":2},"$x",{"b":3}]})", R"({"x":null})", R"({"a":1,"b":3})"},
      {R"({"$getField":"a.b"})", R"({"a.b":5})", "5"},
      {R"({"$getField":{"field":{"$literal":"$p"},"input":"$o"}})", R"({"o":{"$p":5}})", "5"},
      {R"({"$setField":{"field":"a.b","input":"$$ROOT","value":7}})", R"({"x":1})",
       R"({"x":1,"a.b":7})"},
      {R"({"$unsetField":{"field":"x","input":"$$ROOT"}})", R"({"x":1,"y":2})", R"({"y":2})"},
      {R"({"$let":{"vars":{"x":{"$add":["$a",1]}},"in":{"$multiply":["$$x","$$x"]}}})",
       R"({"a":2})", "9"},
      {R"({"$let":{"vars":{"x":1},"in":{"$let":{"vars":{"x":2,"y":"$$x"},"in":["$$x","$$y"]}}}})",
       "{}", "[2,1]"},
  });
}

TEST(Expression, ConversionsKeepTheValueOrFail) {
  check({
      {R"({"$type":"$a"})", R"({})", R"("missing")"},
      {R"({"$isNumber":{"$numberLong":"1"}})", "{}", "true"},
      {R"({"$toInt":"42"})", "{}", "42"},
      {R"({"$toInt":-2.9})", "{}", "-2"},
      {R"({"$toLong":{"$date":{"$numberLong":"5"}}})", "{}", R"({"$numberLong":"5"})"},
      {R"({"$toDouble":"2.5"})", "{}", "2.5"},
      {R"({"$toDecimal":2.5})", "{}", R"({"$numberDecimal":"2.50000000000000"})"},
      {R"({"$toBool":"x"})", "{}", "true"},
      {R"({"$toString":2.5})", "{}", R"("2.5")"},
      {R"({"$toString":{"$date":{"$numberLong":"0"}}})", "{}", R"("1970-01-01T00:00:00.000Z")"},
      {R"({"$toDate":"2018-03-20T11:00:06+0500"})", "{}",
       R"({"$date":{"$numberLong":"1521525606000"}})"},
      {R"({"$toObjectId":"5ab9cbfa31c2ab715d42129e"})", "{}",
       R"({"$oid":"5ab9cbfa31c2ab715d42129e"})"},
      {R"({"$toDate":{"$oid":"5ab9c3da31c2ab715d421285"}})", "{}",
       R"({"$date":{"$numberLong":"1522123738000"}})"},
      {R"({"$toInt":"$nothing"})", "{}", "null"},
      {R"({"$convert":{"input":"x","to":"int","onError":-1}})", "{}", "-1"},
      {R"({"$convert":{"input":null,"to":"int","onNull":-2}})", "{}", "-2"},
  });
  EXPECT_EQ(error_of(R"({"$toInt":"x"})"), 241);
  EXPECT_EQ(error_of(R"({"$toInt":{"$numberLong":"99999999999"}})"), 241);
  EXPECT_EQ(error_of(R"({"$toDate":[1]})"), 241);
}

TEST(Expression, EveryValueOfAnotherTypeIsTrue) {
  check({
      {R"({"$toBool":"$a"})", R"({"a":[]})", "true"},
      {R"({"$toBool":"$a"})", R"({"a":{}})", "true"},
      {R"({"$toBool":"$a"})", R"({"a":{"$binary":{"base64":"","subType":"00"}}})", "true"},
      {R"({"$toBool":"$a"})", R"({"a":{"$code":""}})", "true"},
      {R"({"$toBool":"$a"})", R"({"a":{"$regularExpression":{"pattern":"","options":""}}})",
       "true"},
      {R"({"$toBool":"$a"})", R"({"a":{"$timestamp":{"t":0,"i":0}}})", "true"},
      {R"({"$convert":{"input":"$a","to":"bool"}})", R"({"a":{"$minKey":1}})", "true"},
      {R"({"$convert":{"input":"$a","to":"bool"}})", R"({"a":{"$maxKey":1}})", "true"},
      {R"({"$toBool":"$a"})", R"({"a":0.0})", "false"},
      {R"({"$toBool":"$a"})", R"({"a":null})", "null"},
  });
}

TEST(Expression, ANumberHasOneSignAtMost) {
  check({{R"({"$toInt":"+5"})", "{}", "5"}, {R"({"$toDouble":"+2.5"})", "{}", "2.5"}});
  EXPECT_EQ(error_of(R"({"$toInt":"+-5"})"), 241);
  EXPECT_EQ(error_of(R"({"$toLong":"++5"})"), 241);
  EXPECT_EQ(error_of(R"({"$toDouble":"+-5"})"), 241);
  EXPECT_EQ(error_of(R"({"$toDecimal":"+-5"})"), 241);
}

TEST(Expression, ADoubleAsTextHasTheFewestDigitsThatReadBack) {
  check({
      {R"({"$toString":1000000.0})", "{}", R"("1000000")"},
      {R"({"$toString":0.1})", "{}", R"("0.1")"},
      {R"({"$toString":{"$add":["$a",0.2]}})", R"({"a":0.1})", R"("0.30000000000000004")"},
      {R"({"$toString":{"$divide":[1,3]}})", "{}", R"("0.3333333333333333")"},
      {R"({"$toString":9007199254740993.0})", "{}", R"("9007199254740992")"},
      {R"({"$toString":1e21})", "{}", R"("1e+21")"},
      {R"({"$toString":-0.00001})", "{}", R"("-1e-05")"},
      {R"({"$toString":5e-324})", "{}", R"("5e-324")"},
      {R"({"$toString":{"$numberDouble":"-0.0"}})", "{}", R"("-0")"},
      {R"({"$toString":{"$numberDouble":"Infinity"}})", "{}", R"("Infinity")"},
  });
}

TEST(Expression, DatesHavePartsAndMoveByCalendarUnits) {
  // Thursday, 29 February 2024, 13:45:30.250 UTC
  constexpr const char* kDoc = R"({"d":{"$date":{"$numberLong":"1709214330250"}}})";
  check({
      {R"({"$year":"$d"})", kDoc, "2024"},
      {R"({"$month":"$d"})", kDoc, "2"},
      {R"({"$dayOfMonth":"$d"})", kDoc, "29"},
      {R"({"$hour":"$d"})", kDoc, "13"},
      {R"({"$hour":{"date":"$d","timezone":"-05:00"}})", kDoc, "8"},
      {R"({"$minute":"$d"})", kDoc, "45"},
      {R"({"$second":"$d"})", kDoc, "30"},
      {R"({"$millisecond":"$d"})", kDoc, "250"},
      {R"({"$dayOfYear":"$d"})", kDoc, "60"},
      {R"({"$dayOfWeek":"$d"})", kDoc, "5"},
      {R"({"$week":"$d"})", kDoc, "8"},
      {R"({"$isoWeek":"$d"})", kDoc, "9"},
      {R"({"$isoWeekYear":"$d"})", kDoc, R"({"$numberLong":"2024"})"},
      {R"({"$isoDayOfWeek":"$d"})", kDoc, "4"},
      {R"({"$dateToString":{"date":"$d","format":"%Y/%m/%d %H:%M:%S.%L %j %w %u %U %V %G %z %Z %%"}})",
       kDoc, R"("2024/02/29 13:45:30.250 060 5 4 08 09 2024 +0000 0 %")"},
      {R"({"$dateToString":{"date":"$d"}})", kDoc, R"("2024-02-29T13:45:30.250Z")"},
      {R"({"$dateAdd":{"startDate":"$d","unit":"year","amount":1}})", kDoc,
       R"({"$date":"2025-02-28T13:45:30.250Z"})"},
      {R"({"$dateAdd":{"startDate":{"$date":"2024-01-31T00:00:00Z"},"unit":"month","amount":1}})",
       kDoc, R"({"$date":"2024-02-29T00:00:00Z"})"},
      {R"({"$dateSubtract":{"startDate":"$d","unit":"hour","amount":14}})", kDoc,
       R"({"$date":"2024-02-28T23:45:30.250Z"})"},
      {R"({"$dateDiff":{"startDate":{"$date":"2023-12-31T23:59:59Z"},"endDate":"$d","unit":"year"}})",
       kDoc, R"({"$numberLong":"1"})"},
      {R"({"$dateDiff":{"startDate":{"$date":"2024-02-24T00:00:00Z"},"endDate":"$d","unit":"week"}})",
       kDoc, R"({"$numberLong":"1"})"},
      {R"({"$dateDiff":{"startDate":{"$date":"2024-02-25T00:00:00Z"},"endDate":"$d","unit":"week","startOfWeek":"monday"}})",
       kDoc, R"({"$numberLong":"1"})"},
      {R"({"$dateTrunc":{"date":"$d","unit":"month"}})", kDoc,
       R"({"$date":"2024-02-01T00:00:00Z"})"},
      // Clocks in Berlin went forward at 2024-03-31T01:00Z: the day had 23 hours.
      {R"({"$hour":{"date":{"$date":"2024-03-31T01:00:00Z"},"timezone":"Europe/Berlin"}})", kDoc,
       "3"},
      {R"({"$dateToString":{"date":{"$date":"2024-03-31T01:00:00Z"},"timezone":"Europe/Berlin","format":"%H:%M %z"}})",
       kDoc, R"("03:00 +0200")"},
      {R"({"$dateAdd":{"startDate":{"$date":"2024-03-30T11:00:00Z"},"unit":"day","amount":1,"timezone":"Europe/Berlin"}})",
       kDoc, R"({"$date":"2024-03-31T10:00:00Z"})"},
      {R"({"$dateAdd":{"startDate":{"$date":"2024-03-30T11:00:00Z"},"unit":"hour","amount":24,"timezone":"Europe/Berlin"}})",
       kDoc, R"({"$date":"2024-03-31T11:00:00Z"})"},
      {R"({"$dateAdd":{"startDate":{"$date":"2024-02-29T11:00:00Z"},"unit":"month","amount":2,"timezone":"Europe/Berlin"}})",
       kDoc, R"({"$date":"2024-04-29T10:00:00Z"})"},
      {R"({"$dateDiff":{"startDate":{"$date":"2024-03-30T23:00:00Z"},"endDate":{"$date":"2024-03-31T22:00:00Z"},"unit":"day","timezone":"Europe/Berlin"}})",
       kDoc, R"({"$numberLong":"1"})"},
      {R"({"$dateDiff":{"startDate":{"$date":"2024-03-30T23:00:00Z"},"endDate":{"$date":"2024-03-31T22:00:00Z"},"unit":"hour","timezone":"Europe/Berlin"}})",
       kDoc, R"({"$numberLong":"23"})"},
      {R"({"$dateTrunc":{"date":{"$date":"2024-03-31T10:20:00Z"},"unit":"day","timezone":"Europe/Berlin"}})",
       kDoc, R"({"$date":"2024-03-30T23:00:00Z"})"},
      {R"({"$dateTrunc":{"date":{"$date":"2024-03-31T10:20:00Z"},"unit":"hour","timezone":"Europe/Berlin"}})",
       kDoc, R"({"$date":"2024-03-31T10:00:00Z"})"},
      {R"({"$dateFromParts":{"year":2024,"month":7,"hour":12,"timezone":"Europe/Berlin"}})", kDoc,
       R"({"$date":"2024-07-01T10:00:00Z"})"},
      {R"({"$dateFromString":{"dateString":"2024-01-01T12:00","timezone":"Europe/Berlin"}})", kDoc,
       R"({"$date":"2024-01-01T11:00:00Z"})"},
      {R"({"$dateTrunc":{"date":"$d","unit":"week"}})", kDoc,
       R"({"$date":"2024-02-25T00:00:00Z"})"},
      {R"({"$dateTrunc":{"date":"$d","unit":"hour","binSize":6}})", kDoc,
       R"({"$date":"2024-02-29T12:00:00Z"})"},
      {R"({"$dateFromParts":{"year":2024,"month":2,"day":29}})", kDoc,
       R"({"$date":"2024-02-29T00:00:00Z"})"},
      {R"({"$dateFromParts":{"year":2023,"month":14}})", kDoc,
       R"({"$date":"2024-02-01T00:00:00Z"})"},
      {R"({"$dateToParts":{"date":"$d"}})", kDoc,
       R"({"year":2024,"month":2,"day":29,"hour":13,"minute":45,"second":30,"millisecond":250})"},
      {R"({"$dateFromString":{"dateString":"2024-02-29"}})", kDoc,
       R"({"$date":"2024-02-29T00:00:00Z"})"},
      {R"({"$year":"$nothing"})", kDoc, "null"},
  });
  EXPECT_EQ(error_of(R"({"$hour":{"date":"$$NOW","timezone":"Europe/Nowhere"}})"), 40485);
}

TEST(Expression, FaultsOfTheExpressionAreFoundWhenItIsParsed) {
  EXPECT_EQ(error_of(R"({"$foo":1})"), 168);
  EXPECT_EQ(error_of(R"({"$subtract":[1]})"), 16020);
  EXPECT_EQ(error_of(R"({"$range":[1]})"), 28667);
  EXPECT_EQ(error_of(R"("$$unknown")"), 17276);
  EXPECT_EQ(error_of(R"("$")"), 16872);
  EXPECT_EQ(error_of(R"("$a..b")"), 15998);
  EXPECT_EQ(error_of(R"("$a.")"), 40353);
  EXPECT_EQ(error_of(R"("$a.$b")"), 16410);
  EXPECT_EQ(error_of(R"({"$add":[1],"$subtract":[1,2]})"), 15983);
  EXPECT_EQ(error_of(R"({"a.b":1})"), 16412);
  EXPECT_EQ(error_of(R"({"$let":{"vars":{"X":1},"in":1}})"), 16867);
  EXPECT_EQ(error_of(R"({"$cond":{"if":1,"then":2}})"), 17082);
  EXPECT_EQ(error_of(R"({"$function":{"body":"","args":[],"lang":"js"}})"), 168);
  EXPECT_EQ(error_of(R"({"$convert":{"input":1,"to":"int","format":"auto"}})"), 9);
  EXPECT_EQ(error_of(R"({"$dateFromString":{"dateString":"2024-02-29","format":"%Y"}})"), 9);
  EXPECT_EQ(error_of(R"({"$dateFromParts":{"isoWeekYear":2024}})"), 9);
  EXPECT_EQ(error_of(R"({"$dateFromParts":{"month":1}})"), 40516);
  EXPECT_EQ(error_of(R"({"$dateToParts":{"date":"$$NOW","iso8601":true}})"), 9);
}

TEST(Expression, FaultsOfTheDocumentNameTheTypeNeverTheValue) {
  EXPECT_EQ(error_of(R"({"$add":["$a",1]})", R"({"a":"x"})"), 14);
  EXPECT_EQ(error_of(R"({"$divide":[1,"$a"]})", R"({"a":0})"), 2);
  EXPECT_EQ(error_of(R"({"$concat":["$a"]})", R"({"a":1})"), 16702);
  EXPECT_EQ(error_of(R"({"$size":"$a"})", R"({"a":1})"), 17124);
  EXPECT_EQ(error_of(R"({"$switch":{"branches":[{"case":false,"then":1}]}})"), 40066);
  constexpr const char* kDocument =
      R"({"a":"123-45-6789","d":{"$date":{"$numberLong":"327420000000000"}}})";
  for (const char* expression :
       {R"({"$add":["$a",1]})", R"({"$hour":{"date":"$$NOW","timezone":"$a"}})",
        R"({"$dateToString":{"date":"$d","format":"%Y"}})"}) {
    const Error error = quern::error_of([&] { value_of(expression, kDocument); });
    EXPECT_EQ(std::string(error.what()).find("6789"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("1234"), std::string::npos) << error.what();
  }
}

TEST(Expression, NestingWithoutEndIsRefused) {
  bson::Document spec = bson::doc("$not", bson::array(1));
  for (int i = 0; i < 250; ++i) spec = bson::doc("$not", bson::array(spec));
  EXPECT_THROW(Expression::parse(spec.view().as_value()), Error);
}

TEST(Expression, MemoryForOneDocumentIsLimited) {
  // Doubling a string 40 times would need a terabyte.
  EXPECT_EQ(error_of(R"({"$reduce":{"input":{"$range":[0,40]},"initialValue":"xx",
                         "in":{"$concat":["$$value","$$value"]}}})",
                     R"({"a":1})"),
            146);
}

TEST(Expression, ValuesThatAreOverwrittenDontCountAsMemory) {
  check({
      {R"({"$sum":{"$reduce":{"input":{"$range":[0,"$n"]},"initialValue":[],
             "in":{"$concatArrays":["$$value",[{"$toInt":{"$toString":"$$this"}}]]}}}})",
       R"({"n":2000})", "1999000"},
      // Turns that make the value longer, then turns that keep it.
      {R"({"$strLenBytes":{"$reduce":{"input":{"$range":[0,"$n"]},"initialValue":"x","in":{"$cond":[
             {"$lt":[{"$strLenBytes":"$$value"},100000]},
             {"$concat":["$$value","$$value"]},"$$value"]}}}})",
       R"({"n":3000})", "131072"},
  });
  // Each would compute more than the limit in all.
  const bson::Document spec = bson::from_json(R"({
      "reduce":{"$size":{"$reduce":{"input":{"$range":[0,300]},"initialValue":[],
                                    "in":{"$concatArrays":["$$value",["$s"]]}}}},
      "map":{"$sum":{"$map":{"input":{"$range":[0,7000]},
                             "in":{"$strLenBytes":{"$concat":["$s","$s","$s","$s"]}}}}},
      "filter":{"$size":{"$filter":{"input":{"$range":[0,7000]},
                                    "cond":{"$gt":[{"$concat":["$s","$s","$s","$s"]},"$s"]}}}}})");
  const bson::Document document = bson::doc("s", std::string(10'000, 'x'));
  Evaluation evaluation;
  const Datum result = Expression::parse(spec.view().as_value()).evaluate(document, evaluation);
  EXPECT_EQ(result.view().as_document()["reduce"].as_int32(), 300);
  EXPECT_EQ(result.view().as_document()["map"].as_int32(), 280'000'000);
  EXPECT_EQ(result.view().as_document()["filter"].as_int32(), 7000);
}

TEST(Expression, ObjectsOfManyFieldsKeepTheirOrderAndRefuseANameTwice) {
  bson::Builder pairs;
  bson::Builder literal;
  pairs.open_array("p");
  literal.open_document("e");
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "f" + std::to_string(2999 - i);
    pairs.push(bson::array(name, i));
    literal.append(name, "$a");
  }
  pairs.push(bson::array("f2999", -1)).close();
  const bson::Document document = pairs.finish();
  Evaluation evaluation;
  const bson::Document to_object = bson::doc("$arrayToObject", "$p");
  const Datum object =
      Expression::parse(to_object.view().as_value()).evaluate(document, evaluation);
  EXPECT_EQ(object.view().as_document().count(), 3000U);
  EXPECT_EQ(object.view().as_document().front().key(), "f2999");
  EXPECT_EQ(object.view().as_document().front().as_int32(), -1);

  literal.append("f7", 1).close();
  const bson::Document twice = literal.finish();
  EXPECT_EQ(quern::error_of([&] { Expression::parse(twice["e"].value()); }).code(), 16406);
}

TEST(Expression, AComputedArrayIsLimitedBeforeItIsAllocated) {
  const bson::Document spec =
      bson::from_json(R"({"e":{"$map":{"input":{"$range":[0,1000000]},"in":"$s"}}})");
  const bson::Document document = bson::doc("s", std::string(1'000'000, 'x'));
  const Expression expression = Expression::parse(spec["e"].value());
  Evaluation evaluation;
  EXPECT_THROW(expression.evaluate(document, evaluation), Error);
}

TEST(Expression, AReductionCannotNestWithoutEnd) {
  EXPECT_EQ(error_of(R"({"$reduce":{"input":{"$range":[0,"$n"]},"initialValue":{},
                         "in":{"x":"$$value"}}})",
                     R"({"n":300})"),
            15);
}

TEST(Expression, ConstantsAreFolded) {
  const bson::Document spec = bson::from_json(R"({"e":{"$add":[1,{"$multiply":[2,3]}]}})");
  EXPECT_TRUE(Expression::parse(spec["e"].value()).is_constant());
}

TEST(Expression, SecondsOfAnObjectIdAreSigned) {
  check({
      {R"({"$toLong":{"$toDate":{"$oid":"7fffffff0000000000000000"}}})", "{}",
       R"({"$numberLong":"2147483647000"})"},
      {R"({"$toLong":{"$toDate":{"$oid":"800000000000000000000000"}}})", "{}",
       R"({"$numberLong":"-2147483648000"})"},
      {R"({"$year":{"$oid":"ffffffff0000000000000000"}})", "{}", "1969"},
  });
}

TEST(Expression, DoublesAreTextWithTheFewestDigits) {
  check({
      {R"({"$toString":1e15})", "{}", R"("1000000000000000")"},
      {R"({"$toString":9.999999999999998e15})", "{}", R"("9999999999999998")"},
      {R"({"$toString":-1e16})", "{}", R"("-1e+16")"},
      {R"({"$toString":0.0001})", "{}", R"("0.0001")"},
      {R"({"$toString":9e-5})", "{}", R"("9e-05")"},
      {R"({"$toString":5e-324})", "{}", R"("5e-324")"},
      {R"({"$toString":{"$numberDouble":"-0.0"}})", "{}", R"("-0")"},
      {R"({"$toString":2.5})", "{}", R"("2.5")"},
  });
}

TEST(Expression, SubstrBytesRefusesDoublesThatAreNoLong) {
  for (const char* number : {R"({"$numberDouble":"NaN"})", R"({"$numberDouble":"Infinity"})",
                             R"({"$numberDouble":"-Infinity"})", "1e20"}) {
    EXPECT_EQ(error_of((R"({"$substrBytes":["hello",)" + std::string(number) + ",1]}").c_str()),
              31109);
    EXPECT_EQ(error_of((R"({"$substrBytes":["hello",0,)" + std::string(number) + "]}").c_str()),
              31109);
  }
  EXPECT_EQ(error_of(R"({"$substrBytes":["hello",{"$numberDecimal":"Infinity"},1]})"), 50752);
  check({
      {R"({"$substrBytes":["hello",1.9,2]})", "{}", R"("el")"},
      {R"({"$substrBytes":["hello",{"$numberDecimal":"1.5"},2]})", "{}", R"("ll")"},
      {R"({"$substrBytes":["hello",-0.5,2]})", "{}", R"("he")"},
      {R"({"$substrBytes":["hello",1,{"$numberDecimal":"NaN"}]})", "{}", R"("ello")"},
      {R"({"$substrBytes":["hello",1e18,2]})", "{}", R"("")"},
  });
}

TEST(Expression, DoublesJoinDecimalsWithAllDigitsInSumsAndFifteenInArithmetic) {
  check({
      {R"({"$sum":[1.0,{"$numberDecimal":"0"}]})", "{}", R"({"$numberDecimal":"1"})"},
      {R"({"$sum":[2.5,{"$numberDecimal":"3.5"}]})", "{}", R"({"$numberDecimal":"6.0"})"},
      {R"({"$sum":[3.14,{"$numberDecimal":"0"}]})", "{}",
       R"({"$numberDecimal":"3.140000000000000124344978758017533"})"},
      {R"({"$avg":[2.0,{"$numberDecimal":"4"}]})", "{}", R"({"$numberDecimal":"3"})"},
      {R"({"$avg":[4.0,{"$numberDecimal":"6.0"}]})", "{}", R"({"$numberDecimal":"5.0"})"},
      {R"({"$add":[1.5,{"$numberDecimal":"2.5"}]})", "{}",
       R"({"$numberDecimal":"4.00000000000000"})"},
      {R"({"$add":[{"$numberDecimal":"1.5"},2.5,{"$numberLong":"3"}]})", "{}",
       R"({"$numberDecimal":"7.00000000000000"})"},
  });
}

TEST(Expression, DecimalsAreRoundedToExactlyThatManyPlaces) {
  check({
      {R"({"$trunc":[{"$numberDecimal":"1.1"},2]})", "{}", R"({"$numberDecimal":"1.10"})"},
      {R"({"$round":[{"$numberDecimal":"1.1"},2]})", "{}", R"({"$numberDecimal":"1.10"})"},
      {R"({"$trunc":[{"$numberDecimal":"1.1"},100]})", "{}", R"({"$numberDecimal":"1.1"})"},
      {R"({"$trunc":{"$numberDecimal":"Infinity"}})", "{}", R"({"$numberDecimal":"Infinity"})"},
      {R"({"$trunc":{"$numberDecimal":"1E+6144"}})", "{}", R"({"$numberDecimal":"1E+6144"})"},
      {R"({"$ceil":{"$numberDecimal":"Infinity"}})", "{}", R"({"$numberDecimal":"NaN"})"},
      {R"({"$floor":{"$numberDecimal":"-Infinity"}})", "{}", R"({"$numberDecimal":"NaN"})"},
      {R"({"$floor":{"$numberDecimal":"1E+6144"}})", "{}", R"({"$numberDecimal":"NaN"})"},
      {R"({"$ceil":{"$numberDouble":"Infinity"}})", "{}", R"({"$numberDouble":"Infinity"})"},
      {R"({"$ceil":{"$numberDecimal":"1E-6143"}})", "{}", R"({"$numberDecimal":"1"})"},
  });
}

TEST(Expression, LoopsOverDataAskWhetherTheyAreStillWanted) {
  struct Stopped {};
  struct Stop : Interruptible {
    int left = 10;
    void check_interrupt() override {
      if (left-- == 0) throw Stopped();
    }
  };
  const std::string text(1000, 'x');
  const std::string list = R"({"$range":[0,1000]})";
  for (const std::string& expression :
       {R"({"$regexFindAll":{"input":")" + text + R"(","regex":"x"}})",
        R"({"$map":{"input":)" + list + R"(,"in":"$$this"}})",
        R"({"$filter":{"input":)" + list + R"(,"cond":"$$this"}})",
        R"({"$reduce":{"input":)" + list + R"(,"initialValue":0,"in":"$$this"}})",
        R"({"$zip":{"inputs":[)" + list + "]}}"}) {
    Stop stop;
    const InterruptScope scope(stop);
    EXPECT_THROW(value_of(expression, "{}"), Stopped) << expression;
  }
}

TEST(Expression, RegexFindAllCountsCodePoints) {
  check(
      {{R"({"$map":{"input":{"$regexFindAll":{"input":"éaéa€a","regex":"a"}},"in":"$$this.idx"}})",
        "{}", "[1,3,5]"}});
}

}  // namespace
}  // namespace quern::query
