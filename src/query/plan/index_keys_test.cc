// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/index_keys.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::query {
namespace {

struct Listed {
  std::string keys;  // [[part, …], …]
  bool multikey;
  bool all_missing;
};

Listed list(const char* pattern, const char* document) {
  const bson::Document d = bson::from_json(document);
  bson::Builder out;
  out.open_array("k");
  const auto outcome = IndexKeyPattern(bson::from_json(pattern)).keys(d, [&](auto key) {
    out.push_array();
    for (const bson::ValueView part : key) {
      // JSON has no undefined worth reading.
      if (part.type() == bson::Type::kUndefined) {
        out.push("undefined");
      } else {
        out.push(part);
      }
    }
    out.close();
  });
  out.close();
  std::string json = bson::to_json(out.finish());
  std::erase(json, ' ');
  return {json.substr(5, json.size() - 6), outcome.multikey, outcome.all_missing};
}

TEST(IndexKeys, AScalarIsOneKeyAndAMissingFieldNull) {
  EXPECT_EQ(list(R"({"a":1})", R"({"a":5})").keys, "[[5]]");
  EXPECT_FALSE(list(R"({"a":1})", R"({"a":5})").multikey);
  EXPECT_EQ(list(R"({"a":1})", R"({})").keys, "[[null]]");
  EXPECT_TRUE(list(R"({"a":1})", R"({})").all_missing);
  EXPECT_FALSE(list(R"({"a":1})", R"({"a":null})").all_missing);
  EXPECT_EQ(list(R"({"a.b":1})", R"({"a":5})").keys, "[[null]]");
  EXPECT_EQ(list(R"({"a":1,"b":-1})", R"({"b":2})").keys, "[[null,2]]");
  EXPECT_FALSE(list(R"({"a":1,"b":-1})", R"({"b":2})").all_missing);
}

TEST(IndexKeys, AnArrayIsAKeyForEachDistinctMember) {
  EXPECT_EQ(list(R"({"a":1})", R"({"a":[3,1,3.0]})").keys, "[[1],[3]]");
  EXPECT_TRUE(list(R"({"a":1})", R"({"a":[3,1]})").multikey);
  EXPECT_EQ(list(R"({"a":1})", R"({"a":[]})").keys, R"([["undefined"]])");
  EXPECT_TRUE(list(R"({"a":1})", R"({"a":[]})").multikey);
  EXPECT_EQ(list(R"({"a":1})", R"({"a":[[1,2]]})").keys, "[[[1,2]]]");
  EXPECT_EQ(list(R"({"a.b":1})", R"({"a":[{"b":1},{"c":2},7]})").keys, "[[null],[1]]");
  EXPECT_EQ(list(R"({"a.b":1})", R"({"a":[{"b":[1,2]}]})").keys, "[[1],[2]]");
  EXPECT_EQ(list(R"({"a.b":1})", R"({"a":[]})").keys, "[[null]]");
  EXPECT_EQ(list(R"({"a.1":1})", R"({"a":[7,8]})").keys, "[[8]]");
}

TEST(IndexKeys, PartsOfOneArrayStayTogether) {
  EXPECT_EQ(list(R"({"a.x":1,"a.y":1})", R"({"a":[{"x":1,"y":5},{"x":9,"y":2}]})").keys,
            "[[1,5],[9,2]]");
  EXPECT_EQ(list(R"({"a":1,"b":1})", R"({"a":[1,2],"b":7})").keys, "[[1,7],[2,7]]");
  EXPECT_EQ(list(R"({"a":1,"a.x":1})", R"({"a":[{"x":1}]})").keys, R"([[{"x":1},1]])");
  try {
    list(R"({"a":1,"b":1})", R"({"a":[1],"b":[2]})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 171);
  }
}

}  // namespace
}  // namespace quern::query
