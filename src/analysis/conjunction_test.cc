// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Fields that are found by order, shown with a query type that no other file knows: its row is all
// that the analysis needs.
#include "analysis/conjunction.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/analyse.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::analysis {
namespace {

using schema::OrderOperator;

constexpr bson::BlobFacts kFindOrdered{static_cast<bson::BlobSubtype>(202), "FindOrderedPayload",
                                       bson::BlobRole::kFindPayload, 2,
                                       bson::BlobLayout::kDocument};
constexpr bson::BlobFacts kOrderedValue{
    static_cast<bson::BlobSubtype>(203),
    "OrderedValue",
    bson::BlobRole::kValue,
    2,
    bson::BlobLayout::kBlockCount,
    {bson::Type::kInt32, bson::Type::kDouble, bson::Type::kDecimal128}};
constexpr schema::AlgorithmFacts kOrdered{
    .algorithm = static_cast<schema::Algorithm>(101),
    .name = "ordered",
    .stored = kOrderedValue.subtype,
    .find = kFindOrdered.subtype,
    .supported = true,
};
constexpr schema::QueryType kOrderedType{
    "ordered", kOrdered.algorithm, schema::Standing::kStable,
    schema::kAnswersEquality | schema::kAnswersOrder,
    [](const schema::EncryptedField&, const schema::DeclaredQuery&) {}};

const SchemaMap& schemas() {
  static const SchemaMap map = [] {
    bson::add_blob_facts(kFindOrdered);
    bson::add_blob_facts(kOrderedValue);
    schema::add_query_type(kOrderedType, kOrdered);
    std::string fields;
    int key = 0;
    for (const auto& [path, type] : {std::pair("n", "int"), std::pair("m", "int"),
                                     std::pair("d", "double"), std::pair("e", "decimal")}) {
      fields += fmt::format(
          R"({}{{"keyId": {{"$uuid": "00000000-0000-4000-8000-{:012}"}}, "path": "{}", )"
          R"("bsonType": "{}", "queries": {{"queryType": "ordered"}}}})",
          fields.empty() ? "" : ", ", key++, path, type);
    }
    SchemaMap result;
    const bson::Document document = bson::from_json(R"({"fields": [)" + fields + "]}");
    result.emplace("db.c", schema::EncryptedFields::parse(document.view(), "c"));
    return result;
  }();
  return map;
}

std::string shown(OrderOperator op) {
  constexpr const char* kNames[] = {"", ">", ">=", "<", "<="};
  return kNames[static_cast<int>(op)];
}

// Writes "#0 n [3, 7) >= <" where an interval is asked for, "#0 >= <" at its second place.
class ReadableSink final : public MarkingSink {
 public:
  void append(const schema::Marking& marking, std::string_view key, bson::Builder& out) override {
    if (marking.kind == schema::EncryptionPlaceholder::kInsert) {
      out.append(key, fmt::format("insert {}", shown(marking.value)));
      return;
    }
    ASSERT_NE(marking.interval, nullptr);
    EXPECT_TRUE(marking.value.missing());
    const schema::Interval& interval = *marking.interval;
    std::string text = fmt::format("#{}", interval.id);
    if (!marking.is_stub) {
      text += fmt::format(" {} {}{}, {}{}", marking.field.path, interval.lower.included ? '[' : '(',
                          shown(interval.lower.value), shown(interval.upper.value),
                          interval.upper.included ? ']' : ')');
    }
    text += " " + shown(interval.first);
    if (interval.second != OrderOperator::kNone) text += " " + shown(interval.second);
    out.append(key, text);
  }

 private:
  using T = bson::Type;
  static std::string shown(OrderOperator op) { return analysis::shown(op); }
  static std::string shown(bson::ValueView value) {
    if (value.missing()) return "";
    return value.type() == T::kInt32 ? std::to_string(value.as_int32()) : "?";
  }
};

bson::Document analysed(std::string_view filter) {
  const bson::Document command =
      bson::from_json(fmt::format(R"({{"find": "c", "filter": {}}})", filter));
  ReadableSink sink;
  return analyse(Subject("db", command), schemas(), sink).result;
}

void expect_filter(std::string_view filter, std::string_view expected) {
  EXPECT_EQ(bson::to_json(analysed(filter)["filter"].as_document()),
            bson::to_json(bson::from_json(expected)));
}
void expect_refused(std::string_view filter, std::string_view text) {
  try {
    ADD_FAILURE() << bson::to_json(analysed(filter));
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find(text), std::string_view::npos) << error.what();
  }
}

TEST(Conjunction, OneBoundIsAnIntervalThatIsOpenOnTheOtherSide) {
  expect_filter(R"({"n": {"$gt": 3}})", R"({"n": {"$gt": "#0 n (3, ] >"}})");
  expect_filter(R"({"n": {"$gte": 3}})", R"({"n": {"$gte": "#0 n [3, ] >="}})");
  expect_filter(R"({"n": {"$lt": 3}})", R"({"n": {"$lt": "#0 n [, 3) <"}})");
  expect_filter(R"({"n": {"$lte": 3}})", R"({"n": {"$lte": "#0 n [, 3] <="}})");
}

TEST(Conjunction, BothBoundsOfAFieldArriveTogether) {
  expect_filter(R"({"n": {"$gte": 3, "$lt": 7}})",
                R"({"$and": [{"n": {"$gte": "#0 n [3, 7) >= <"}}, {"n": {"$lt": "#0 >= <"}}]})");
  expect_filter(R"({"n": {"$lte": 7, "$gt": 3}})",
                R"({"$and": [{"n": {"$lte": "#0 n (3, 7] <= >"}}, {"n": {"$gt": "#0 <= >"}}]})");
}

TEST(Conjunction, BoundsAreJoinedThroughAnd) {
  expect_filter(R"({"$and": [{"n": {"$gte": 3}}, {"n": {"$lt": 7}}]})",
                R"({"$and": [{"n": {"$gte": "#0 n [3, 7) >= <"}}, {"n": {"$lt": "#0 >= <"}}]})");
  expect_filter(R"({"n": {"$gt": 3}, "$and": [{"p": 1}, {"$and": [{"n": {"$lt": 7}}]}]})",
                R"({"$and": [{"n": {"$gt": "#0 n (3, 7) > <"}}, {"$and": [{"p": {"$eq": 1}},
                     {"$and": [{"n": {"$lt": "#0 > <"}}]}]}]})");
}

TEST(Conjunction, BoundsOfDifferentFieldsAreNotJoined) {
  expect_filter(R"({"n": {"$gt": 3}, "m": {"$lt": 7}})",
                R"({"$and": [{"n": {"$gt": "#0 n (3, ] >"}}, {"m": {"$lt": "#1 m [, 7) <"}}]})");
  expect_filter(R"({"$and": [{"n": {"$gt": 1}}, {"m": {"$gt": 2}}, {"n": {"$lt": 3}}]})",
                R"({"$and": [{"n": {"$gt": "#0 n (1, 3) > <"}}, {"m": {"$gt": "#1 m (2, ] >"}},
                             {"n": {"$lt": "#0 > <"}}]})");
}

TEST(Conjunction, BoundsAreNotJoinedAcrossAlternatives) {
  for (const char* name : {"$or", "$nor"}) {
    expect_filter(
        fmt::format(R"({{"{}": [{{"n": {{"$gt": 3}}}}, {{"n": {{"$lt": 7}}}}]}})", name),
        fmt::format(
            R"({{"{}": [{{"n": {{"$gt": "#0 n (3, ] >"}}}}, {{"n": {{"$lt": "#1 n [, 7) <"}}}}]}})",
            name));
  }
  expect_filter(R"({"n": {"$gt": 3}, "$or": [{"n": {"$lt": 7}}]})",
                R"({"$and": [{"n": {"$gt": "#0 n (3, ] >"}},
                             {"$or": [{"n": {"$lt": "#1 n [, 7) <"}}]}]})");
  expect_filter(R"({"$or": [{"n": {"$gt": 3, "$lt": 7}}, {"p": 1}]})",
                R"({"$or": [{"$and": [{"n": {"$gt": "#0 n (3, 7) > <"}}, {"n": {"$lt": "#0 > <"}}]},
                            {"p": {"$eq": 1}}]})");
}

TEST(Conjunction, BoundsBelowNotAreJoinedAmongThemselves) {
  expect_filter(R"({"n": {"$not": {"$gt": 3, "$lt": 7}, "$lt": 9}})",
                R"({"$and": [{"$nor": [{"$and": [{"n": {"$gt": "#0 n (3, 7) > <"}},
                                                 {"n": {"$lt": "#0 > <"}}]}]},
                             {"n": {"$lt": "#1 n [, 9) <"}}]})");
  expect_refused(R"({"n": {"$not": 3}})", "$not needs");
}

TEST(Conjunction, MoreBoundsThanOneOnEachSideStayAlone) {
  expect_filter(R"({"n": {"$gt": 1, "$gte": 2}})",
                R"({"$and": [{"n": {"$gt": "#0 n (1, ] >"}}, {"n": {"$gte": "#1 n [2, ] >="}}]})");
  expect_filter(R"({"n": {"$gt": 1, "$gte": 2, "$lt": 3}})",
                R"({"$and": [{"n": {"$gt": "#0 n (1, ] >"}}, {"n": {"$gte": "#1 n [2, ] >="}},
                             {"n": {"$lt": "#2 n [, 3) <"}}]})");
}

TEST(Conjunction, BoundsThatLeaveNothingBetweenThemStayAlone) {
  expect_filter(
      R"({"n": {"$gte": 7, "$lte": 3}})",
      R"({"$and": [{"n": {"$gte": "#0 n [7, ] >="}}, {"n": {"$lte": "#1 n [, 3] <="}}]})");
  expect_filter(R"({"n": {"$gte": 3, "$lt": 3}})",
                R"({"$and": [{"n": {"$gte": "#0 n [3, ] >="}}, {"n": {"$lt": "#1 n [, 3) <"}}]})");
  expect_filter(R"({"n": {"$gt": 3, "$lte": 3}})",
                R"({"$and": [{"n": {"$gt": "#0 n (3, ] >"}}, {"n": {"$lte": "#1 n [, 3] <="}}]})");
  expect_filter(R"({"n": {"$gte": 3, "$lte": 3}})",
                R"({"$and": [{"n": {"$gte": "#0 n [3, 3] >= <="}}, {"n": {"$lte": "#0 >= <="}}]})");
}

TEST(Conjunction, AnEqualityIsTheIntervalOfOneValue) {
  constexpr std::string_view kOne =
      R"({"$and": [{"n": {"$gte": "#0 n [3, 3] >= <="}}, {"n": {"$lte": "#0 >= <="}}]})";
  expect_filter(R"({"n": 3})", kOne);
  expect_filter(R"({"n": {"$eq": 3}})", kOne);
  expect_filter(R"({"n": {"$ne": 3}})", fmt::format(R"({{"$nor": [{}]}})", kOne));
  expect_filter(R"({"n": {"$eq": 3, "$lt": 7}})",
                fmt::format(R"({{"$and": [{}, {{"n": {{"$lt": "#1 n [, 7) <"}}}}]}})", kOne));
}

TEST(Conjunction, AListIsAnIntervalForEachValue) {
  constexpr std::string_view kTwo =
      R"([{"$and": [{"n": {"$gte": "#0 n [3, 3] >= <="}}, {"n": {"$lte": "#0 >= <="}}]},
          {"$and": [{"n": {"$gte": "#1 n [5, 5] >= <="}}, {"n": {"$lte": "#1 >= <="}}]}])";
  expect_filter(R"({"n": {"$in": [3, 5]}})", fmt::format(R"({{"$or": {}}})", kTwo));
  expect_filter(R"({"n": {"$nin": [3, 5]}})", fmt::format(R"({{"$nor": {}}})", kTwo));
  for (const char* nothing : {R"({"n": {"$in": []}})", R"({"n": {"$nin": []}})"}) {
    expect_filter(nothing, nothing);
  }
  expect_refused(R"({"n": {"$in": 3}})", "$in needs an array");
}

TEST(Conjunction, PresenceStaysAsItIs) {
  expect_filter(R"({"n": {"$exists": true}})", R"({"n": {"$exists": true}})");
  expect_filter(R"({"n": {"$exists": true, "$lt": 7}})",
                R"({"$and": [{"n": {"$exists": true}}, {"n": {"$lt": "#0 n [, 7) <"}}]})");
}

TEST(Conjunction, WhatIsNoIntervalIsRefused) {
  constexpr std::string_view kInvalid = "Invalid match expression operator on encrypted field";
  expect_refused(R"({"n": {"$mod": [2, 0]}})", kInvalid);
  expect_refused(R"({"n": {"$gt": 3, "$type": "int"}})", kInvalid);
  expect_refused(R"({"n": {"$elemMatch": {"$gt": 3}}})", kInvalid);
  expect_refused(R"({"n": {"$regularExpression": {"pattern": "x", "options": ""}}})", kInvalid);
  expect_refused(R"({"n": null})", "Illegal equality to null predicate");
  expect_refused(R"({"n": {"$in": [3, null]}})", "Illegal equality to null inside $in");
  expect_refused(R"({"n": {"$gt": null}})", "Cannot encrypt element of type: null");
  expect_refused(R"({"n": {"$gt": 3, "$lt": {"$numberLong": "7"}}})",
                 "Cannot encrypt element of type: long");
  expect_refused(R"({"n": 1.5})", "Cannot encrypt element of type: double");
}

TEST(Conjunction, ABoundIsFinite) {
  for (const char* number : {"Infinity", "-Infinity", "NaN"}) {
    expect_refused(fmt::format(R"({{"d": {{"$lt": {{"$numberDouble": "{}"}}}}}})", number),
                   "infinite or not a number");
    expect_refused(fmt::format(R"({{"e": {{"$gt": {{"$numberDecimal": "{}"}}}}}})", number),
                   "infinite or not a number");
  }
  expect_filter(R"({"d": {"$lt": 1.5}})", R"({"d": {"$lt": "#0 d [, ?) <"}})");
  expect_filter(R"({"e": {"$lt": {"$numberDecimal": "1.5"}}})",
                R"({"e": {"$lt": "#0 e [, ?) <"}})");
}

TEST(Conjunction, ExpressionsDoNotAskForIntervals) {
  for (const char* op : {R"("$gt": ["$n", 3])", R"("$eq": ["$n", 3])", R"("$in": ["$n", [3]])"}) {
    expect_refused(fmt::format(R"({{"$expr": {{{}}}}})", op),
                   "compare it in a filter without $expr");
  }
}

}  // namespace
}  // namespace quern::analysis
