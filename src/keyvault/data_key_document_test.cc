// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/data_key_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::keyvault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kDocument = R"({
  "_id": {"$binary": {"base64": "EjRWeBI0mHYSNBI0VngQEg==", "subType": "04"}},
  "keyAltNames": ["patients.ssn", "ssn"],
  "keyMaterial": {"$binary": {"base64": "AAEC", "subType": "00"}},
  "creationDate": {"$date": "2026-01-02T03:04:05Z"},
  "updateDate": {"$date": "2026-01-02T03:04:06Z"},
  "status": 0,
  "masterKey": {"provider": "local"}
})";

bson::Document valid() { return bson::from_json(kDocument); }

// valid() without one member, or with another value for it.
bson::Document with(std::string_view key, bson::ValueView value) {
  bson::Builder builder;
  for (const bson::Element& member : valid()) {
    if (member.key() != key) builder.append(member);
  }
  if (!value.missing()) builder.append(key, value);
  return builder.finish();
}

std::string fault_of(const bson::Document& document) {
  try {
    DataKeyDocument::parse(document, "quern.__keyVault");
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kFailedToParse));
    return error.what();
  }
  return "none";
}

TEST(DataKeyDocument, ReadsMongoDBsFormat) {
  const DataKeyDocument key = DataKeyDocument::parse(valid(), "v");
  EXPECT_EQ(key.id.to_string(), "12345678-1234-9876-1234-123456781012");
  EXPECT_THAT(key.alt_names, ElementsAre("patients.ssn", "ssn"));
  EXPECT_EQ(key.key_material, (Bytes{0, 1, 2}));
  EXPECT_EQ(key.update_date.milliseconds - key.creation_date.milliseconds, 1000);
  EXPECT_EQ(key.status, 0);
  EXPECT_EQ(key.provider(), "local");
}

TEST(DataKeyDocument, WritesWhatItRead) {
  EXPECT_EQ(DataKeyDocument::parse(valid(), "v").to_bson(), valid());
}

TEST(DataKeyDocument, WritesNoEmptyListOfNames) {
  DataKeyDocument key = DataKeyDocument::parse(valid(), "v");
  key.alt_names.clear();
  EXPECT_FALSE(key.to_bson().view().contains("keyAltNames"));
}

TEST(DataKeyDocument, AMissingMemberIsNamed) {
  for (const char* name : {"keyMaterial", "creationDate", "updateDate", "status", "masterKey"}) {
    EXPECT_THAT(fault_of(with(name, {})),
                HasSubstr("data key 12345678-1234-9876-1234-123456781012 in quern.__keyVault is "
                          "damaged: '" +
                          std::string(name) + "' is missing"));
  }
  EXPECT_THAT(fault_of(with("_id", {})), HasSubstr("without a UUID as its _id"));
}

TEST(DataKeyDocument, AMemberOfAnotherTypeIsNamed) {
  const bson::Value text = bson::Value::of("x");
  for (const char* name :
       {"_id", "keyMaterial", "creationDate", "updateDate", "status", "masterKey", "keyAltNames"}) {
    EXPECT_THAT(fault_of(with(name, text)), HasSubstr("'" + std::string(name) + "' is"));
  }
}

TEST(DataKeyDocument, KeyMaterialMustBeGenericBinary) {
  const Bytes bytes(160);
  const bson::Value value = bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, bytes});
  EXPECT_THAT(fault_of(with("keyMaterial", value)), HasSubstr("subtype 6 instead of 0"));
}

TEST(DataKeyDocument, UnknownMembersAreRefused) {
  EXPECT_THAT(fault_of(with("extra", bson::Value::of(1))), HasSubstr("unknown member 'extra'"));
}

TEST(DataKeyDocument, OnlyVersionZeroIsKnown) {
  EXPECT_EQ(fault_of(with("version", bson::Value::of(0))), "none");
  EXPECT_THAT(fault_of(with("version", bson::Value::of(1))), HasSubstr("'version' is not 0"));
}

TEST(DataKeyDocument, ARepeatedNameIsRefused) {
  EXPECT_THAT(fault_of(with("keyAltNames", bson::array("a", "b", "a"))),
              HasSubstr("holds 'a' twice"));
  EXPECT_THAT(fault_of(with("keyAltNames", bson::array("a", 1))),
              HasSubstr("something other than strings"));
}

TEST(DataKeyDocument, AMasterKeyNamesItsProvider) {
  EXPECT_THAT(fault_of(with("masterKey", bson::Value(bson::doc("region", "x").view().as_value()))),
              HasSubstr("'masterKey' lacks"));
}

}  // namespace
}  // namespace quern::keyvault
