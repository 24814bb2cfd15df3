// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/indexed_value.h"

#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "protocol/ciphertext.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

using bson::BlobLayout;

constexpr std::size_t kTypeOffset = 1 + Uuid::kSize;
constexpr std::size_t kHeadSize = kTypeOffset + 1;
constexpr std::size_t kSmallestServerEncryptedValue = kIvSize + 1;

[[noreturn]] void damaged(BytesView blob) {
  throw Error(ErrorCode::kBadValue, "a binary of " + std::to_string(blob.size()) +
                                        " bytes is no stored value of an indexed field");
}

// The bytes before the server encrypted value.
std::size_t head_size(BlobLayout layout) {
  switch (layout) {
    case BlobLayout::kOneBlock:
      return kHeadSize;
    case BlobLayout::kBlockCount:
      return kHeadSize + 1;
    case BlobLayout::kTextCounts:
      return kHeadSize + 3 * sizeof(std::uint32_t);
    default:
      return 0;
  }
}

std::size_t read_block_count(BlobLayout layout, BytesView blob) {
  if (layout == BlobLayout::kOneBlock) return 1;
  const std::uint8_t* counts = blob.data() + kHeadSize;
  if (layout == BlobLayout::kBlockCount) return counts[0];
  const std::uint64_t all = load_le<std::uint32_t>(counts);
  const std::uint64_t named =
      std::uint64_t{1} + load_le<std::uint32_t>(counts + 4) + load_le<std::uint32_t>(counts + 8);
  return named > all ? 0 : all;
}

}  // namespace

IndexedValue IndexedValue::parse(BytesView blob) {
  const bson::BlobFacts* facts = blob.empty() ? nullptr : bson::known_blob_facts(blob[0]);
  if (facts == nullptr || !facts->is_indexed()) damaged(blob);
  const std::size_t head = head_size(facts->layout);
  if (blob.size() < head + kSmallestServerEncryptedValue) damaged(blob);
  const std::size_t blocks = read_block_count(facts->layout, blob);
  const std::size_t room = blob.size() - head - kSmallestServerEncryptedValue;
  if (blocks == 0 || room / MetadataBlock::kSize < blocks) damaged(blob);
  const IndexedValue value(blob, head, blocks);
  if (!facts->types.contains(value.type())) {
    throw Error(ErrorCode::kBadValue,
                "a stored value of an indexed field has a BSON type that such a field cannot hold");
  }
  return value;
}

Uuid IndexedValue::index_key_id() const { return Uuid::from_bytes(blob_.subspan(1, Uuid::kSize)); }

bson::Type IndexedValue::type() const { return static_cast<bson::Type>(blob_[kTypeOffset]); }

BytesView IndexedValue::server_encrypted_value() const {
  return blob_.subspan(head_, blob_.size() - head_ - blocks_ * MetadataBlock::kSize);
}

MetadataBlock IndexedValue::block(std::size_t index) const {
  return MetadataBlock(
      blob_.last((blocks_ - index) * MetadataBlock::kSize).first<MetadataBlock::kSize>());
}

Bytes IndexedValue::build(bson::BlobSubtype subtype, const InsertUpdatePayloadV2& payload,
                          std::span<const Use> uses, RandomSource& random) {
  const bson::BlobFacts& facts = bson::blob_facts(subtype);
  const bool fits = facts.layout == BlobLayout::kOneBlock
                        ? uses.size() == 1
                        : facts.layout == BlobLayout::kBlockCount && !uses.empty() &&
                              uses.size() <= std::numeric_limits<std::uint8_t>::max();
  if (!fits) {
    throw Error(ErrorCode::kInternalError, "a " + std::string(facts.name) + " cannot have " +
                                               std::to_string(uses.size()) + " metadata blocks");
  }
  if (!facts.types.contains(payload.type)) {
    throw Error(6373504, "a " + std::string(facts.name) + " cannot hold a value of type '" +
                             std::string(bson::alias(payload.type)) + "'");
  }
  if (payload.value.empty()) {
    throw Error(9697302, "an insert payload must hold an encrypted value");
  }
  const std::size_t head = head_size(facts.layout);
  const std::size_t encrypted = kIvSize + payload.value.size();
  Bytes blob(head + encrypted + uses.size() * MetadataBlock::kSize);
  const std::span<std::uint8_t> out(blob);
  out[0] = static_cast<std::uint8_t>(subtype);
  std::memcpy(&out[1], payload.index_key_id.bytes().data(), Uuid::kSize);
  out[kTypeOffset] = static_cast<std::uint8_t>(payload.type);
  if (head > kHeadSize) out[kHeadSize] = static_cast<std::uint8_t>(uses.size());
  std::array<std::uint8_t, kIvSize> iv;
  random.fill(iv);
  ctr_encrypt(payload.server_data_encryption.bytes(), iv, payload.value,
              out.subspan(head, encrypted));
  std::size_t at = head + encrypted;
  for (const Use& use : uses) {
    MetadataBlock::build({use.count, static_cast<std::uint64_t>(payload.contention_factor)},
                         use.tag, ServerMetadataTokens(use.tokens->server_derived), random,
                         out.subspan(at).first<MetadataBlock::kSize>());
    at += MetadataBlock::kSize;
  }
  return blob;
}

}  // namespace quern::protocol
