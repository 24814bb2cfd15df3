// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/required_value.h"

#include <gmock/gmock.h>

#include "migrations/migration_operation.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;

FieldState field(std::string_view json) {
  const bson::Document document = bson::from_json(json);
  return FieldState::parse(document);
}

TEST(RequiredValue, IsNeededWhereTheDefaultIsAFault) {
  EXPECT_TRUE(needs_value(field(R"({"name": "a", "type": "string"})")));
  EXPECT_TRUE(needs_value(field(R"({"name": "a", "type": "string", "default": ""})")));
  EXPECT_TRUE(needs_value(field(R"({"name": "a", "type": "string", "encrypted": {}})")));
  EXPECT_TRUE(needs_value(
      field(R"({"name": "a", "type": "string", "choices": ["x", "y"], "default": "z"})")));
  EXPECT_TRUE(needs_value(field(R"({"name": "a", "type": "date",
                                    "default": {"$date": {"$numberLong": "-99999999999999"}}})")));
  EXPECT_TRUE(needs_value(field(R"({"name": "a", "type": "object", "fields": [
      {"name": "b", "type": "object", "fields": [{"name": "c", "type": "string"}]}]})")));
}

TEST(RequiredValue, IsNotNeededWhereNullOrTheDefaultWillDo) {
  for (
      const char* json :
      {R"({"name": "a", "type": "string", "null": true})",
       R"({"name": "a", "type": "string", "blank": true, "default": ""})",
       R"({"name": "a", "type": "string", "default": "x"})", R"({"name": "a", "type": "int"})",
       R"({"name": "a", "type": "int", "choices": [1, 2], "default": 2})",
       R"({"name": "a", "type": "objectId", "primary_key": true})",
       R"({"name": "a", "type": "array", "embedded": "B", "fields": [{"name": "c", "type": "string"}]})",
       R"({"name": "a", "type": "object", "null": true, "fields": [{"name": "c", "type": "string"}]})"}) {
    EXPECT_FALSE(needs_value(field(json))) << json;
  }
}

TEST(RequiredValue, IsReadAsTheFieldsType) {
  const auto parsed = [](std::string_view text, std::string_view type) {
    return parse_value(text, field(R"({"name": "a", "type": ")" + std::string(type) + "\"}"));
  };
  EXPECT_EQ(parsed("5", "string"), bson::Value::of("5"));
  EXPECT_EQ(parsed("5", "int"), bson::Value::of(std::int32_t{5}));
  EXPECT_EQ(parsed("5", "long"), bson::Value::of(std::int64_t{5}));
  EXPECT_EQ(parsed("5", "double"), bson::Value::of(5.0));
  EXPECT_EQ(parsed("5.25", "decimal"), bson::Value::of(bson::Decimal128::parse("5.25")));
  EXPECT_EQ(parsed("true", "bool"), bson::Value::of(true));
  EXPECT_EQ(parsed("1970-01-02", "date"), bson::Value::of(bson::Date{86400000}));
  EXPECT_EQ(parsed("1970-01-02T00:00:01Z", "date"), bson::Value::of(bson::Date{86401000}));
  for (const auto& [text, type] :
       {std::pair("x", "int"), std::pair("5.5", "long"), std::pair("1, \"b\": 2", "int"),
        std::pair("yes", "bool"), std::pair("tomorrow", "date"), std::pair("", "decimal")}) {
    EXPECT_THROW(parsed(text, type), Error) << text;
  }
}

TEST(RequiredValue, MustBeOneThatValidationTakes) {
  const auto fault = [](std::string_view text, std::string_view json) -> std::string {
    try {
      parse_value(text, field(json));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  constexpr std::string_view kText = R"({"name": "a", "type": "string", "max_length": 3})";
  EXPECT_EQ(fault("äöü", kText), "");
  EXPECT_EQ(fault("äöüx", kText), "it may have at most 3 characters");
  EXPECT_EQ(fault("", kText), "it cannot be blank");
  constexpr std::string_view kChoice = R"({"name": "a", "type": "string", "choices": ["x", "y"]})";
  EXPECT_EQ(fault("y", kChoice), "");
  EXPECT_THAT(fault("z", kChoice), HasSubstr("one of"));
  constexpr std::string_view kDecimal =
      R"({"name": "a", "type": "decimal", "max_digits": 4, "decimal_places": 2})";
  EXPECT_EQ(fault("12.34", kDecimal), "");
  EXPECT_EQ(fault("-0.5", kDecimal), "");
  EXPECT_THAT(fault("123.4", kDecimal), HasSubstr("4 digits, 2 of them after the point"));
  EXPECT_THAT(fault("1.234", kDecimal), HasSubstr("4 digits"));
  EXPECT_THAT(fault("NaN", kDecimal), HasSubstr("4 digits"));
}

TEST(RequiredValue, InAFileItHasTheTypesOfTheFieldsMembers) {
  const bson::Document document = bson::from_json(R"({"op": "AddField", "model": "A",
      "field": {"name": "s", "type": "object", "embedded": "S",
                "fields": [{"name": "n", "type": "long"}, {"name": "t", "type": "string"}]},
      "value": {"n": 5, "t": "x"}})");
  const bson::Document again = to_bson(*parse_operation(document));
  EXPECT_EQ(again.view().at_path("value.n").as_int64(), 5);
  const bson::Document wrong = bson::from_json(R"({"op": "AddField", "model": "A",
      "field": {"name": "s", "type": "string"}, "value": 5})");
  EXPECT_THAT([&] { parse_operation(wrong); },
              Throws<Error>(Property(&Error::what, HasSubstr("the \"value\" of AddField must be of "
                                                             "the type of field s, string"))));
}

}  // namespace
}  // namespace quern::migrations
