// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/encrypt.h"

#include <array>
#include <string>

#include "protocol/find_equality_payload.h"
#include "protocol/insert_update_payload.h"
#include "protocol/payload_fields.h"
#include "protocol/sealed_value.h"
#include "protocol/server_tokens.h"
#include "quern/base/error.h"

namespace quern::crypto {

using protocol::aead_size;
using protocol::check_contention;
using protocol::EdcDerivedFromDataToken;
using protocol::EscDerivedFromDataToken;
using protocol::FindEqualityPayloadV2;
using protocol::InsertUpdatePayloadV2;
using protocol::kIvSize;
using protocol::SealedValue;
using protocol::ServerDerivedFromDataToken;
using protocol::with_contention;
namespace {

[[noreturn]] void cannot_encrypt(bson::Type type, std::string_view how) {
  throw Error(ErrorCode::kBadValue, "a value of type '" + std::string(bson::alias(type)) +
                                        "' cannot be encrypted" + std::string(how));
}

void check_encryptable(bson::ValueView value) {
  using enum bson::Type;
  switch (value.type()) {
    case kEnd:
    case kNull:
    case kUndefined:
    case kMinKey:
    case kMaxKey:
      cannot_encrypt(value.type(), "");
    default:
      break;
  }
  if (value.is_binary(bson::BinarySubtype::kEncrypted)) {
    throw Error(ErrorCode::kBadValue,
                "a binary of subtype 6 is an encrypted value and cannot be encrypted again");
  }
}

void check_equality(bson::ValueView value) {
  check_encryptable(value);
  if (!bson::supports_equality(value.type())) cannot_encrypt(value.type(), " for equality queries");
}

void check_deterministic(bson::ValueView value) {
  using enum bson::Type;
  check_encryptable(value);
  switch (value.type()) {
    case kDouble:
    case kDecimal128:
    case kDocument:
    case kArray:
    case kCodeWithScope:
    case kBool:
      cannot_encrypt(value.type(), " deterministically");
    default:
      break;
  }
}

using IvBytes = std::array<std::uint8_t, kIvSize>;

IvBytes draw_iv(RandomSource& random) {
  IvBytes iv;
  random.fill(iv);
  return iv;
}

// A sealed value with its header filled in and room for the ciphertext.
Bytes sealed_value(bson::BlobSubtype subtype, const Uuid& key_id, bson::ValueView value) {
  Bytes blob(SealedValue::kHeaderSize + aead_size(value.bytes().size()));
  blob[0] = static_cast<std::uint8_t>(subtype);
  std::memcpy(&blob[1], key_id.bytes().data(), Uuid::kSize);
  blob[SealedValue::kHeaderSize - 1] = static_cast<std::uint8_t>(value.type());
  return blob;
}

template <class Aead>
void seal(const Aead& aead, const IvBytes& iv, bson::ValueView value, Bytes& blob) {
  const std::span<std::uint8_t> out(blob);
  aead.encrypt(iv, out.first(SealedValue::kHeaderSize), value.bytes(),
               out.subspan(SealedValue::kHeaderSize));
}

}  // namespace

std::uint64_t uniform(std::uint64_t bound, RandomSource& random) {
  const std::uint64_t biased = -bound % bound;  // 2^64 mod bound
  std::uint64_t drawn;
  do {
    std::array<std::uint8_t, 8> bytes;
    random.fill(bytes);
    drawn = load_le<std::uint64_t>(bytes.data());
  } while (drawn < biased);
  return drawn % bound;
}

Bytes insert_equality_payload(const DataKey& index_key, const Uuid& index_key_id,
                              const DataKey& user_key, const Uuid& user_key_id,
                              bson::ValueView value, std::int64_t max_contention,
                              RandomSource& random) {
  check_equality(value);
  check_contention(max_contention);
  const BytesView data = value.bytes();
  const std::uint64_t factor =
      max_contention == 0 ? 0 : uniform(static_cast<std::uint64_t>(max_contention) + 1, random);

  InsertUpdatePayloadV2 payload{
      .edc = with_contention(EdcDerivedFromDataToken::derive(index_key.edc(), data), factor),
      .esc = with_contention(EscDerivedFromDataToken::derive(index_key.esc(), data), factor),
      .encrypted_tokens = {},
      .index_key_id = index_key_id,
      .type = value.type(),
      .value = {},
      .server_data_encryption = index_key.server_data_encryption_token().clone(),
      .server_derived = ServerDerivedFromDataToken::derive(index_key.server_derivation(), data),
      .contention_factor = static_cast<std::int64_t>(factor),
  };

  const IvBytes tokens_iv = draw_iv(random);
  const std::span<std::uint8_t> p(payload.encrypted_tokens);
  std::memcpy(p.data(), tokens_iv.data(), kIvSize);
  index_key.ecoc_cipher().run(tokens_iv, payload.esc.bytes(), p.subspan(kIvSize));

  Bytes blob;
  const std::span<std::uint8_t> v =
      payload.serialize_around(Uuid::kSize + aead_size(data.size()), blob);
  std::memcpy(v.data(), user_key_id.bytes().data(), Uuid::kSize);
  user_key.aead().encrypt(draw_iv(random), user_key_id.bytes(), data, v.subspan(Uuid::kSize));
  return blob;
}

Bytes find_equality_payload(const DataKey& index_key, bson::ValueView value,
                            std::int64_t max_contention) {
  check_equality(value);
  check_contention(max_contention);
  const BytesView data = value.bytes();
  const FindEqualityPayloadV2 payload{
      .edc = EdcDerivedFromDataToken::derive(index_key.edc(), data),
      .esc = EscDerivedFromDataToken::derive(index_key.esc(), data),
      .server_derived = ServerDerivedFromDataToken::derive(index_key.server_derivation(), data),
      .max_contention = max_contention,
  };
  return payload.serialize();
}

Bytes unindexed_value(const DataKey& user_key, const Uuid& user_key_id, bson::ValueView value,
                      RandomSource& random) {
  check_encryptable(value);
  Bytes blob = sealed_value(bson::BlobSubtype::kUnindexedValueV2, user_key_id, value);
  seal(user_key.aead(), draw_iv(random), value, blob);
  return blob;
}

Bytes csfle_deterministic_value(const DataKey& key, const Uuid& key_id, bson::ValueView value) {
  check_deterministic(value);
  Bytes blob = sealed_value(bson::BlobSubtype::kDeterministicValue, key_id, value);
  IvBytes iv;
  key.csfle().deterministic_iv(std::span(blob).first(SealedValue::kHeaderSize), value.bytes(), iv);
  seal(key.csfle(), iv, value, blob);
  return blob;
}

Bytes csfle_random_value(const DataKey& key, const Uuid& key_id, bson::ValueView value,
                         RandomSource& random) {
  check_encryptable(value);
  Bytes blob = sealed_value(bson::BlobSubtype::kRandomValue, key_id, value);
  seal(key.csfle(), draw_iv(random), value, blob);
  return blob;
}

}  // namespace quern::crypto
