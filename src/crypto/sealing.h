// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the kinds of encryption share: which values they take, the sealed form, the parts of insert
// and find payloads.
#ifndef QUERN_CRYPTO_SEALING_H_
#define QUERN_CRYPTO_SEALING_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bson/blob_facts.h"
#include "crypto/query_algorithm.h"
#include "protocol/find_tokens.h"
#include "protocol/insert_update_payload.h"
#include "protocol/sealed_value.h"

namespace quern::crypto {

// Throws Error(BadValue) unless a stored value of that kind may hold the value. how completes "a
// value of type 'null' cannot be encrypted".
void check_encryptable(bson::ValueView value, bson::BlobSubtype stored, std::string_view how);

using IvBytes = std::array<std::uint8_t, protocol::kIvSize>;
IvBytes draw_iv(RandomSource& random);

// A sealed value: head, IV, ciphertext.
template <class Aead>
Bytes seal(bson::BlobSubtype subtype, const Uuid& key_id, const Aead& aead, const IvBytes& iv,
           bson::ValueView value) {
  constexpr std::size_t kHead = protocol::SealedValue::kHeaderSize;
  Bytes blob(kHead + protocol::aead_size(value.bytes().size()));
  const std::span<std::uint8_t> out(blob);
  protocol::SealedValue::write_head(subtype, key_id, value.type(), out.first<kHead>());
  aead.encrypt(iv, out.first(kHead), value.bytes(), out.subspan(kHead));
  return blob;
}

// A contention factor in 0 .. max_contention: draws 8 bytes unless that is 0. Throws Error(BadValue)
// for a maximum outside 0 .. 2^63-2.
std::uint64_t draw_contention_factor(std::int64_t max_contention, RandomSource& random);

// The tokens of data, which is what the value is found by. Draws the IV of p.
protocol::TokenSet token_set(const DataKey& index_key, BytesView data, std::uint64_t factor,
                             RandomSource& random);
protocol::FindTokenSet find_token_set(const DataKey& index_key, BytesView data);

// The payload of a value with its token sets. Draws the IV of v.
Bytes insert_payload(const EncryptRequest& request, std::uint64_t factor, protocol::TokenSet tokens,
                     std::vector<protocol::TokenSet> more_tokens, RandomSource& random);

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_SEALING_H_
