// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/update/update.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

struct Request {
  std::string update;
  std::string document = "{}";
  std::string filter = "{}";
  std::string array_filters = "[]";
};

Update::Outcome run(const Request& request) {
  const bson::Document update =
      bson::from_json(R"({"u":)" + request.update + R"(,"f":)" + request.array_filters + "}");
  const bson::Document document = bson::from_json(request.document);
  const bson::Document filter = bson::from_json(request.filter);
  ParseContext context;
  context.now = bson::Date{1'600'000'000'000};
  const Update parsed = Update::parse(update["u"].value(), update["f"].as_array(), context);
  return parsed.apply(document, Matcher::parse(filter));
}

std::string normal(const std::string& json) {
  return bson::to_json(bson::from_json(json), bson::JsonMode::kCanonical);
}

struct Case {
  const char* update;
  const char* document;
  const char* expected;
};
void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    try {
      const Update::Outcome outcome = run({c.update, c.document});
      EXPECT_EQ(bson::to_json(outcome.document, bson::JsonMode::kCanonical), normal(c.expected))
          << c.update << " on " << c.document;
      EXPECT_EQ(outcome.modified, normal(c.document) != normal(c.expected))
          << c.update << " on " << c.document;
    } catch (const Error& error) {
      ADD_FAILURE() << c.update << " on " << c.document << ": " << error.what();
    }
  }
}

std::int32_t error_of(const Request& request) {
  try {
    run(request);
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST(Update, SetReplacesInPlaceAndAddsAtTheEnd) {
  check({
      {R"({"$set":{"a":2}})", R"({"_id":1,"a":1,"b":1})", R"({"_id":1,"a":2,"b":1})"},
      {R"({"$set":{"a":1}})", R"({"a":1})", R"({"a":1})"},
      {R"({"$set":{"a":1}})", R"({"a":1.0})", R"({"a":1})"},
      {R"({"$set":{"b.c":1}})", R"({"a":1})", R"({"a":1,"b":{"c":1}})"},
      {R"({"$set":{"z":1,"10":1,"2":1,"a":1}})", R"({})", R"({"2":1,"10":1,"a":1,"z":1})"},
      {R"({"$set":{"a.b.c":1,"a.b.d":2}})", R"({"a":{"b":{"d":0}}})",
       R"({"a":{"b":{"d":2,"c":1}}})"},
      {R"({"$set":{"a.1":9}})", R"({"a":[1,2]})", R"({"a":[1,9]})"},
      {R"({"$set":{"a.4":9}})", R"({"a":[1]})", R"({"a":[1,null,null,null,9]})"},
      {R"({"$set":{"a.0":9}})", R"({})", R"({"a":{"0":9}})"},
      {R"({"$set":{"a.0.b":9}})", R"({"a":[{"b":1}]})", R"({"a":[{"b":9}]})"},
      {R"({"$set":{}})", R"({"a":1})", R"({"a":1})"},
      {R"({"$setOnInsert":{"a":5}})", R"({"a":1})", R"({"a":1})"},
      {R"({"$currentDate":{"d":true}})", R"({})",
       R"({"d":{"$date":{"$numberLong":"1600000000000"}}})"},
  });
}

TEST(Update, UnsetTakesFieldsAwayAndMembersToNull) {
  check({
      {R"({"$unset":{"a":""}})", R"({"a":1,"b":2})", R"({"b":2})"},
      {R"({"$unset":{"a.b":""}})", R"({"a":{"b":1}})", R"({"a":{}})"},
      {R"({"$unset":{"a.0":""}})", R"({"a":[1,2]})", R"({"a":[null,2]})"},
      {R"({"$unset":{"a.b":"","x.y":""}})", R"({"a":5})", R"({"a":5})"},
      {R"({"$unset":{"a.9":""}})", R"({"a":[1]})", R"({"a":[1]})"},
  });
}

TEST(Update, NumbersGrowAndKeepTheWiderType) {
  check({
      {R"({"$inc":{"a":1}})", R"({"a":1})", R"({"a":2})"},
      {R"({"$inc":{"a":1}})", R"({})", R"({"a":1})"},
      {R"({"$inc":{"a":1}})", R"({"a":2147483647})", R"({"a":{"$numberLong":"2147483648"}})"},
      {R"({"$inc":{"a":0}})", R"({"a":5})", R"({"a":5})"},
      {R"({"$inc":{"a":1.5}})", R"({"a":1})", R"({"a":2.5})"},
      {R"({"$inc":{"a":{"$numberDecimal":"0.1"}}})", R"({"a":1})",
       R"({"a":{"$numberDecimal":"1.1"}})"},
      {R"({"$mul":{"a":3}})", R"({"a":2})", R"({"a":6})"},
      {R"({"$mul":{"a":{"$numberLong":"3"}}})", R"({})", R"({"a":{"$numberLong":"0"}})"},
      {R"({"$min":{"a":1}})", R"({"a":2})", R"({"a":1})"},
      {R"({"$min":{"a":3}})", R"({"a":2})", R"({"a":2})"},
      {R"({"$max":{"a":"x"}})", R"({"a":2})", R"({"a":"x"})"},
      {R"({"$max":{"a":1}})", R"({})", R"({"a":1})"},
      {R"({"$bit":{"a":{"and":10}}})", R"({"a":13})", R"({"a":8})"},
      {R"({"$bit":{"a":{"or":2,"xor":1}}})", R"({})", R"({"a":3})"},
  });
  EXPECT_EQ(error_of({R"({"$inc":{"a":1}})", R"({"a":"x"})"}), 14);
  EXPECT_EQ(error_of({R"({"$inc":{"a":"x"}})"}), 14);
  EXPECT_EQ(error_of({R"({"$inc":{"a":1}})", R"({"a":{"$numberLong":"9223372036854775807"}})"}), 2);
  EXPECT_EQ(error_of({R"({"$bit":{"a":{"and":1}}})", R"({"a":1.5})"}), 2);
}

TEST(Update, RenameMovesTheValue) {
  check({
      {R"({"$rename":{"a":"b"}})", R"({"a":1,"c":2})", R"({"c":2,"b":1})"},
      {R"({"$rename":{"a":"b"}})", R"({"a":1,"b":2})", R"({"b":1})"},
      {R"({"$rename":{"a.x":"b.y"}})", R"({"a":{"x":1}})", R"({"a":{},"b":{"y":1}})"},
      {R"({"$rename":{"nothing":"b"}})", R"({"b":2})", R"({"b":2})"},
      {R"({"$rename":{"nothing":"b.c"}})", R"({"b":2})", R"({"b":2})"},
  });
  EXPECT_EQ(error_of({R"({"$rename":{"a":"a"}})"}), 2);
  EXPECT_EQ(error_of({R"({"$rename":{"a":"a.b"}})"}), 2);
  EXPECT_EQ(error_of({R"({"$rename":{"a.0":"b"}})", R"({"a":[1]})"}), 2);
}

TEST(Update, PushInsertsSortsAndCuts) {
  check({
      {R"({"$push":{"a":1}})", R"({})", R"({"a":[1]})"},
      {R"({"$push":{"a":[2]}})", R"({"a":[1]})", R"({"a":[1,[2]]})"},
      {R"({"$push":{"a":{"$each":[3,4]}}})", R"({"a":[1]})", R"({"a":[1,3,4]})"},
      {R"({"$push":{"a":{"$each":[9],"$position":1}}})", R"({"a":[1,2]})", R"({"a":[1,9,2]})"},
      {R"({"$push":{"a":{"$each":[9],"$position":-1}}})", R"({"a":[1,2]})", R"({"a":[1,9,2]})"},
      {R"({"$push":{"a":{"$each":[3],"$slice":-2}}})", R"({"a":[1,2]})", R"({"a":[2,3]})"},
      {R"({"$push":{"a":{"$each":[3],"$slice":0}}})", R"({"a":[1,2]})", R"({"a":[]})"},
      {R"({"$push":{"a":{"$each":[2],"$sort":-1}}})", R"({"a":[1,3]})", R"({"a":[3,2,1]})"},
      {R"({"$push":{"a":{"$each":[{"n":1}],"$sort":{"n":1},"$slice":2}}})",
       R"({"a":[{"n":3},{"n":2}]})", R"({"a":[{"n":1},{"n":2}]})"},
  });
  EXPECT_EQ(error_of({R"({"$push":{"a":1}})", R"({"a":5})"}), 2);
  EXPECT_EQ(error_of({R"({"$push":{"a":{"$each":1}}})"}), 2);
  EXPECT_EQ(error_of({R"({"$push":{"a":{"$each":[],"$foo":1}}})"}), 2);
}

TEST(Update, SetsAndRemovalsOfMembers) {
  check({
      {R"({"$addToSet":{"a":2}})", R"({"a":[1]})", R"({"a":[1,2]})"},
      {R"({"$addToSet":{"a":1.0}})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"$addToSet":{"a":{"$each":[1,2,2]}}})", R"({})", R"({"a":[1,2]})"},
      {R"({"$pop":{"a":1}})", R"({"a":[1,2,3]})", R"({"a":[1,2]})"},
      {R"({"$pop":{"a":-1}})", R"({"a":[1,2,3]})", R"({"a":[2,3]})"},
      {R"({"$pop":{"a":1}})", R"({"a":[]})", R"({"a":[]})"},
      {R"({"$pop":{"a":1}})", R"({})", R"({})"},
      {R"({"$pull":{"a":2}})", R"({"a":[1,2,2.0]})", R"({"a":[1]})"},
      {R"({"$pull":{"a":{"$gt":1}}})", R"({"a":[1,2,3]})", R"({"a":[1]})"},
      {R"({"$pull":{"a":{"$in":[1,3]}}})", R"({"a":[1,2,3]})", R"({"a":[2]})"},
      {R"({"$pull":{"a":{"x":1}}})", R"({"a":[{"x":1,"y":2},{"x":2},5]})", R"({"a":[{"x":2},5]})"},
      {R"({"$pull":{"a":{"$regularExpression":{"pattern":"^x","options":""}}}})",
       R"({"a":["xy","y"]})", R"({"a":["y"]})"},
      {R"({"$pull":{"a":9}})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"$pullAll":{"a":[1,3]}})", R"({"a":[1,2,3,1]})", R"({"a":[2]})"},
  });
  EXPECT_EQ(error_of({R"({"$pop":{"a":2}})"}), 9);
  EXPECT_EQ(error_of({R"({"$pop":{"a":1}})", R"({"a":5})"}), 14);
  EXPECT_EQ(error_of({R"({"$pull":{"a":1}})", R"({"a":5})"}), 2);
  EXPECT_EQ(error_of({R"({"$addToSet":{"a":1}})", R"({"a":5})"}), 2);
}

TEST(Update, AConditionOfFieldsPullsOnlyDocuments) {
  check({
      {R"({"$pull":{"a":{"x":{"$exists":false}}}})", R"({"a":[[1],{"x":1},{"y":1}]})",
       R"({"a":[[1],{"x":1}]})"},
      {R"({"$pull":{"a":{}}})", R"({"a":[[],{},1]})", R"({"a":[[],1]})"},
      {R"({"$pull":{"a":{"$size":1}}})", R"({"a":[[1],[2,3]]})", R"({"a":[[2,3]]})"},
      {R"({"$pull":{"a":{"$ref":"c","$id":1}}})",
       R"({"a":[{"$ref":"c","$id":1},{"$ref":"c","$id":2}]})", R"({"a":[{"$ref":"c","$id":2}]})"},
  });
}

TEST(Update, ManyValuesAreAddedAndRemovedAsFewAre) {
  bson::Builder old;
  bson::Builder each;
  bson::Builder all;
  old.open_array("a").push(7).push(7);  // what is there twice stays
  each.open_array("a").push(7.0);
  all.open_array("a").push(7).push(7);
  for (int i = 0; i < 5000; ++i) old.push(std::int64_t{i} * 2 + 100);
  for (int i = 0; i < 5000; ++i) all.push(std::int64_t{i} * 2 + 100);
  for (int i = 0; i < 5000; ++i) {
    each.push(static_cast<double>(i + 100));
    each.push(static_cast<double>(i + 100));
    if (i % 2 == 1) all.push(static_cast<double>(i + 100));
  }
  const bson::Document document = old.close().finish();
  const bson::Document values = each.close().finish();
  const bson::Document expected = all.close().finish();
  const auto apply = [](const bson::Document& update, const bson::Document& to) {
    return Update::parse(update.view().as_value()).apply(to, Matcher());
  };
  const bson::Document add =
      bson::doc("$addToSet", bson::doc("a", bson::doc("$each", values["a"].value())));
  EXPECT_EQ(apply(add, document).document, expected);
  EXPECT_FALSE(apply(add, expected).modified);
  const bson::Document left =
      apply(bson::doc("$pullAll", bson::doc("a", values["a"].value())), expected).document;
  EXPECT_EQ(left["a"].as_array().count(), 2500U);
  EXPECT_EQ(left["a"].as_array().front().as_int64(), 5100);
}

TEST(Update, NumberedPathsMeetTheirMembers) {
  check({
      {R"({"$set":{"a.10":0,"a.2":0,"a.0":0}})", R"({"a":[1,2,3]})",
       R"({"a":[0,2,0,null,null,null,null,null,null,null,0]})"},
      {R"({"$set":{"a.1.x":9,"a.$[].y":0}})", R"({"a":[{"x":1},{"x":2}]})",
       R"({"a":[{"x":1,"y":0},{"x":9,"y":0}]})"},
      {R"({"$unset":{"a.7":1,"a.x":1,"a.1":1}})", R"({"a":[1,2]})", R"({"a":[1,null]})"},
  });
}

TEST(Update, PositionalOperatorsChooseMembers) {
  const auto result = [](const Request& request) {
    return bson::to_json(run(request).document, bson::JsonMode::kCanonical);
  };
  EXPECT_EQ(result({R"({"$set":{"a.$":9}})", R"({"a":[1,5,6]})", R"({"a":{"$gt":4}})"}),
            normal(R"({"a":[1,9,6]})"));
  EXPECT_EQ(
      result({R"({"$inc":{"a.$.n":1}})", R"({"a":[{"k":1,"n":0},{"k":2,"n":0}]})", R"({"a.k":2})"}),
      normal(R"({"a":[{"k":1,"n":0},{"k":2,"n":1}]})"));
  EXPECT_EQ(result({R"({"$set":{"a.$[]":0}})", R"({"a":[1,2]})"}), normal(R"({"a":[0,0]})"));
  EXPECT_EQ(result({R"({"$inc":{"a.$[].n":1}})", R"({"a":[{"n":1},{"n":2}]})"}),
            normal(R"({"a":[{"n":2},{"n":3}]})"));
  EXPECT_EQ(result({R"({"$set":{"a.$[x]":0}})", R"({"a":[1,7,8]})", "{}", R"([{"x":{"$gte":7}}])"}),
            normal(R"({"a":[1,0,0]})"));
  EXPECT_EQ(
      result({R"({"$set":{"a.$[x].b.$[y]":0}})", R"({"a":[{"k":1,"b":[1,2]},{"k":2,"b":[1,2]}]})",
              "{}", R"([{"x.k":2},{"y":1}])"}),
      normal(R"({"a":[{"k":1,"b":[1,2]},{"k":2,"b":[0,2]}]})"));
  EXPECT_EQ(error_of({R"({"$set":{"a.$":9}})", R"({"a":[1]})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"a.$":9}})", R"({"a":[4,5],"b":2,"c":1})",
                      R"({"$or":[{"a":5,"b":1},{"c":1}]})"}),
            2);
  EXPECT_EQ(error_of({R"({"$set":{"$.a":9}})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"a.$.b.$":9}})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"a.$[x]":9}})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"a.$[]":9}})", R"({"a":5})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"a":9}})", "{}", "{}", R"([{"x":1}])"}), 9);
  EXPECT_EQ(error_of({R"({"$set":{"a.$[x]":9}})", R"({"a":[]})", "{}", R"([{"x":1},{"x":2}])"}), 9);
  EXPECT_EQ(error_of({R"({"$set":{"a.$[x]":9}})", R"({"a":[]})", "{}", R"([{"x":1,"y":2}])"}), 9);
  // Both name the member 0.
  EXPECT_EQ(error_of({R"({"$set":{"a.0":9,"a.$[]":8}})", R"({"a":[1]})"}), 40);
}

TEST(Update, PathsThatConflictOrDontFitAreRefused) {
  EXPECT_EQ(error_of({R"({"$set":{"a":1},"$inc":{"a":1}})"}), 40);
  EXPECT_EQ(error_of({R"({"$set":{"a":1,"a.b":1}})"}), 40);
  EXPECT_EQ(error_of({R"({"$set":{"a.b":1,"a":1}})"}), 40);
  EXPECT_EQ(error_of({R"({"$set":{"a.b":1}})", R"({"a":5})"}), 28);
  EXPECT_EQ(error_of({R"({"$set":{"a.b":1}})", R"({"a":null})"}), 28);
  EXPECT_EQ(error_of({R"({"$set":{"a.b":1}})", R"({"a":[1]})"}), 28);
  EXPECT_EQ(error_of({R"({"$set":{"a.2000000":1}})", R"({"a":[1]})"}), 2);
  EXPECT_EQ(error_of({R"({"$set":{"":1}})"}), 56);
  EXPECT_EQ(error_of({R"({"$set":{"a..b":1}})"}), 56);
  EXPECT_EQ(error_of({R"({"$set":{"$a":1}})"}), 52);
  EXPECT_EQ(error_of({R"({"$foo":{"a":1}})"}), 9);
  EXPECT_EQ(error_of({R"({"$set":5})"}), 9);
  EXPECT_EQ(error_of({R"({"a":1,"$set":{"b":1}})"}), 52);
  EXPECT_EQ(error_of({R"(5)"}), 9);
  EXPECT_EQ(error_of({R"({"$set":{")" + std::string(2000, 'a') + R"(":1}})"}), 0);
  std::string deep = "a";
  for (int i = 0; i < 300; ++i) deep += ".a";
  EXPECT_EQ(error_of({R"({"$set":{")" + deep + R"(":1}})"}), 15);
}

TEST(Update, OperatorsOnMembersNeedAPathThatCanBe) {
  for (const char* op : {R"({"$pop":{"a.b":1}})", R"({"$pull":{"a.b":1}})",
                         R"({"$pullAll":{"a.b":[1]}})", R"({"$rename":{"a.b":"c"}})"}) {
    EXPECT_EQ(error_of({op, R"({"a":5})"}), 28) << op;
    EXPECT_EQ(error_of({op, R"({"a":null})"}), 28) << op;
    EXPECT_EQ(error_of({op, R"({})"}), 0) << op;
    EXPECT_EQ(error_of({op, R"({"a":{}})"}), 0) << op;
  }
  EXPECT_EQ(error_of({R"({"$pop":{"a.b":1}})", R"({"a":[{"b":[1]}]})"}), 28);
  EXPECT_EQ(error_of({R"({"$pop":{"a.0.b":1}})", R"({"a":[5]})"}), 28);
  EXPECT_EQ(error_of({R"({"$pop":{"a.3.b":1}})", R"({"a":[5]})"}), 0);
  EXPECT_EQ(error_of({R"({"$unset":{"a.b":1}})", R"({"a":5})"}), 0);
}

TEST(Update, AFaultyArrayFilterIsRefusedAsAFilter) {
  const auto fault = [](const char* filters) {
    return error_of({R"({"$set":{"a.$[x]":1}})", R"({"a":[1]})", "{}", filters});
  };
  EXPECT_EQ(fault(R"([{"$text":{"$search":"x"}}])"), 2);
  EXPECT_EQ(fault(R"([{"x":{"$foo":1}}])"), 2);
  EXPECT_EQ(fault(R"([{}])"), 9);
  EXPECT_EQ(fault(R"([{"x":1},{"y":1}])"), 9);
  EXPECT_EQ(fault(R"([{"x":1}])"), 0);
}

TEST(Update, NamesBelowTheTopMayBeginWithADollar) {
  check({{R"({"$set":{"a.$b":1}})", R"({"a":{}})", R"({"a":{"$b":1}})"},
         {R"({"$inc":{"a.$b":2}})", R"({"a":{"$b":1}})", R"({"a":{"$b":3}})"}});
  EXPECT_EQ(error_of({R"({"$set":{"$a.b":1}})"}), 52);
  EXPECT_EQ(error_of({R"({"$set":{"a.$[b":1}})"}), 52);
}

TEST(Update, AFaultySortOfPushIsABadValue) {
  for (const char* sort : {R"({"b":0})", R"({"b":"asc"})", R"({"b":{"$meta":"x"}})", R"({"b.":1})",
                           R"({".b":1})", R"({"b..c":1})", R"({"":1})", R"({})", "2", "true"}) {
    const std::string update = R"({"$push":{"a":{"$each":[],"$sort":)" + std::string(sort) + "}}}";
    EXPECT_EQ(error_of({update}), 2) << sort;
  }
}

TEST(Update, TheIdNeverChanges) {
  EXPECT_EQ(error_of({R"({"$set":{"_id":2}})", R"({"_id":1})"}), 66);
  EXPECT_EQ(error_of({R"({"$unset":{"_id":1}})", R"({"_id":1})"}), 66);
  EXPECT_EQ(error_of({R"({"_id":2,"a":1})", R"({"_id":1})"}), 66);
  EXPECT_EQ(error_of({R"([{"$set":{"_id":2}}])", R"({"_id":1})"}), 66);
  check({{R"({"$set":{"_id":1,"a":2}})", R"({"_id":1})", R"({"_id":1,"a":2})"},
         {R"({"a":2})", R"({"_id":1,"b":1})", R"({"_id":1,"a":2})"},
         {R"({"a":2,"_id":1})", R"({"_id":1,"b":1})", R"({"_id":1,"a":2})"},
         {R"({})", R"({"_id":1,"b":1})", R"({"_id":1})"}});
}

TEST(Update, DocumentsCannotGrowDeeperWithEachUpdate) {
  bson::Document document = bson::doc("_id", 1);
  const bson::Document wrap = bson::from_json(R"({"u":[{"$replaceWith":{"_id":1,"x":"$$ROOT"}}]})");
  const Update update = Update::parse(wrap["u"].value());
  try {
    for (int i = 0; i < 400; ++i) document = update.apply(document, Matcher()).document;
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kOverflow));
  }
  EXPECT_NO_THROW(bson::validate(document.bytes()));
}

TEST(Update, PipelinesComputeTheNewDocument) {
  check({
      {R"([{"$set":{"total":{"$add":["$a","$b"]}}},{"$unset":"b"}])", R"({"_id":1,"a":1,"b":2})",
       R"({"_id":1,"a":1,"total":3})"},
      {R"([{"$replaceWith":{"x":"$a"}}])", R"({"_id":1,"a":1})", R"({"_id":1,"x":1})"},
      {R"([{"$project":{"a":1,"_id":0}}])", R"({"_id":1,"a":1,"b":2})", R"({"_id":1,"a":1})"},
  });
  EXPECT_EQ(error_of({R"([{"$match":{"a":1}}])"}), 72);
}

bson::Document upsert(const std::string& update, const std::string& filter) {
  const bson::Document u = bson::from_json(R"({"u":)" + update + "}");
  const bson::Document f = bson::from_json(filter);
  return Update::parse(u["u"].value()).apply_upsert(Matcher::parse(f));
}

TEST(Upsert, StartsFromTheEqualitiesOfTheFilter) {
  const auto result = [](const char* update, const char* filter) {
    return bson::to_json(upsert(update, filter), bson::JsonMode::kCanonical);
  };
  EXPECT_EQ(result(R"({"$set":{"b":2}})", R"({"_id":1,"a":1,"c":{"$gt":3}})"),
            normal(R"({"_id":1,"a":1,"b":2})"));
  EXPECT_EQ(result(R"({"$setOnInsert":{"b":2},"$inc":{"n":1}})", R"({"_id":1,"a.x":{"$eq":5}})"),
            normal(R"({"_id":1,"a":{"x":5},"b":2,"n":1})"));
  EXPECT_EQ(result(R"({"$set":{"b":2}})", R"({"$and":[{"a":1},{"$or":[{"_id":7}]}]})"),
            normal(R"({"_id":7,"a":1,"b":2})"));
  EXPECT_EQ(result(R"({"b":2})", R"({"_id":1,"a":1})"), normal(R"({"_id":1,"b":2})"));
  EXPECT_EQ(result(R"({"$set":{"b":2}})", R"({"a":{"$in":[4]},"_id":{"$eq":1},"d":{"$in":[1,2]}})"),
            normal(R"({"_id":1,"a":4,"b":2})"));
  EXPECT_EQ(result(R"({"$set":{"b":2}})", R"({"a":1})"), normal(R"({"a":1,"b":2})"));
  EXPECT_THROW(upsert(R"({"$set":{"_id":2}})", R"({"_id":1})"), Error);
}

TEST(Upsert, KeepsTheOrderOfTheFilterAndRefusesClashes) {
  EXPECT_EQ(bson::to_json(upsert(R"({"$set":{"z":1}})", R"({"_id":1,"y.b":1,"x":2,"y.a":3})"),
                          bson::JsonMode::kCanonical),
            normal(R"({"_id":1,"y":{"b":1,"a":3},"x":2,"z":1})"));
  const auto error = [](const std::string& filter) {
    try {
      upsert(R"({"$set":{"z":1}})", filter);
    } catch (const Error& e) {
      return e.code();
    }
    return 0;
  };
  EXPECT_EQ(error(R"({"a":1,"$and":[{"a":2}]})"), 54);
  EXPECT_EQ(error(R"({"a":1,"a.b":2})"), 54);
  EXPECT_EQ(error(R"({"a.b":2,"a":1})"), 54);
  EXPECT_EQ(error(R"({"a.b":2,"a.c":1,"ab":3})"), 0);
  std::string deep = "a";
  for (int i = 0; i < 300'000; ++i) deep += ".a";
  EXPECT_EQ(error(R"({")" + deep + R"(":1})"), 15);
}

TEST(Update, PullAsksAboutMembersThatAreArraysAsAFilterDoes) {
  check({
      {R"({"$pull":{"a":{"$all":[1,2]}}})", R"({"a":[[1,2],[1,2,3],[2,3],[1,2]]})",
       R"({"a":[[2,3]]})"},
      {R"({"$pull":{"a":{"$all":[5]}}})", R"({"a":[5,6]})", R"({"a":[6]})"},
      {R"({"$pull":{"a":{"$all":[]}}})", R"({"a":[5,[]]})", R"({"a":[5,[]]})"},
      {R"({"$pull":{"a":{"$size":2}}})", R"({"a":[[1,2],[3]]})", R"({"a":[[3]]})"},
      {R"({"$pull":{"a":{"$elemMatch":{"$gt":2}}}})", R"({"a":[[1,2],[3],4]})",
       R"({"a":[[1,2],4]})"},
      {R"({"$pull":{"a":{"$nin":[2,4]}}})", R"({"a":[1,2,null]})", R"({"a":[2]})"},
      {R"({"$pull":{"a":{"x":1}}})", R"({"a":[1,{"x":1},[{"x":1}]]})", R"({"a":[1,[{"x":1}]]})"},
      {R"({"$pull":{"a":{"$regularExpression":{"pattern":"^x","options":""}}}})",
       R"({"a":["x","y",1]})", R"({"a":["y",1]})"},
  });
}

TEST(Update, RenameNeverReplacesTheId) {
  EXPECT_EQ(error_of({R"({"$rename":{"a":"_id"}})", R"({"_id":1,"a":1})"}), 66);
  EXPECT_EQ(error_of({R"({"$rename":{"a":"_id"}})", R"({"_id":1,"a":2})"}), 66);
  EXPECT_EQ(error_of({R"({"$rename":{"a":"_id.x"}})", R"({"_id":{"x":1},"a":1})"}), 66);
  check({{R"({"$rename":{"a":"_id"}})", R"({"_id":1})", R"({"_id":1})"}});
}

}  // namespace
}  // namespace quern::query
