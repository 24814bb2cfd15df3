// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/field_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "quern/bson/json.h"

namespace quern::schema {
namespace {

using bson::from_json;
using bson::to_json;

constexpr const char* kId = R"({"$uuid": "00000000-0000-4000-8000-000000000001"})";

void expect_named(std::string_view fields, std::string_view expected) {
  EXPECT_EQ(to_json(with_key_names("c", from_json(fields))), to_json(from_json(expected)));
}
// Ids are made of nothing but the asked-for name and path, which are returned.
std::string expect_ids(std::string_view fields, std::string_view expected) {
  std::string asked;
  const bson::Document made =
      with_key_ids(from_json(fields), [&](std::string_view name, std::string_view path) {
        asked += std::string(name) + " for " + std::string(path) + ";";
        return Uuid::parse("00000000-0000-4000-8000-000000000001");
      });
  EXPECT_EQ(to_json(made), to_json(from_json(expected)));
  return asked;
}

TEST(FieldKeys, AFieldNamesItsKeyByKeyAltName) {
  EXPECT_TRUE(names_keys(from_json(R"({"fields": [{"path": "a"}, {"keyAltName": "k"}]})")));
  EXPECT_FALSE(names_keys(from_json(R"({"fields": [{"path": "a", "keyId": 1}]})")));
  EXPECT_FALSE(names_keys(from_json(R"({"fields": []})")));
  EXPECT_FALSE(names_keys(from_json("{}")));
}

TEST(FieldKeys, WhatIsMalformedNamesNoKey) {
  EXPECT_FALSE(names_keys(from_json(R"({"fields": {"0": {"keyAltName": "k"}}})")));
  EXPECT_FALSE(names_keys(from_json(R"({"fields": ["keyAltName"]})")));
}

TEST(FieldKeys, AFieldWithoutAKeyGetsTheNameOfItsPath) {
  expect_named(R"({"fields": [{"path": "a.b", "bsonType": "int"}]})",
               R"({"fields": [{"keyAltName": "c.a.b", "path": "a.b", "bsonType": "int"}]})");
  expect_named(R"({"fields": [{"path": "a", "keyId": null}]})",
               R"({"fields": [{"keyAltName": "c.a", "path": "a"}]})");
}

TEST(FieldKeys, AFieldWithAKeyKeepsIt) {
  for (const std::string& key :
       {R"("keyId": )" + std::string(kId), std::string(R"("keyAltName": "mine")")}) {
    const std::string fields = R"({"fields": [{"path": "a", )" + key + "}]}";
    expect_named(fields, fields);
  }
  expect_named(R"({"fields": [{"path": "a", "keyAltName": "mine", "keyId": null}]})",
               R"({"fields": [{"path": "a", "keyAltName": "mine"}]})");
}

TEST(FieldKeys, ANameBecomesAnIdInItsPlace) {
  const std::string id = kId;
  EXPECT_EQ(expect_ids(R"({"fields": [{"path": "a", "keyAltName": "k", "bsonType": "int"},
                                      {"path": "b", "keyId": )" +
                           id + R"(}], "x": 1})",
                       R"({"fields": [{"path": "a", "keyId": )" + id + R"(, "bsonType": "int"},
                                      {"path": "b", "keyId": )" +
                           id + R"(}], "x": 1})"),
            "k for a;");
  EXPECT_EQ(
      expect_ids(R"({"fields": [{"keyAltName": "k"}]})", R"({"fields": [{"keyId": )" + id + "}]}"),
      "k for ;")
      << "the path is for messages";
}

TEST(FieldKeys, WhatIsMalformedStaysForTheParserToRefuse) {
  for (const char* fields :
       {R"({"fields": 1})", R"({"fields": [1, "path"]})", R"({"fields": [{"path": 1}]})",
        R"({"fields": [{}]})", R"({"other": [{"path": "a", "keyId": null}]})"}) {
    expect_named(fields, fields);
    EXPECT_EQ(expect_ids(fields, fields), "");
  }
  const char* number = R"({"fields": [{"path": "a", "keyAltName": 1}]})";
  expect_named(number, number);
  EXPECT_EQ(expect_ids(number, number), "");
}

}  // namespace
}  // namespace quern::schema
