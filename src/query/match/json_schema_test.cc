// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "query/match/match.h"

namespace quern::query {
namespace {

bool accepts(const std::string& schema, const char* document) {
  const bson::Document filter = bson::from_json(R"({"$jsonSchema":)" + schema + "}");
  return Matcher::parse(filter).matches(bson::from_json(document));
}

struct Case {
  const char* schema;
  const char* document;
  bool expected;
};

TEST(JsonSchema, KeywordsApplyToValuesOfTheirType) {
  constexpr Case kCases[] = {
      {R"({"required":["a","b"]})", R"({"a":1,"b":2})", true},
      {R"({"required":["a","b"]})", R"({"a":1})", false},
      {R"({"properties":{"a":{"bsonType":"int"}}})", R"({"a":1})", true},
      {R"({"properties":{"a":{"bsonType":"int"}}})", R"({"a":"x"})", false},
      {R"({"properties":{"a":{"bsonType":"int"}}})", R"({})", true},
      {R"({"properties":{"a":{"bsonType":["int","string"]}}})", R"({"a":"x"})", true},
      {R"({"properties":{"a":{"type":"number"}}})", R"({"a":1.5})", true},
      {R"({"properties":{"a":{"type":"boolean"}}})", R"({"a":1})", false},
      {R"({"properties":{"a":{"minimum":3,"maximum":5}}})", R"({"a":5})", true},
      {R"({"properties":{"a":{"minimum":3,"exclusiveMinimum":true}}})", R"({"a":3})", false},
      {R"({"properties":{"a":{"minimum":3}}})", R"({"a":"x"})", true},
      {R"({"properties":{"a":{"multipleOf":0.5}}})", R"({"a":1.5})", true},
      {R"({"properties":{"a":{"multipleOf":2}}})", R"({"a":3})", false},
      {R"({"properties":{"a":{"minLength":2}}})", R"({"a":"é"})", false},
      {R"({"properties":{"a":{"maxLength":1}}})", R"({"a":"é"})", true},
      {R"({"properties":{"a":{"pattern":"^x"}}})", R"({"a":"yx"})", false},
      {R"({"properties":{"a":{"enum":[1,"x",null]}}})", R"({"a":null})", true},
      {R"({"properties":{"a":{"enum":[1,"x"]}}})", R"({"a":2})", false},
      {R"({"properties":{"a":{"items":{"bsonType":"int"},"minItems":1}}})", R"({"a":[1,"x"]})",
       false},
      {R"({"properties":{"a":{"items":{"bsonType":"int"},"minItems":1}}})", R"({"a":[]})", false},
      {R"({"properties":{"a":{"items":[{"bsonType":"int"}],"additionalItems":false}}})",
       R"({"a":[1,2]})", false},
      {R"({"properties":{"a":{"uniqueItems":true}}})", R"({"a":[1,1.0]})", false},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})", false},
      {R"({"patternProperties":{"^a":{"bsonType":"int"}},"additionalProperties":false})",
       R"({"ab":1})", true},
      {R"({"additionalProperties":{"bsonType":"int"}})", R"({"z":"x"})", false},
      {R"({"minProperties":2})", R"({"a":1})", false},
      {R"({"dependencies":{"a":["b"]}})", R"({"a":1})", false},
      {R"({"dependencies":{"a":{"required":["b"]}}})", R"({"c":1})", true},
      {R"({"anyOf":[{"required":["a"]},{"required":["b"]}]})", R"({"b":1})", true},
      {R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1,"b":1})", false},
      {R"({"allOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1})", false},
      {R"({"not":{"required":["a"]}})", R"({"a":1})", false},
      {R"({"properties":{"a":{"properties":{"b":{"bsonType":"object","required":["c"]}}}}})",
       R"({"a":{"b":{}}})", false},
      {R"({"title":"t","description":"d","bsonType":"object"})", R"({})", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(accepts(c.schema, c.document), c.expected) << c.schema << " on " << c.document;
  }
}

TEST(JsonSchema, WhatIsUnknownOrUnsupportedIsRefused) {
  for (const char* schema :
       {R"({"foo":1})", R"({"format":"date"})", R"({"properties":{"a":{"encrypt":{}}}})",
        R"({"required":[]})", R"({"minLength":-1})", R"({"type":"integer"})",
        R"({"bsonType":"nothing"})", R"({"exclusiveMinimum":true})", R"({"items":5})"}) {
    EXPECT_THROW(accepts(schema, "{}"), Error) << schema;
  }
}

TEST(JsonSchema, NaNIsWithinNoBounds) {
  for (const char* nan :
       {R"({"a":{"$numberDouble":"NaN"}})", R"({"a":{"$numberDecimal":"NaN"}})"}) {
    EXPECT_FALSE(accepts(R"({"properties":{"a":{"maximum":5}}})", nan));
    EXPECT_FALSE(accepts(R"({"properties":{"a":{"minimum":5}}})", nan));
    EXPECT_FALSE(accepts(R"({"properties":{"a":{"maximum":5,"exclusiveMaximum":true}}})", nan));
  }
  EXPECT_TRUE(accepts(R"({"properties":{"a":{"maximum":{"$numberDouble":"Infinity"}}}})",
                      R"({"a":{"$numberDouble":"Infinity"}})"));
}

TEST(JsonSchema, MultiplesOfAFractionAreThoseOfItsDecimals) {
  EXPECT_TRUE(accepts(R"({"properties":{"a":{"multipleOf":0.1}}})", R"({"a":0.3})"));
  EXPECT_FALSE(accepts(R"({"properties":{"a":{"multipleOf":0.1}}})", R"({"a":0.35})"));
  EXPECT_TRUE(
      accepts(R"({"properties":{"a":{"multipleOf":{"$numberDecimal":"0.1"}}}})", R"({"a":0.3})"));
  EXPECT_FALSE(accepts(R"({"properties":{"a":{"multipleOf":0.1}}})",
                       R"({"a":{"$numberDouble":"Infinity"}})"));
}

}  // namespace
}  // namespace quern::query
