// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/duplicate_key.h"

#include <gtest/gtest.h>

#include <string>

#include "quern/bson/json.h"

namespace quern::engine {
namespace {

std::string shown(const bson::Document& key) {
  const std::string text = DuplicateKeyError({"db", "c"}, "i", bson::doc("a", 1), key).what();
  const std::string before = "E11000 duplicate key error collection: db.c index: i dup key: ";
  return text.starts_with(before) ? text.substr(before.size()) : text;
}

bson::View key_of(const DuplicateKeyError& error, bson::Document& scratch) {
  bson::Builder builder;
  error.append_key(builder);
  scratch = builder.finish();
  return scratch;
}

TEST(DuplicateKeyError, ShowsValuesAsMongoDbDoes) {
  EXPECT_EQ(shown(bson::doc("a", 1, "b.c", "x")), R"({ a: 1, b.c: "x" })");
  EXPECT_EQ(shown(bson::doc("a", bson::Date{5}, "b", bson::Null{})), "{ a: new Date(5), b: null }");
  EXPECT_EQ(shown(bson::doc("a", bson::doc("b", bson::array(1, true)))),
            "{ a: { b: [ 1, true ] } }");
  EXPECT_EQ(shown(bson::doc("a", Uuid::from_bytes(Bytes(16, 0xAB)))),
            "{ a: UUID(\"abababab-abab-abab-abab-abababababab\") }");
  const Bytes bytes = {1, 2, 0xFF};
  EXPECT_EQ(shown(bson::doc("a", bson::Binary{bson::BinarySubtype::kGeneric, bytes})),
            "{ a: BinData(0, 0102ff) }");
}

TEST(DuplicateKeyError, TellsOfCiphertextsAndTagsTheSizeOnly) {
  const Bytes bytes(32, 7);
  const auto binary = [&](bson::BinarySubtype subtype, std::size_t size) {
    return bson::Binary{subtype, BytesView(bytes).first(size)};
  };
  const bson::Document ciphertext =
      bson::doc("a", bson::array(binary(bson::BinarySubtype::kEncrypted, 10)));
  EXPECT_EQ(shown(ciphertext), "{ a: [ BinData(6, 10 bytes) ] }");
  const bson::Document tag =
      bson::doc("__safeContent__", binary(bson::BinarySubtype::kGeneric, 32));
  EXPECT_EQ(shown(tag), "{ __safeContent__: BinData(0, 32 bytes) }");
  bson::Document scratch;
  for (const bson::Document& key : {ciphertext, tag}) {
    const DuplicateKeyError error({"db", "c"}, "i", bson::doc("a", 1), key);
    EXPECT_EQ(bson::to_json(key_of(error, scratch)),
              bson::to_json(bson::doc("keyPattern", bson::doc("a", 1))));
  }
  const bson::Document hash = bson::doc("_id", binary(bson::BinarySubtype::kGeneric, 32));
  const DuplicateKeyError error({"db", "c"}, "_id_", bson::doc("_id", 1), hash);
  EXPECT_EQ(key_of(error, scratch)["keyValue"].as_document(), hash.view());
}

}  // namespace
}  // namespace quern::engine
