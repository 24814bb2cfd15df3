// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/sorted_stream.h"

#include <gtest/gtest.h>

#include <random>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

std::vector<bson::Document> documents(std::initializer_list<const char*> json) {
  std::vector<bson::Document> result;
  for (const char* text : json) result.push_back(bson::from_json(text));
  return result;
}

std::vector<int> ids(DocumentStream& stream) {
  std::vector<int> result;
  while (const auto document = stream.next()) result.push_back((*document)["_id"].as_int32());
  return result;
}

SortPattern pattern(const char* json) { return SortPattern::parse(bson::from_json(json)); }

TEST(Sort, MissingIsNullAndTypesHaveAnOrder) {
  const auto stream =
      sorted(stream_of(documents({R"({"_id":1,"a":"x"})", R"({"_id":2,"a":5})", R"({"_id":3})",
                                  R"({"_id":4,"a":{"b":1}})", R"({"_id":5,"a":null})",
                                  R"({"_id":6,"a":true})"})),
             pattern(R"({"a":1})"));
  EXPECT_EQ(ids(*stream), (std::vector<int>{3, 5, 2, 1, 4, 6}));
}

TEST(Sort, AnArraySortsByItsLeastMemberUpAndItsGreatestDown) {
  const auto input = documents({R"({"_id":1,"a":[5,1]})", R"({"_id":2,"a":3})",
                                R"({"_id":3,"a":[]})", R"({"_id":4,"a":[2,9]})", R"({"_id":5})"});
  EXPECT_EQ(ids(*sorted(stream_of(input), pattern(R"({"a":1})"))),
            (std::vector<int>{3, 5, 1, 4, 2}));
  EXPECT_EQ(ids(*sorted(stream_of(input), pattern(R"({"a":-1})"))),
            (std::vector<int>{4, 1, 2, 5, 3}));
}

TEST(Sort, SeveralPartsDecideInTurnAndTiesKeepTheirOrder) {
  const auto stream = sorted(
      stream_of(documents({R"({"_id":1,"a":1,"b":{"c":1}})", R"({"_id":2,"a":1,"b":{"c":2}})",
                           R"({"_id":3,"a":0,"b":{"c":1}})", R"({"_id":4,"a":1,"b":{"c":2}})"})),
      pattern(R"({"a":1,"b.c":-1})"));
  EXPECT_EQ(ids(*stream), (std::vector<int>{3, 2, 4, 1}));
}

TEST(Sort, ALimitKeepsTheFirstOfTheWholeOrder) {
  std::mt19937 random(7);
  std::vector<bson::Document> input;
  for (int i = 0; i < 500; ++i) {
    input.push_back(bson::doc("_id", i, "a", static_cast<std::int32_t>(random() % 50)));
  }
  auto all = ids(*sorted(stream_of(input), pattern(R"({"a":1})")));
  all.resize(20);
  EXPECT_EQ(ids(*sorted(stream_of(input), pattern(R"({"a":1})"), 20)), all);
}

TEST(Sort, MoreThanTheMemoryLimitFails) {
  std::vector<bson::Document> input;
  for (int i = 0; i < 100; ++i) input.push_back(bson::doc("_id", i, "t", std::string(1000, 'x')));
  const auto whole = sorted(stream_of(input), pattern(R"({"_id":-1})"), {}, 50'000);
  EXPECT_THROW(whole->next(), Error);
  const auto few = sorted(stream_of(input), pattern(R"({"_id":-1})"), 3, 50'000);
  EXPECT_EQ(ids(*few), (std::vector<int>{99, 98, 97}));
}

TEST(Sort, FaultyPatternsAreRefused) {
  for (const char* json : {R"({"a":2})", R"({"a":"x"})", R"({"a":{"$meta":"textScore"}})",
                           R"({"":1})", R"({"a..b":1})", R"({"$a":1})"}) {
    EXPECT_THROW(pattern(json), Error) << json;
  }
}

}  // namespace
}  // namespace quern::query
