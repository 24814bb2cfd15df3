// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/validate.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/encrypted_collection.h"

namespace quern::engine::qe {
namespace {

using bson::array;
using bson::doc;
using bson::Document;
using bson::Value;
using testing::code_of;

class ImplicitSchema : public testing::EncryptedCollection {
 protected:
  int check(const Document& document) {
    return code_of([&] { validate_document(fields, document); });
  }
  // A blob of that kind that claims to hold a value of that type.
  static Value stored(std::uint8_t kind, bson::Type type) {
    Bytes blob(160, 0);
    blob[0] = kind;
    blob[17] = static_cast<std::uint8_t>(type);
    return binary(blob);
  }
  std::string info(const Document& document) {
    try {
      validate_document(fields, document);
    } catch (const Error& error) {
      return bson::to_json(Document::parse(error.error_info()));
    }
    return {};
  }
};

TEST_F(ImplicitSchema, AcceptsAbsentFields) {
  EXPECT_EQ(check(doc("_id", 1)), 0);
  EXPECT_EQ(check(doc("_id", 1, "card", doc("other", 1))), 0);
  EXPECT_EQ(check(doc("_id", 1, "card", 5)), 0);
}

TEST_F(ImplicitSchema, AcceptsStoredValuesOfTheFieldsType) {
  for (const std::uint8_t kind : {6, 7, 9, 14, 15, 16, 17}) {
    EXPECT_EQ(check(doc("ssn", stored(kind, bson::Type::kString))), 0) << int{kind};
  }
  EXPECT_EQ(check(doc("card", doc("number", stored(14, bson::Type::kInt64)))), 0);
}

TEST_F(ImplicitSchema, RefusesEverythingElse) {
  EXPECT_EQ(check(doc("ssn", "123-45-6789")), 121);
  EXPECT_EQ(check(doc("ssn", bson::Null{})), 121);
  for (const std::uint8_t kind : {0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 13, 18, 99}) {
    EXPECT_EQ(check(doc("ssn", stored(kind, bson::Type::kString))), 121) << int{kind};
  }
  EXPECT_EQ(check(doc("ssn", stored(14, bson::Type::kInt64))), 121);
  EXPECT_EQ(check(doc("ssn", binary(Bytes{14}))), 121);
  EXPECT_EQ(check(doc("card", doc("number", std::int64_t{5}))), 121);
  EXPECT_EQ(check(doc("card", array(doc("number", stored(14, bson::Type::kInt64))))), 121);
}

TEST_F(ImplicitSchema, RefusesBytesThatCanBeNoStoredValue) {
  const auto check_size = [&](std::uint8_t kind, std::size_t size) {
    Bytes blob(size, 0);
    blob[0] = kind;
    blob[17] = static_cast<std::uint8_t>(bson::Type::kString);
    return check(doc("ssn", binary(blob)));
  };
  EXPECT_EQ(check_size(14, 18 + 17 + 96), 0);
  EXPECT_EQ(check_size(14, 18 + 17 + 95), 121);
  EXPECT_EQ(check_size(16, 18 + 64), 0);
  EXPECT_EQ(check_size(16, 18 + 63), 121);
}

// {ssn: first, ssn: second}
Document twice(const Value& first, const Value& second) {
  bson::Builder b;
  b.append("ssn", first).append("ssn", second);
  return b.finish();
}

TEST_F(ImplicitSchema, LooksAtEveryMemberOfTheName) {
  const Value value = stored(16, bson::Type::kString);
  EXPECT_EQ(check(twice(value, value)), 0);
  EXPECT_EQ(check(twice(value, Value::of("PLAINTEXT"))), 121);
  EXPECT_EQ(check(twice(Value::of("PLAINTEXT"), value)), 121);
  bson::Builder b;
  b.append("card", doc("number", stored(14, bson::Type::kInt64)));
  b.append("card", doc("number", std::int64_t{4711}));
  EXPECT_EQ(check(b.finish()), 121);
}

TEST_F(ImplicitSchema, RefusesAFieldNameWithDotsThatSpellsAPath) {
  const Value value = stored(14, bson::Type::kInt64);
  EXPECT_EQ(check(doc("card.number", value)), 121);
  EXPECT_EQ(check(doc("card.number", std::int64_t{5})), 121);
  EXPECT_EQ(check(doc("card.numbers", 5)), 0);
  EXPECT_EQ(check(doc("card", doc("card.number", 5))), 0) << "no path begins there";
  EXPECT_THAT(info(doc("card.number", std::int64_t{98765})),
              ::testing::AllOf(::testing::HasSubstr("spells the path"),
                               ::testing::Not(::testing::HasSubstr("98765"))));
}

TEST_F(ImplicitSchema, ExplainsAPlainValueWithoutShowingIt) {
  EXPECT_EQ(info(doc("_id", 1, "ssn", "123-45-6789")), bson::to_json(bson::from_json(R"({
    "failingDocumentId": 1,
    "details": {"operatorName": "implicitFLESchema", "schemaRulesNotSatisfied": [
      {"operatorName": "properties", "propertiesNotSatisfied": [
        {"propertyName": "ssn", "details": [
          {"operatorName": "fle2Encrypt", "reason": "value was not encrypted"}]}]}]}})")));
}

TEST_F(ImplicitSchema, ExplainsNestedFieldsAndWrongTypes) {
  EXPECT_EQ(info(doc("_id", 1, "card", doc("number", stored(14, bson::Type::kString)))),
            bson::to_json(bson::from_json(R"({
    "failingDocumentId": 1,
    "details": {"operatorName": "implicitFLESchema", "schemaRulesNotSatisfied": [
      {"operatorName": "properties", "propertiesNotSatisfied": [
        {"propertyName": "card", "details": [
          {"operatorName": "properties", "propertiesNotSatisfied": [
            {"propertyName": "number", "details": [
              {"operatorName": "fle2Encrypt",
               "reason": "Queryable Encryption encrypted value has wrong type"}]}]}]}]}]}})")));
}

TEST_F(ImplicitSchema, ExplainsAnArrayOnTheWay) {
  EXPECT_EQ(info(doc("_id", 1, "card", array(1))), bson::to_json(bson::from_json(R"({
    "failingDocumentId": 1,
    "details": {"operatorName": "implicitFLESchema", "schemaRulesNotSatisfied": [
      {"operatorName": "properties", "propertiesNotSatisfied": [
        {"propertyName": "card", "details": [
          {"operatorName": "type", "specifiedAs": {"type": "array"}, "reason": "type did match",
           "consideredType": "array"}]}]}]}})")));
}

TEST(PlainWrites, MayNotBringTags) {
  EXPECT_EQ(code_of([] { check_plain_insert(doc("_id", 1)); }), 0);
  EXPECT_EQ(code_of([] { check_plain_insert(doc("_id", 1, "__safeContent__", array())); }), 2);
}

TEST(PlainWrites, MayNotAddASecondArrayOfTags) {
  const Document tagged = doc("_id", 1, "__safeContent__", array("t"));
  bson::Builder two;
  two.append_all(tagged).append("__safeContent__", array("u"));
  EXPECT_EQ(code_of([&] { check_plain_update(tagged, two.finish()); }), 2);
}

TEST(PlainWrites, MustKeepTheTags) {
  const Document tagged = doc("_id", 1, "__safeContent__", array("t"));
  EXPECT_EQ(code_of([&] { check_plain_update(tagged, tagged); }), 0);
  EXPECT_EQ(code_of([&] { check_plain_update(tagged, doc("_id", 1)); }), 2);
  EXPECT_EQ(code_of([&] { check_plain_update(doc("_id", 1), tagged); }), 2);
  EXPECT_EQ(
      code_of([&] { check_plain_update(tagged, doc("_id", 1, "__safeContent__", array("u"))); }),
      2);
}

}  // namespace
}  // namespace quern::engine::qe
