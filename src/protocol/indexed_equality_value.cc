// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/indexed_equality_value.h"

#include <array>
#include <string>

#include "protocol/ciphertext.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::protocol {
namespace {

constexpr std::size_t kHeaderSize = 1 + Uuid::kSize + 1;
constexpr std::size_t kSmallestServerEncryptedValue = kIvSize + 1;

}  // namespace

IndexedEqualityEncryptedValueV2 IndexedEqualityEncryptedValueV2::parse(BytesView blob) {
  if (blob.size() < kHeaderSize + kSmallestServerEncryptedValue + MetadataBlock::kSize ||
      blob[0] != static_cast<std::uint8_t>(bson::BlobSubtype::kIndexedEqualityValueV2)) {
    throw Error(ErrorCode::kBadValue,
                "a binary of " + std::to_string(blob.size()) +
                    " bytes is no stored value of an equality-encrypted field (blob subtype 14)");
  }
  const IndexedEqualityEncryptedValueV2 value(blob);
  if (!bson::supports_equality(value.type())) {
    throw Error(ErrorCode::kBadValue,
                "a stored value of an equality-encrypted field has a BSON type that such a field "
                "cannot hold");
  }
  return value;
}

Uuid IndexedEqualityEncryptedValueV2::index_key_id() const {
  return Uuid::from_bytes(blob_.subspan(1, Uuid::kSize));
}

bson::Type IndexedEqualityEncryptedValueV2::type() const {
  return static_cast<bson::Type>(blob_[kHeaderSize - 1]);
}

BytesView IndexedEqualityEncryptedValueV2::server_encrypted_value() const {
  return blob_.subspan(kHeaderSize, blob_.size() - kHeaderSize - MetadataBlock::kSize);
}

MetadataBlock IndexedEqualityEncryptedValueV2::metadata() const {
  return MetadataBlock(blob_.last<MetadataBlock::kSize>());
}

Bytes IndexedEqualityEncryptedValueV2::build(const InsertUpdatePayloadV2& payload,
                                             std::uint64_t count, const Tag& tag,
                                             RandomSource& random) {
  if (!bson::supports_equality(payload.type)) {
    throw Error(6373504, "a field with an equality query cannot hold a value of type '" +
                             std::string(bson::alias(payload.type)) + "'");
  }
  if (payload.value.empty()) {
    throw Error(9697302, "an insert payload must hold an encrypted value");
  }
  Bytes blob(kHeaderSize + kIvSize + payload.value.size() + MetadataBlock::kSize);
  const std::span<std::uint8_t> out(blob);
  out[0] = static_cast<std::uint8_t>(bson::BlobSubtype::kIndexedEqualityValueV2);
  std::memcpy(&out[1], payload.index_key_id.bytes().data(), Uuid::kSize);
  out[kHeaderSize - 1] = static_cast<std::uint8_t>(payload.type);
  std::array<std::uint8_t, kIvSize> iv;
  random.fill(iv);
  ctr_encrypt(payload.server_data_encryption.bytes(), iv, payload.value,
              out.subspan(kHeaderSize, kIvSize + payload.value.size()));
  const ServerMetadataTokens tokens(payload.server_derived);
  MetadataBlock::build({count, static_cast<std::uint64_t>(payload.contention_factor)}, tag, tokens,
                       random, out.last<MetadataBlock::kSize>());
  return blob;
}

}  // namespace quern::protocol
