// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// InsertUpdatePayloadV2 (blob subtype 11): what the client sends to have a value stored in an
// indexed field. One byte 0x0B, then a BSON document with these members in this order:
//
//   d  binData 0, 32   EdcDerivedFromDataTokenAndContentionFactor
//   s  binData 0, 32   EscDerivedFromDataTokenAndContentionFactor
//   p  binData 0, 48   IV(16) | CTR(EcocToken, the s token): what the server puts into the ECOC
//   u  binData 4, 16   index key id
//   t  int32           BSON type of the value
//   v  binData 0       user key id(16) | AEAD(user key, value, AAD = user key id)
//   e  binData 0, 32   ServerDataEncryptionLevel1Token
//   l  binData 0, 32   ServerDerivedFromDataToken
//   k  int64           contention factor, 0 .. 2^63-2
//
//   g  array           further token sets {d, s, l, p}, of query types that index a value under
//                      several: a value of an equality field has none
//
// Range payloads also have sp, pn, tf, mn, mx, which say how the sets were made and are not needed
// here. Text payloads have b in the place of g; this version recognises and refuses them.
#ifndef QUERN_PROTOCOL_INSERT_UPDATE_PAYLOAD_H_
#define QUERN_PROTOCOL_INSERT_UPDATE_PAYLOAD_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/tokens.h"
#include "quern/base/uuid.h"
#include "quern/bson/types.h"

namespace quern::protocol {

// p: the s token under the EcocToken, with up to three bytes that say more about it.
class EncryptedTokens {
 public:
  static constexpr std::size_t kSmallest = 48;
  static constexpr std::size_t kLargest = 51;

  EncryptedTokens() = default;  // 48 zero bytes, to be filled
  static bool is_size(std::size_t size) { return size >= kSmallest && size <= kLargest; }
  static EncryptedTokens copy_of(BytesView bytes);  // is_size, else Error(InternalError)

  BytesView bytes() const { return BytesView(bytes_).first(size_); }
  std::span<std::uint8_t> mutable_bytes() { return std::span(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, kLargest> bytes_{};
  std::uint8_t size_ = kSmallest;
};

// What one tag of a value is made from and found by.
struct TokenSet {
  EdcDerivedFromDataTokenAndContentionFactor edc;  // d
  EscDerivedFromDataTokenAndContentionFactor esc;  // s
  EncryptedTokens encrypted_tokens;                // p
  ServerDerivedFromDataToken server_derived;       // l
};

struct InsertUpdatePayloadV2 {
  TokenSet tokens;                                         // d, s, p, l
  std::vector<TokenSet> more_tokens;                       // g
  Uuid index_key_id;                                       // u
  bson::Type type = bson::Type::kEnd;                      // t
  BytesView value;                                         // v, borrowed
  ServerDataEncryptionLevel1Token server_data_encryption;  // e
  std::int64_t contention_factor = 0;                      // k

  // The whole blob, first byte included, as the server reads it: strictly. Throws Error with 40415
  // for an unknown member, 40414 for a missing one, 14 for a wrong type, 2 for a wrong length or
  // range, NotSupported for a text payload. value points into blob.
  static InsertUpdatePayloadV2 parse(BytesView blob);
  Bytes serialize() const;
  // The same into blob, but with value_size bytes in the place of value, left to the caller to
  // fill.
  std::span<std::uint8_t> serialize_around(std::size_t value_size, Bytes& blob) const;
};

// What a client needs of the blob to decrypt it again. Lenient, as clients are: unknown members,
// and those of range and text payloads, are ignored.
struct InsertUpdateCiphertext {
  bson::Type type = bson::Type::kEnd;
  Uuid user_key_id;
  BytesView ciphertext;  // of the AEAD, borrowed

  static InsertUpdateCiphertext parse(BytesView blob);
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_INSERT_UPDATE_PAYLOAD_H_
