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

TEST(SchemaDifference, EveryOptionOfAQueryMayDrift) {
  const auto drifts = [](const std::string& type, const std::string& query,
                         const std::string& options, const std::string& given,
                         const std::string& other) {
    const auto schema = [&](const std::string& all) {
      return field("a", kKeyA,
                   "\"bsonType\": \"" + type + R"(", "queries": {"queryType": ")" + query + "\"" +
                       all + "}");
    };
    std::string changed = options;
    changed.replace(changed.find(given), given.size(), other);
    EXPECT_EQ(drift(schema(options), schema(options)), "");
    EXPECT_EQ(drift(schema(options), schema(changed)),
              "field 'a' has other '" + query + "' query options there")
        << given;
  };
  const std::string range = R"(, "min": 0.5, "max": 9.5, "precision": 1, "sparsity": 2,
                                "trimFactor": 1, "contention": 4)";
  for (const auto& [given, other] :
       {std::pair(R"("min": 0.5)", R"("min": 0.0)"), std::pair(R"("max": 9.5)", R"("max": 9.0)"),
        std::pair(R"("precision": 1)", R"("precision": 2)"),
        std::pair(R"("sparsity": 2)", R"("sparsity": 3)"),
        std::pair(R"("trimFactor": 1)", R"("trimFactor": 2)"),
        std::pair(R"("contention": 4)", R"("contention": 5)")}) {
    drifts("double", "range", range, given, other);
  }
  drifts("int", "range", R"(, "min": 1, "max": 9)", R"(, "max": 9)", "");
  const std::string text = R"(, "strMinQueryLength": 2, "strMaxQueryLength": 5, "strMaxLength": 9,
                               "caseSensitive": true, "diacriticSensitive": true)";
  for (const auto& [given, other] :
       {std::pair(R"("strMinQueryLength": 2)", R"("strMinQueryLength": 3)"),
        std::pair(R"("strMaxQueryLength": 5)", R"("strMaxQueryLength": 6)"),
        std::pair(R"("strMaxLength": 9)", R"("strMaxLength": 8)"),
        std::pair(R"("caseSensitive": true)", R"("caseSensitive": false)"),
        std::pair(R"("diacriticSensitive": true)", R"("diacriticSensitive": false)")}) {
    drifts("string", "substring", text, given, other);
  }
}

}  // namespace
}  // namespace quern::schema
