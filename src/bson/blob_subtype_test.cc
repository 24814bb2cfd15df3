// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/blob_subtype.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/bson/document.h"

namespace quern::bson {
namespace {

std::optional<BlobSubtype> subtype_of(BinarySubtype subtype, const Bytes& bytes) {
  const Value value = Value::of(Binary{subtype, bytes});
  return blob_subtype(value.view());
}

TEST(BlobSubtype, IsTheFirstByteOfAnEncryptedBinary) {
  EXPECT_EQ(subtype_of(BinarySubtype::kEncrypted, {14, 1}), BlobSubtype::kIndexedEqualityValueV2);
  EXPECT_EQ(subtype_of(BinarySubtype::kEncrypted, {18}), BlobSubtype::kFindTextPayload);
}

TEST(BlobSubtype, OtherValuesHaveNone) {
  EXPECT_EQ(subtype_of(BinarySubtype::kGeneric, {14}), std::nullopt);
  EXPECT_EQ(subtype_of(BinarySubtype::kEncrypted, {}), std::nullopt);
  EXPECT_EQ(subtype_of(BinarySubtype::kEncrypted, {19}), std::nullopt);
  EXPECT_EQ(blob_subtype(ValueView()), std::nullopt);
  const Value text = Value::of("\x0e");
  EXPECT_EQ(blob_subtype(text.view()), std::nullopt);
}

TEST(BlobSubtype, PayloadsForTheServerAreNeitherPlaceholdersNorAllCiphertexts) {
  EXPECT_TRUE(is_placeholder(BlobSubtype::kPlaceholder));
  EXPECT_TRUE(is_ciphertext(BlobSubtype::kInsertUpdatePayloadV2)) << "it can be decrypted";
  EXPECT_FALSE(is_ciphertext(BlobSubtype::kFindEqualityPayloadV2));
  EXPECT_FALSE(is_placeholder(BlobSubtype::kFindEqualityPayloadV2));
}

TEST(ValidateValue, TakesExactlyOneValueOfTheType) {
  const Value value = Value::of("text");
  const BytesView bytes = value.view().bytes();
  EXPECT_NO_THROW(validate_value(Type::kString, bytes));
  EXPECT_THROW(validate_value(Type::kString, bytes.first(bytes.size() - 1)), Error);
  EXPECT_THROW(validate_value(Type::kInt32, bytes), Error);
  EXPECT_THROW(validate_value(Type::kString, {}), Error);
  EXPECT_THROW(validate_value(static_cast<Type>(0x33), bytes), Error);
  EXPECT_NO_THROW(validate_value(Type::kNull, {}));
}

}  // namespace
}  // namespace quern::bson
