// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/difference.h"

#include <gtest/gtest.h>

#include "quern/bson/json.h"

namespace quern::schema {
namespace {

constexpr std::string_view kKeyA = R"("keyId": {"$uuid": "00000000-0000-4000-8000-00000000000a"})";
constexpr std::string_view kKeyB = R"("keyId": {"$uuid": "00000000-0000-4000-8000-00000000000b"})";

std::string field(std::string_view path, std::string_view key, std::string_view rest) {
  return "{" + std::string(key) + R"(, "path": ")" + std::string(path) + R"(", )" +
         std::string(rest) + "}";
}

EncryptedFields parse(const std::string& fields) {
  return EncryptedFields::parse(bson::from_json(R"({"fields": [)" + fields + "]}"), "c");
}

const std::string kSsn =
    field("ssn", kKeyA, R"("bsonType": "string", "queries": {"queryType": "equality"})");
const std::string kNote = field("note", kKeyB, R"("bsonType": "string")");

std::string drift(const std::string& pinned, const std::string& claimed) {
  return schema_difference(parse(pinned), parse(claimed));
}

TEST(SchemaDifference, EqualSchemasHaveNone) {
  EXPECT_EQ(drift(kSsn + "," + kNote, kSsn + "," + kNote), "");
}

TEST(SchemaDifference, OrderMakesNoDifference) {
  EXPECT_EQ(drift(kSsn + "," + kNote, kNote + "," + kSsn), "");
}

TEST(SchemaDifference, AWrittenOutDefaultMakesNoDifference) {
  EXPECT_EQ(drift(kSsn, field("ssn", kKeyA,
                              R"("bsonType": "string",
                                 "queries": [{"queryType": "equality", "contention": 8}])")),
            "");
}

TEST(SchemaDifference, AMissingFieldIsWeaker) {
  EXPECT_EQ(drift(kSsn + "," + kNote, kNote), "field 'ssn' is not encrypted there");
}

TEST(SchemaDifference, AFurtherFieldIsDrift) {
  EXPECT_EQ(drift(kSsn, kSsn + "," + kNote), "field 'note' is encrypted there only");
}

TEST(SchemaDifference, AFurtherFieldMayBeAllowedButNotALesser) {
  EXPECT_EQ(schema_difference(parse(kSsn), parse(kSsn + "," + kNote), true), "");
  EXPECT_EQ(schema_difference(parse(kSsn + "," + kNote), parse(kSsn), true),
            "field 'note' is not encrypted there");
}

TEST(SchemaDifference, AnotherKeyIsDrift) {
  EXPECT_EQ(drift(kNote, field("note", kKeyA, R"("bsonType": "string")")),
            "field 'note' has another keyId there");
}

TEST(SchemaDifference, AnotherTypeIsDrift) {
  EXPECT_EQ(drift(kNote, field("note", kKeyB, R"("bsonType": "int")")),
            "field 'note' has bsonType 'int' there instead of 'string'");
}

TEST(SchemaDifference, AnotherQueryIsDrift) {
  EXPECT_EQ(drift(kSsn, field("ssn", kKeyA, R"("bsonType": "string")")),
            "field 'ssn' has no 'equality' query there");
  EXPECT_EQ(drift(field("ssn", kKeyA, R"("bsonType": "string")"), kSsn),
            "field 'ssn' has more queries there");
}

TEST(SchemaDifference, AnotherContentionIsDrift) {
  EXPECT_EQ(drift(kSsn, field("ssn", kKeyA,
                              R"("bsonType": "string",
                                 "queries": {"queryType": "equality", "contention": 0})")),
            "field 'ssn' has other 'equality' query options there");
}

}  // namespace
}  // namespace quern::schema
