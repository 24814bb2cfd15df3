// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/sealing.h"

#include <cstring>
#include <string>

#include "crypto/encrypt.h"
#include "protocol/payload_fields.h"
#include "protocol/server_tokens.h"
#include "quern/base/error.h"

namespace quern::crypto {

using protocol::EdcDerivedFromDataToken;
using protocol::EscDerivedFromDataToken;
using protocol::kIvSize;
using protocol::ServerDerivedFromDataToken;

void check_encryptable(bson::ValueView value, bson::BlobSubtype stored, std::string_view how) {
  if (!bson::kEncryptableTypes.contains(value.type())) how = "";
  if (!bson::blob_facts(stored).types.contains(value.type())) {
    throw Error(ErrorCode::kBadValue, "a value of type '" + std::string(bson::alias(value.type())) +
                                          "' cannot be encrypted" + std::string(how));
  }
  if (value.is_binary(bson::BinarySubtype::kEncrypted)) {
    throw Error(ErrorCode::kBadValue,
                "a binary of subtype 6 is an encrypted value and cannot be encrypted again");
  }
}

IvBytes draw_iv(RandomSource& random) {
  IvBytes iv;
  random.fill(iv);
  return iv;
}

std::uint64_t draw_contention_factor(std::int64_t max_contention, RandomSource& random) {
  protocol::check_contention(max_contention);
  return max_contention == 0 ? 0 : uniform(static_cast<std::uint64_t>(max_contention) + 1, random);
}

protocol::TokenSet token_set(const DataKey& index_key, BytesView data, std::uint64_t factor,
                             RandomSource& random) {
  protocol::TokenSet set{
      .edc = with_contention(EdcDerivedFromDataToken::derive(index_key.edc(), data), factor),
      .esc = with_contention(EscDerivedFromDataToken::derive(index_key.esc(), data), factor),
      .encrypted_tokens = {},
      .server_derived = ServerDerivedFromDataToken::derive(index_key.server_derivation(), data),
  };
  const IvBytes iv = draw_iv(random);
  const std::span<std::uint8_t> p = set.encrypted_tokens.mutable_bytes();
  std::memcpy(p.data(), iv.data(), kIvSize);
  index_key.ecoc_cipher().run(iv, set.esc.bytes(), p.subspan(kIvSize));
  return set;
}

protocol::FindTokenSet find_token_set(const DataKey& index_key, BytesView data) {
  return {
      .edc = EdcDerivedFromDataToken::derive(index_key.edc(), data),
      .esc = EscDerivedFromDataToken::derive(index_key.esc(), data),
      .server_derived = ServerDerivedFromDataToken::derive(index_key.server_derivation(), data),
  };
}

Bytes insert_payload(const EncryptRequest& request, std::uint64_t factor, protocol::TokenSet tokens,
                     std::vector<protocol::TokenSet> more_tokens, RandomSource& random) {
  const protocol::InsertUpdatePayloadV2 payload{
      .tokens = std::move(tokens),
      .more_tokens = std::move(more_tokens),
      .index_key_id = request.index_key_id,
      .type = request.value.type(),
      .value = {},
      .server_data_encryption = request.index_key.server_data_encryption_token().clone(),
      .contention_factor = static_cast<std::int64_t>(factor),
  };
  const BytesView data = request.value.bytes();
  Bytes blob;
  const std::span<std::uint8_t> v =
      payload.serialize_around(Uuid::kSize + protocol::aead_size(data.size()), blob);
  std::memcpy(v.data(), request.user_key_id.bytes().data(), Uuid::kSize);
  request.user_key.aead().encrypt(draw_iv(random), request.user_key_id.bytes(), data,
                                  v.subspan(Uuid::kSize));
  return blob;
}

}  // namespace quern::crypto
