// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/document.h"

#include <gtest/gtest.h>

#include <limits>

#include "quern/bson/json.h"

namespace quern::bson {
namespace {

TEST(Builder, ReservedRoomChangesNothing) {
  Builder builder;
  builder.append("a", 1).reserve(1000).append("b", 2);
  EXPECT_EQ(builder.finish(), doc("a", 1, "b", 2));
}

TEST(Builder, WritesTheBytesOfTheSpecification) {
  // The example of bsonspec.org: {"hello": "world"}.
  EXPECT_EQ(to_hex(doc("hello", "world").bytes()), "160000000268656c6c6f0006000000776f726c640000");
}

TEST(Builder, NestsDocumentsAndArrays) {
  Builder builder;
  builder.open_document("a").append("b", 1).close();
  builder.open_array("c").push(2).push("x").push_document().append("d", true).close().close();
  EXPECT_EQ(builder.finish(), from_json(R"({"a": {"b": 1}, "c": [2, "x", {"d": true}]})"));
}

TEST(Builder, IsReusableAfterFinish) {
  Builder builder;
  builder.append("a", 1);
  builder.finish();
  EXPECT_EQ(builder.append("b", 2).finish(), doc("b", 2));
}

TEST(Builder, RefusesAKeyWithNul) {
  Builder builder;
  EXPECT_THROW(builder.append(std::string_view("a\0b", 3), 1), Error);
}

TEST(Builder, RefusesToFinishWhileANestedDocumentIsOpen) {
  Builder builder;
  builder.open_document("a");
  EXPECT_THROW(builder.finish(), Error);
}

TEST(Builder, AppendingAMissingValueAddsNothing) { EXPECT_TRUE(doc("a", ValueView()).empty()); }

TEST(View, ReadsEveryType) {
  const std::uint8_t raw[] = {1, 2, 3};
  const ObjectId oid = ObjectId::generate();
  const Uuid uuid = Uuid::random();
  const Document d =
      doc("double", 1.5, "string", "text", "document", doc("x", 1), "binary",
          Binary{BinarySubtype::kGeneric, raw}, "oid", oid, "bool", true, "date", Date{-5}, "null",
          Null{}, "regex", Regex{"^a", "i"}, "pointer", DbPointer{"db.c", oid}, "code", Code{"f()"},
          "symbol", Symbol{"s"}, "int", 7, "timestamp", Timestamp{.increment = 2, .seconds = 1},
          "long", std::int64_t{1} << 40, "decimal", Decimal128::parse("1.50"), "uuid", uuid, "min",
          MinKey{}, "max", MaxKey{});
  EXPECT_EQ(d["double"].as_double(), 1.5);
  EXPECT_EQ(d["string"].as_string(), "text");
  EXPECT_EQ(d["document"].as_document()["x"].as_int32(), 1);
  EXPECT_TRUE(equal(d["binary"].as_binary().bytes, raw));
  EXPECT_EQ(d["oid"].as_object_id(), oid);
  EXPECT_TRUE(d["bool"].as_bool());
  EXPECT_EQ(d["date"].as_date().milliseconds, -5);
  EXPECT_TRUE(d["null"].is_null());
  EXPECT_EQ(d["regex"].as_regex().pattern, "^a");
  EXPECT_EQ(d["regex"].as_regex().options, "i");
  EXPECT_EQ(d["pointer"].as_db_pointer().ns, "db.c");
  EXPECT_EQ(d["pointer"].as_db_pointer().id, oid);
  EXPECT_EQ(d["code"].as_code(), "f()");
  EXPECT_EQ(d["symbol"].as_symbol(), "s");
  EXPECT_EQ(d["int"].as_int32(), 7);
  EXPECT_EQ(d["timestamp"].as_timestamp().seconds, 1u);
  EXPECT_EQ(d["long"].as_int64(), std::int64_t{1} << 40);
  EXPECT_EQ(d["decimal"].as_decimal().to_string(), "1.50");
  EXPECT_EQ(d["uuid"].as_uuid(), uuid);
  EXPECT_EQ(d["min"].type(), Type::kMinKey);
  EXPECT_EQ(d["max"].type(), Type::kMaxKey);
  EXPECT_TRUE(d["absent"].missing());
  EXPECT_NO_THROW(validate(d.bytes()));
}

TEST(View, TypedAccessNamesBothTypes) {
  const Document d = doc("a", 1);
  try {
    (void)d["a"].as_string();
    FAIL() << "an int was read as a string";
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kTypeMismatch));
    EXPECT_STREQ(error.what(), "expected a value of type 'string', found 'int'");
  }
}

TEST(View, FollowsDottedPathsThroughDocumentsAndArrays) {
  const Document d = from_json(R"({"a": {"b": [{"c": 5}]}})");
  EXPECT_EQ(d.view().at_path("a.b.0.c").as_int32(), 5);
  EXPECT_TRUE(d.view().at_path("a.x.c").missing());
  EXPECT_TRUE(d.view().at_path("a.b.0.c.d").missing());
}

TEST(Value, OwnsAValueOfAnyType) {
  const Value text = Value::of("abc");
  EXPECT_EQ(text.view().as_string(), "abc");
  EXPECT_EQ(to_hex(Value::of(1).view().bytes()), "01000000");
  EXPECT_EQ(array(1, 2).view().as_array().count(), 2u);
}

TEST(ValueView, WholeNumbersAreFoundInEveryNumericType) {
  EXPECT_EQ(Value::of(3).view().whole_number(), 3);
  EXPECT_EQ(Value::of(3.0).view().whole_number(), 3);
  EXPECT_EQ(Value::of(Decimal128::parse("3.00")).view().whole_number(), 3);
  EXPECT_EQ(Value::of(3.5).view().whole_number(), std::nullopt);
  EXPECT_EQ(Value::of(1e300).view().whole_number(), std::nullopt);
  EXPECT_EQ(Value::of(Decimal128::parse("9223372036854775808")).view().whole_number(),
            std::nullopt);
  EXPECT_EQ(Value::of(Decimal128::parse("-9223372036854775808")).view().whole_number(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value::of("3").view().whole_number(), std::nullopt);
}

TEST(Json, RoundTripsCanonically) {
  const std::string json =
      R"({ "a" : { "$numberLong" : "5" }, "b" : { "$binary" : { "base64" : "AQID", "subType" : "04" } } })";
  EXPECT_EQ(to_json(from_json(json), JsonMode::kCanonical), json);
}

TEST(Json, PrettyTextParsesToTheSameDocument) {
  const Document d = from_json(R"({"a": {"b": [1, {"c": "x, {y} \"q\" : z"}]}, "e": {}, "f": []})");
  const std::string pretty = to_pretty_json(d);
  EXPECT_EQ(from_json(pretty), d);
  EXPECT_NE(pretty.find("\n    \"b\": [\n"), pretty.npos) << pretty;
}

TEST(Json, SaysWhereTextIsMalformed) { EXPECT_THROW(from_json("{\"a\": }"), Error); }

}  // namespace
}  // namespace quern::bson
