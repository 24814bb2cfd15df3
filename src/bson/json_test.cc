// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/json.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"

namespace quern::bson {
namespace {

TEST(FromJson, EmptyTextIsAnErrorAndNoCrash) {
  EXPECT_THROW(from_json({}), Error);
  EXPECT_THROW(from_json(" "), Error);
}

TEST(FromJson, TakesOneDocumentAndNothingBehindIt) {
  EXPECT_EQ(from_json("{\"a\": 1} \r\n\t"), from_json("{\"a\": 1}"));
  for (const char* text : {"{\"a\": 1} {\"b\": 2}", "{\"a\": 1}{", "{\"a\": 1}}", "{\"a\": 1} x",
                           "{\"a\": 1", " ", "[1][2]"}) {
    EXPECT_THROW(from_json(text), Error) << text;
  }
}

TEST(ToJson, CanonicalTextReadsBackToTheSameBytes) {
  const Document document =
      doc("i", 1, "l", std::int64_t{2}, "d", 2.5, "date", Date{-5}, "text", "é\n\"", "b", true,
          "nested", doc("n", Null{}), "list", array(1, "x"));
  EXPECT_EQ(from_json(to_json(document.view(), JsonMode::kCanonical)), document);
}

TEST(ToPrettyJson, IndentsWithoutChangingStrings) {
  const Document document = doc("a", doc("b", "{x, \"y\": [1]}"), "empty", doc(), "list", array(1));
  EXPECT_EQ(to_pretty_json(document.view()),
            "{\n  \"a\": {\n    \"b\": \"{x, \\\"y\\\": [1]}\"\n  },\n  \"empty\": {},\n"
            "  \"list\": [\n    1\n  ]\n}");
  EXPECT_EQ(from_json(to_pretty_json(document.view())), document);
}

TEST(FromJson, AFaultInATextOfSeveralLinesIsToldWithItsLine) {
  const auto fault = [](std::string_view text) -> std::string {
    try {
      from_json(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_TRUE(fault("{\n\"a\": 1\n\"b\": 2}").starts_with("not Extended JSON: line 3: "));
  EXPECT_TRUE(fault("{\n\"a\": 1,\n").starts_with("not Extended JSON: line 3: Incomplete"));
  EXPECT_EQ(fault("{\"a\": }").find("line"), std::string::npos);
}

}  // namespace
}  // namespace quern::bson
