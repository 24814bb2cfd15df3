// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/placeholder.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::schema {
namespace {

EncryptionPlaceholder example() {
  EncryptionPlaceholder placeholder;
  placeholder.kind = EncryptionPlaceholder::kInsert;
  placeholder.algorithm = EncryptionPlaceholder::kEquality;
  placeholder.index_key_id = Uuid::parse("00112233445566778899aabbccddeeff");
  placeholder.user_key_id = Uuid::parse("ffeeddccbbaa99887766554433221100");
  placeholder.value = bson::Value::of("x");
  placeholder.max_contention = 8;
  return placeholder;
}

Bytes with_byte(std::uint8_t subtype, const bson::Document& document) {
  Bytes blob{subtype};
  blob.insert(blob.end(), document.bytes().begin(), document.bytes().end());
  return blob;
}

bool is_refused(BytesView blob) {
  try {
    EncryptionPlaceholder::parse(blob);
    return false;
  } catch (const Error& error) {
    return error.is(ErrorCode::kFailedToParse);
  }
}

TEST(EncryptionPlaceholder, RoundTrips) {
  const Bytes blob = example().serialize();
  EXPECT_EQ(blob[0], 3);
  const auto parsed = EncryptionPlaceholder::parse(blob);
  EXPECT_EQ(parsed.kind, EncryptionPlaceholder::kInsert);
  EXPECT_EQ(parsed.algorithm, EncryptionPlaceholder::kEquality);
  EXPECT_EQ(parsed.index_key_id, example().index_key_id);
  EXPECT_EQ(parsed.user_key_id, example().user_key_id);
  EXPECT_EQ(parsed.value, bson::Value::of("x"));
  EXPECT_EQ(parsed.max_contention, 8);
  EXPECT_EQ(parsed.serialize(), blob);
}

TEST(EncryptionPlaceholder, HasTheProtocolsMembersInOrder) {
  const Bytes blob = example().serialize();
  std::string keys;
  for (const bson::Element& element : bson::View::parse(BytesView(blob).subspan(1))) {
    keys += std::string(element.key()) + " ";
  }
  EXPECT_EQ(keys, "t a ki ku v cm ");
  EXPECT_EQ(bson::blob_subtype(example().to_value().view()), bson::BlobSubtype::kPlaceholder);
}

TEST(EncryptionPlaceholder, IgnoresUnknownKeysAndAcceptsAMissingSparsity) {
  const Bytes blob = example().serialize();
  bson::Builder builder;
  builder.append_all(bson::View::parse(BytesView(blob).subspan(1))).append("future", 1);
  EXPECT_EQ(EncryptionPlaceholder::parse(with_byte(3, builder.finish())).sparsity, 0);
}

TEST(EncryptionPlaceholder, EveryOtherKeyIsRequired) {
  const Bytes blob = example().serialize();
  const bson::View document = bson::View::parse(BytesView(blob).subspan(1));
  for (const char* missing : {"t", "a", "ki", "ku", "v", "cm"}) {
    bson::Builder builder;
    for (const bson::Element& element : document) {
      if (element.key() != missing) builder.append(element);
    }
    EXPECT_TRUE(is_refused(with_byte(3, builder.finish()))) << missing;
  }
}

TEST(EncryptionPlaceholder, WrongValuesAreRefused) {
  const Uuid id = Uuid::random();
  const auto blob = [&](std::int32_t t, std::int32_t a, std::int64_t cm) {
    return with_byte(3, bson::doc("t", t, "a", a, "ki", id, "ku", id, "v", 1, "cm", cm));
  };
  EXPECT_FALSE(is_refused(blob(1, 2, 0)));
  EXPECT_TRUE(is_refused(blob(0, 2, 0)));
  EXPECT_TRUE(is_refused(blob(3, 2, 0)));
  EXPECT_TRUE(is_refused(blob(1, 5, 0)));
  EXPECT_TRUE(is_refused(blob(2, 1, 0))) << "find by an unindexed value";
  EXPECT_TRUE(is_refused(blob(1, 2, -1)));
  EXPECT_TRUE(is_refused(blob(1, 2, INT64_MAX)));
  EXPECT_TRUE(is_refused(with_byte(
      3, bson::doc("t", 1, "t", 1, "a", 2, "ki", id, "ku", id, "v", 1, "cm", std::int64_t{0}))));
  EXPECT_TRUE(is_refused(
      with_byte(3, bson::doc("t", 1, "a", 2, "ki", "x", "ku", id, "v", 1, "cm", std::int64_t{0}))));
}

TEST(EncryptionPlaceholder, TruncatedBlobsAreRefused) {
  const Bytes blob = example().serialize();
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_TRUE(is_refused(BytesView(blob).first(size))) << size;
  }
}

TEST(CsflePlaceholder, NamesItsKeyByIdOrByAlternateName) {
  CsflePlaceholder placeholder;
  placeholder.value = bson::Value::of("x");
  placeholder.algorithm = CsflePlaceholder::kDeterministic;
  placeholder.key = "my key";
  EXPECT_EQ(CsflePlaceholder::parse(placeholder.serialize()).key, placeholder.key);
  placeholder.key = Uuid::random();
  const auto parsed = CsflePlaceholder::parse(placeholder.serialize());
  EXPECT_EQ(parsed.key, placeholder.key);
  EXPECT_EQ(parsed.algorithm, CsflePlaceholder::kDeterministic);
  EXPECT_EQ(parsed.value, placeholder.value);
}

TEST(CsflePlaceholder, UnknownKeysAndUnclearKeysAreRefused) {
  const Uuid id = Uuid::random();
  EXPECT_THROW(CsflePlaceholder::parse(with_byte(0, bson::doc("v", 1, "a", 1))), Error);
  EXPECT_THROW(
      CsflePlaceholder::parse(with_byte(0, bson::doc("v", 1, "a", 1, "ki", id, "ka", "x"))), Error);
  EXPECT_THROW(CsflePlaceholder::parse(with_byte(0, bson::doc("v", 1, "a", 3, "ki", id))), Error);
  EXPECT_THROW(CsflePlaceholder::parse(with_byte(0, bson::doc("v", 1, "a", 1, "ki", id, "x", 1))),
               Error);
}

}  // namespace
}  // namespace quern::schema
