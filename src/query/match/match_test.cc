// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

bool matches(const char* filter, const char* document) {
  const bson::Document f = bson::from_json(filter);
  const bson::Document d = bson::from_json(document);
  return Matcher::parse(f).matches(d);
}

struct Case {
  const char* filter;
  const char* document;
  bool expected;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(matches(c.filter, c.document), c.expected) << c.filter << " on " << c.document;
  }
}

std::int32_t parse_error(const char* filter) {
  const bson::Document f = bson::from_json(filter);
  try {
    Matcher::parse(f);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Match, TheEmptyFilterMatchesEveryDocument) {
  EXPECT_TRUE(Matcher().matches_everything());
  check({{"{}", "{}", true}, {"{}", R"({"a":1})", true}});
}

TEST(Match, EqualityComparesNumbersByValueAndDocumentsFieldByField) {
  check({
      {R"({"a":1})", R"({"a":1.0})", true},
      {R"({"a":1})", R"({"a":{"$numberDecimal":"1.00"}})", true},
      {R"({"a":1})", R"({"a":"1"})", false},
      {R"({"a":{"b":1}})", R"({"a":{"b":1}})", true},
      {R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2}})", false},
      {R"({"a":{"b":1,"c":2}})", R"({"a":{"c":2,"b":1}})", false},
      {R"({"a.b":1})", R"({"a":{"b":1}})", true},
      {R"({"a":{"$eq":1}})", R"({"a":2})", false},
      {R"({"a":{"$ref":"x","$id":1}})", R"({"a":{"$ref":"x","$id":1}})", true},
  });
}

TEST(Match, AnArrayMatchesByAMemberOrAsAWhole) {
  check({
      {R"({"a":1})", R"({"a":[3,1]})", true},
      {R"({"a":[3,1]})", R"({"a":[3,1]})", true},
      {R"({"a":[3,1]})", R"({"a":[[3,1],5]})", true},
      {R"({"a":[3]})", R"({"a":[3,1]})", false},
      {R"({"a.b":1})", R"({"a":[{"b":2},{"b":1}]})", true},
      {R"({"a.b":1})", R"({"a":[[{"b":1}]]})", false},
      {R"({"a.1":5})", R"({"a":[4,5]})", true},
      {R"({"a.1":4})", R"({"a":[4,5]})", false},
      {R"({"a.0.b":1})", R"({"a":[{"b":1}]})", true},
      {R"({"a.0":7})", R"({"a":[{"0":7}]})", true},
      {R"({"a.0":1})", R"({"a":[[1,2]]})", false},
      {R"({"a.0":[1,2]})", R"({"a":[[1,2]]})", true},
      {R"({"a.0.1":2})", R"({"a":[[1,2]]})", true},
      {R"({"a":{"$gt":4}})", R"({"a":[1,9]})", true},
      {R"({"a":{"$gt":4,"$lt":6}})", R"({"a":[1,9]})", true},
  });
}

TEST(Match, NullMeansNullOrMissing) {
  check({
      {R"({"a":null})", R"({"a":null})", true},
      {R"({"a":null})", R"({})", true},
      {R"({"a":null})", R"({"a":{"$undefined":true}})", true},
      {R"({"a":null})", R"({"a":0})", false},
      {R"({"a":null})", R"({"a":[]})", false},
      {R"({"a":null})", R"({"a":[1,null]})", true},
      {R"({"a.b":null})", R"({"a":5})", true},
      {R"({"a.b":null})", R"({"a":[1,2]})", false},
      {R"({"a.b":null})", R"({"a":[]})", false},
      {R"({"a.b":null})", R"({"a":[{"b":1},{}]})", true},
      {R"({"a":{"$gte":null}})", R"({})", true},
      {R"({"a":{"$gt":null}})", R"({})", false},
      {R"({"a":{"$ne":null}})", R"({"a":1})", true},
      {R"({"a":{"$ne":null}})", R"({})", false},
      {R"({"a":{"$in":[null]}})", R"({})", true},
  });
}

TEST(Match, OrderIsWithinTheTypeOfTheOperand) {
  check({
      {R"({"a":{"$gt":1}})", R"({"a":"z"})", false},
      {R"({"a":{"$lt":"m"}})", R"({"a":"a"})", true},
      {R"({"a":{"$lt":"m"}})", R"({"a":1})", false},
      {R"({"a":{"$gte":2}})", R"({"a":{"$numberLong":"2"}})", true},
      {R"({"a":{"$lte":1.5}})", R"({"a":1})", true},
      {R"({"a":{"$gt":{"$minKey":1}}})", R"({"a":"x"})", true},
      {R"({"a":{"$lt":{"$maxKey":1}}})", R"({"a":[]})", true},
      {R"({"a":{"$lte":{"$minKey":1}}})", R"({"a":1})", false},
      {R"({"a":{"$gt":false}})", R"({"a":true})", true},
      {R"({"a":{"$gt":false}})", R"({"a":1})", false},
  });
}

TEST(Match, MinKeyAndMaxKeyCompareWithNaNToo) {
  check({
      {R"({"a":{"$gt":{"$minKey":1}}})", R"({"a":{"$numberDouble":"NaN"}})", true},
      {R"({"a":{"$lt":{"$maxKey":1}}})", R"({"a":{"$numberDouble":"NaN"}})", true},
      {R"({"a":{"$lte":{"$minKey":1}}})", R"({"a":{"$numberDouble":"NaN"}})", false},
      {R"({"a":{"$gte":{"$maxKey":1}}})", R"({"a":{"$numberDecimal":"NaN"}})", false},
      {R"({"a":{"$gt":{"$numberDouble":"NaN"}}})", R"({"a":{"$maxKey":1}})", false},
  });
}

TEST(Match, NaNMatchesOnlyNaN) {
  check({
      {R"({"a":{"$numberDouble":"NaN"}})", R"({"a":{"$numberDouble":"NaN"}})", true},
      {R"({"a":{"$lt":5}})", R"({"a":{"$numberDouble":"NaN"}})", false},
      {R"({"a":{"$gte":{"$numberDouble":"NaN"}}})", R"({"a":{"$numberDouble":"NaN"}})", true},
      {R"({"a":{"$gte":{"$numberDouble":"NaN"}}})", R"({"a":1})", false},
      {R"({"a":{"$gt":{"$numberDouble":"NaN"}}})", R"({"a":1})", false},
  });
}

TEST(Match, InMatchesAnyOfItsValuesAndPatterns) {
  check({
      {R"({"a":{"$in":[1,"x"]}})", R"({"a":"x"})", true},
      {R"({"a":{"$in":[1,"x"]}})", R"({"a":2})", false},
      {R"({"a":{"$in":[]}})", R"({"a":2})", false},
      {R"({"a":{"$nin":[]}})", R"({})", true},
      {R"({"a":{"$nin":[1]}})", R"({"a":[1,2]})", false},
      {R"({"a":{"$in":[{"$regularExpression":{"pattern":"^ab","options":""}}]}})", R"({"a":"abc"})",
       true},
      {R"({"a":{"$in":[1,2,3,4,5,6,7,8,9,10,11,12]}})", R"({"a":12.0})", true},
      {R"({"a":{"$in":[1,2,3,4,5,6,7,8,9,10,11,12]}})", R"({"a":13})", false},
      {R"({"a":{"$in":[[1]]}})", R"({"a":[1]})", true},
  });
}

TEST(Match, LogicalOperatorsCombine) {
  check({
      {R"({"$and":[{"a":1},{"b":2}]})", R"({"a":1,"b":2})", true},
      {R"({"$and":[{"a":1},{"b":2}]})", R"({"a":1})", false},
      {R"({"$or":[{"a":1},{"b":2}]})", R"({"b":2})", true},
      {R"({"$nor":[{"a":1},{"b":2}]})", R"({"b":3})", true},
      {R"({"$nor":[{"a":1},{"b":2}]})", R"({"b":2})", false},
      {R"({"a":{"$not":{"$gt":3}}})", R"({})", true},
      {R"({"a":{"$not":{"$gt":3}}})", R"({"a":[1,5]})", false},
      {R"({"a":{"$not":{"$gt":3,"$lt":9}}})", R"({"a":5})", false},
      {R"({"$alwaysFalse":1})", R"({})", false},
      {R"({"$alwaysTrue":1,"$comment":"why"})", R"({})", true},
  });
}

TEST(Match, ExistsAndTypeLookAtTheFieldItself) {
  check({
      {R"({"a":{"$exists":true}})", R"({"a":null})", true},
      {R"({"a":{"$exists":true}})", R"({"a":[]})", true},
      {R"({"a":{"$exists":false}})", R"({"b":1})", true},
      {R"({"a.b":{"$exists":false}})", R"({"a":[]})", true},
      {R"({"a.b":{"$exists":true}})", R"({"a":[{"b":1}]})", true},
  });
}

TEST(Match, TypeTakesAliasesAndNumbers) {
  const auto of_type = [](const auto& type, const char* document) {
    return Matcher::parse(bson::doc("a", bson::doc("$type", type)))
        .matches(bson::from_json(document));
  };
  EXPECT_TRUE(of_type("string", R"({"a":"x"})"));
  EXPECT_TRUE(of_type("string", R"({"a":[1,"x"]})"));
  EXPECT_TRUE(of_type("array", R"({"a":[1]})"));
  EXPECT_FALSE(of_type("array", R"({"a":1})"));
  EXPECT_FALSE(of_type("null", R"({})"));
  EXPECT_TRUE(of_type("number", R"({"a":{"$numberLong":"1"}})"));
  EXPECT_TRUE(of_type(bson::array(1, 16), R"({"a":1})"));
  EXPECT_TRUE(of_type(-1, R"({"a":{"$minKey":1}})"));
  EXPECT_THROW(of_type("nothing", "{}"), Error);
  EXPECT_THROW(of_type(0, "{}"), Error);
  const bson::Document no_types = bson::doc("a", true, "b", bson::Null{}, "c", bson::doc("x", 1),
                                            "d", bson::array("int", bson::Null{}));
  for (const bson::Element& no_type : no_types.view()) {
    try {
      of_type(no_type.value(), "{}");
      ADD_FAILURE() << no_type.key();
    } catch (const Error& error) {
      EXPECT_TRUE(error.is(ErrorCode::kTypeMismatch)) << no_type.key();
    }
  }
  EXPECT_THROW(of_type(99, "{}"), Error);
}

TEST(Match, ModTruncatesAndIgnoresWhatIsNoNumber) {
  check({
      {R"({"a":{"$mod":[4,0]}})", R"({"a":12})", true},
      {R"({"a":{"$mod":[4,1]}})", R"({"a":5.9})", true},
      {R"({"a":{"$mod":[4,-1]}})", R"({"a":-5})", true},
      {R"({"a":{"$mod":[4,0]}})", R"({"a":"12"})", false},
      {R"({"a":{"$mod":[4,0]}})", R"({"a":{"$numberDouble":"NaN"}})", false},
      {R"({"a":{"$mod":[-1,0]}})", R"({"a":{"$numberLong":"-9223372036854775808"}})", true},
  });
}

TEST(Match, RegexSearchesStringsWithItsOptions) {
  check({
      {R"({"a":{"$regex":"b.d"}})", R"({"a":"abcd"})", true},
      {R"({"a":{"$regex":"^B","$options":"i"}})", R"({"a":"bcd"})", true},
      {R"({"a":{"$regex":"b"}})", R"({"a":5})", false},
      {R"({"a":{"$regex":"b"}})", R"({"a":["x","b"]})", true},
      {R"({"a":{"$not":{"$regex":"b"}}})", R"({"a":"x"})", true},
      {R"({"a":{"$regularExpression":{"pattern":"x","options":"i"}}})", R"({"a":"aXb"})", true},
      {R"({"a":{"$regularExpression":{"pattern":"x","options":"i"}}})",
       R"({"a":{"$regularExpression":{"pattern":"x","options":"i"}}})", true},
      {R"({"a":{"$eq":{"$regularExpression":{"pattern":"x","options":""}}}})", R"({"a":"x"})",
       false},
  });
}

TEST(Match, ARegexThatBacktracksWithoutEndIsStopped) {
  const bson::Document filter = bson::from_json(R"({"a":{"$regex":"^(a+)+$"}})");
  const bson::Document document = bson::doc("a", std::string(4000, 'a') + "b");
  const Matcher matcher = Matcher::parse(filter);
  EXPECT_THROW(matcher.matches(document), Error);
}

TEST(Match, AllDemandsEveryValueOfOneField) {
  check({
      {R"({"a":{"$all":[1,2]}})", R"({"a":[2,1,3]})", true},
      {R"({"a":{"$all":[1,2]}})", R"({"a":[1]})", false},
      {R"({"a":{"$all":[1]}})", R"({"a":1})", true},
      {R"({"a":{"$all":[]}})", R"({"a":[]})", false},
      {R"({"a":{"$all":[[1,2]]}})", R"({"a":[1,2]})", true},
      {R"({"a":{"$all":[{"$elemMatch":{"x":1}},{"$elemMatch":{"y":2}}]}})",
       R"({"a":[{"x":1},{"y":2}]})", true},
  });
}

TEST(Match, ElemMatchDemandsOneMemberThatMeetsAll) {
  check({
      {R"({"a":{"$elemMatch":{"$gt":4,"$lt":6}}})", R"({"a":[1,9]})", false},
      {R"({"a":{"$elemMatch":{"$gt":4,"$lt":6}}})", R"({"a":[1,5]})", true},
      {R"({"a":{"$elemMatch":{"$gt":4}}})", R"({"a":5})", false},
      {R"({"a":{"$elemMatch":{"x":1,"y":2}}})", R"({"a":[{"x":1},{"y":2}]})", false},
      {R"({"a":{"$elemMatch":{"x":1,"y":2}}})", R"({"a":[{"x":1,"y":2}]})", true},
      {R"({"a":{"$elemMatch":{"$or":[{"x":1},{"x":2}]}}})", R"({"a":[{"x":2}]})", true},
      {R"({"a":{"$elemMatch":{"$not":{"$gt":4}}}})", R"({"a":[9,1]})", true},
      {R"({"a":{"$elemMatch":{"0":7}}})", R"({"a":[[7]]})", true},
      {R"({"a":{"$elemMatch":{"$elemMatch":{"$gt":4}}}})", R"({"a":[[5]]})", true},
      {R"({"a":{"$size":2}})", R"({"a":[1,2]})", true},
      {R"({"a":{"$size":2}})", R"({"a":[1]})", false},
      {R"({"a":{"$size":1}})", R"({"a":1})", false},
  });
}

TEST(Match, BitTestsSeeNumbersAndBinaries) {
  check({
      {R"({"a":{"$bitsAllSet":[0,2]}})", R"({"a":5})", true},
      {R"({"a":{"$bitsAllSet":5}})", R"({"a":4})", false},
      {R"({"a":{"$bitsAnySet":5}})", R"({"a":4})", true},
      {R"({"a":{"$bitsAllClear":5}})", R"({"a":2})", true},
      {R"({"a":{"$bitsAnyClear":5}})", R"({"a":4})", true},
      {R"({"a":{"$bitsAllSet":[200]}})", R"({"a":-1})", true},
      {R"({"a":{"$bitsAllSet":1}})", R"({"a":1.5})", false},
      {R"({"a":{"$bitsAllSet":[9]}})", R"({"a":{"$binary":{"base64":"AAI=","subType":"00"}}})",
       true},
  });
}

TEST(Match, ExprComparesFieldsOfTheDocument) {
  check({
      {R"({"$expr":{"$gt":["$spent","$budget"]}})", R"({"spent":9,"budget":5})", true},
      {R"({"$expr":{"$gt":["$spent","$budget"]}})", R"({"spent":1,"budget":5})", false},
  });
}

TEST(Match, ThePositionIsThatOfTheMemberThatMatched) {
  const auto position = [](const char* filter, const char* document) {
    const bson::Document f = bson::from_json(filter);
    const bson::Document d = bson::from_json(document);
    ArrayPosition found;
    EXPECT_TRUE(Matcher::parse(f).matches(d, found));
    return found.index ? static_cast<int>(*found.index) : -1;
  };
  EXPECT_EQ(position(R"({"a":7})", R"({"a":[5,6,7]})"), 2);
  EXPECT_EQ(position(R"({"a.b":7})", R"({"a":[{"b":1},{"b":[0,0,7]}]})"), 1);
  EXPECT_EQ(position(R"({"a":{"$elemMatch":{"b":1,"c":2}}})", R"({"a":[{"b":1},{"b":1,"c":2}]})"),
            1);
  EXPECT_EQ(position(R"({"a":7})", R"({"a":7})"), -1);
  EXPECT_EQ(position(R"({"b":{"$ne":3}})", R"({"b":[1]})"), -1);
}

TEST(Match, AConditionOnTheTagsLeavesThePositionAlone) {
  const auto position = [](const char* filter) {
    ArrayPosition found;
    const bson::Document document = bson::from_json(R"({"list":[1,5],"__safeContent__":[7,8,9]})");
    EXPECT_TRUE(Matcher::parse(bson::from_json(filter)).matches(document, found)) << filter;
    return found.index ? static_cast<int>(*found.index) : -1;
  };
  EXPECT_EQ(position(R"({"__safeContent__":{"$elemMatch":{"$in":[9]}}})"), -1);
  EXPECT_EQ(position(R"({"__safeContent__":9})"), -1);
  EXPECT_EQ(position(R"({"list":5,"__safeContent__":{"$elemMatch":{"$in":[7]}}})"), 1);
  EXPECT_EQ(position(R"({"__safeContent__":{"$in":[9]},"list":5})"), 1);
}

TEST(Match, ABranchThatDoesNotMatchLeavesNoPosition) {
  const auto position = [](const char* filter, const char* document) {
    const bson::Document f = bson::from_json(filter);
    ArrayPosition found;
    EXPECT_TRUE(Matcher::parse(f).matches(bson::from_json(document), found));
    return found.index ? static_cast<int>(*found.index) : -1;
  };
  constexpr const char* kDocument = R"({"a":[4,5],"b":2,"c":1})";
  EXPECT_EQ(position(R"({"$or":[{"a":5,"b":1},{"c":1}]})", kDocument), -1);
  EXPECT_EQ(position(R"({"$or":[{"a":{"$gte":5,"$lt":0}},{"c":1}]})", kDocument), -1);
  EXPECT_EQ(position(R"({"a":4,"$or":[{"a":5,"b":1},{"c":1}]})", kDocument), 0);
  EXPECT_EQ(position(R"({"$nor":[{"$and":[{"a":5},{"b":1}]}]})", kDocument), -1);
  EXPECT_EQ(position(R"({"$or":[{"a":{"$elemMatch":{"x":5,"y":0}}},{"c":1}]})",
                     R"({"a":[{},{"x":[0,5],"y":1}],"c":1})"),
            -1);
}

TEST(Match, ADBRefIsNoOperatorInAnElemMatch) {
  check({
      {R"({"a":{"$elemMatch":{"$ref":"c","$id":1}}})", R"({"a":[{"$ref":"c","$id":1}]})", true},
      {R"({"a":{"$elemMatch":{"$ref":"c","$id":1}}})", R"({"a":[{"$ref":"c","$id":2}]})", false},
      {R"({"a":{"$elemMatch":{"$or":[{"$id":2},{"$db":"d"}]}}})", R"({"a":[{"$id":2}]})", true},
  });
  EXPECT_EQ(parse_error(R"({"$ref":"c","$id":1})"),
            static_cast<std::int32_t>(ErrorCode::kBadValue));
}

TEST(Match, EqualToAnyTakesValuesAsTheyAre) {
  const bson::Document values = bson::from_json(
      R"({"v":[{"$gt":0},{"$regularExpression":{"pattern":"x","options":""}},null]})");
  const Matcher matcher = Matcher::equal_to_any("a.b", values["v"].as_array());
  const auto accepts = [&](const char* document) {
    return matcher.matches(bson::from_json(document));
  };
  EXPECT_TRUE(accepts(R"({"a":{"b":{"$gt":0}}})"));
  EXPECT_TRUE(accepts(R"({"a":[{"b":{"$regularExpression":{"pattern":"x","options":""}}}]})"));
  EXPECT_TRUE(accepts(R"({})"));
  EXPECT_FALSE(accepts(R"({"a":{"b":5}})"));
  EXPECT_FALSE(accepts(R"({"a":{"b":"x"}})"));
}

TEST(Match, FaultsOfTheFilterNameNoValue) {
  const auto expr = [](const char* expression) {
    return bson::doc("$expr", bson::from_json(expression));
  };
  for (const bson::Document& filter :
       {bson::doc("a", bson::doc("$type", "98765")), bson::doc("a", bson::doc("$type", 98765)),
        bson::doc("a", bson::doc("$bitsAllSet", bson::array(-98765))),
        bson::doc("a", bson::doc("$regex", "x", "$options", "98765")),
        expr(R"({"$hour":{"date":"$$NOW","timezone":"98765"}})"),
        expr(R"({"$round":["$x",98765]})")}) {
    const Error error = error_of([&] { Matcher::parse(filter).matches(bson::doc("x", 1)); });
    EXPECT_EQ(std::string(error.what()).find('9'), std::string::npos) << error.what();
  }
}

TEST(Match, FaultyFiltersAreRefusedWhenParsed) {
  const auto kBadValue = static_cast<std::int32_t>(ErrorCode::kBadValue);
  for (const char* filter : {
           R"({"a":{"$foo":1}})",
           R"({"$foo":1})",
           R"({"a":{"$gt":1,"b":2}})",
           R"({"$and":[]})",
           R"({"$and":[1]})",
           R"({"a":{"$in":1}})",
           R"({"a":{"$in":[{"$gt":1}]}})",
           R"({"a":{"$size":{"$numberLong":"2147483648"}}})",
           R"({"a":{"$size":9007199254740993.0}})",
           R"({"a":{"$mod":[0,1]}})",
           R"({"a":{"$mod":[1]}})",
           R"({"a":{"$size":-1}})",
           R"({"a":{"$size":"x"}})",
           R"({"a":{"$all":1}})",
           R"({"a":{"$not":{}}})",
           R"({"a":{"$not":1}})",
           R"({"a":{"$elemMatch":1}})",

           R"({"a":{"$near":[1,2]}})",
           R"({"$where":"1"})",
           R"({"$text":{"$search":"x"}})",
           R"({"a":{"$bitsAllSet":-1}})",
           R"({"a":{"$ne":{"$regularExpression":{"pattern":"x","options":""}}}})",
           R"({"a":{"$gt":{"$regularExpression":{"pattern":"x","options":""}}}})",
           R"({"a":{"$eq":{"$undefined":true}}})",
           R"({"a":{"$elemMatch":{"$expr":true}}})",
       }) {
    EXPECT_EQ(parse_error(filter), kBadValue) << filter;
  }
  EXPECT_THROW(Matcher::parse(bson::doc("a", bson::doc("$options", "i"))), Error);
  const auto regex_error = [](const char* pattern, const char* options) {
    try {
      Matcher::parse(bson::doc("a", bson::doc("$regex", pattern, "$options", options)));
    } catch (const Error& error) {
      return error.code();
    }
    return 0;
  };
  EXPECT_EQ(regex_error("(", ""), 51091);
  EXPECT_EQ(regex_error("x", "q"), 51108);
  EXPECT_EQ(regex_error("x", "imsx"), 0);
}

TEST(Match, OperatorsNestedWithoutEndAreRefused) {
  bson::Document filter = bson::doc("a", 1);
  for (int i = 0; i < 300; ++i) filter = bson::doc("$nor", bson::array(filter));
  EXPECT_THROW(Matcher::parse(filter), Error);
}

}  // namespace
}  // namespace quern::query
