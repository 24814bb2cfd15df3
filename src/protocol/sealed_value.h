// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The values that a client encrypts and a server stores as they are:
//
//   +---------+--------------+---------------+----------------------------+
//   | subtype | key id (16)  | BSON type (1) | AEAD ciphertext            |
//   +---------+--------------+---------------+----------------------------+
//   `-------------- AAD (18) ----------------'
//
//   0x01 CSFLE deterministic  Fle1Aead with the deterministic IV
//   0x02 CSFLE random         Fle1Aead
//   0x10 UnindexedEncryptedValueV2, an encrypted field without queries: Fle2Aead
#ifndef QUERN_PROTOCOL_SEALED_VALUE_H_
#define QUERN_PROTOCOL_SEALED_VALUE_H_

#include <cstdint>
#include <span>

#include "quern/bson/blob_subtype.h"

namespace quern::protocol {

// Borrows the blob that was parsed.
class SealedValue {
 public:
  static constexpr std::size_t kHeaderSize = 18;

  // Throws Error(BadValue) unless the blob is one of the three and its type byte a BSON type.
  static SealedValue parse(BytesView blob);

  // Writes the 18 bytes before the ciphertext.
  static void write_head(bson::BlobSubtype subtype, const Uuid& key_id, bson::Type type,
                         std::span<std::uint8_t, kHeaderSize> out);

  bson::BlobSubtype subtype() const { return static_cast<bson::BlobSubtype>(blob_[0]); }
  Uuid key_id() const { return Uuid::from_bytes(blob_.subspan(1, Uuid::kSize)); }
  bson::Type type() const { return static_cast<bson::Type>(blob_[17]); }
  BytesView associated_data() const { return blob_.first(kHeaderSize); }
  BytesView ciphertext() const { return blob_.subspan(kHeaderSize); }

 private:
  explicit SealedValue(BytesView blob) : blob_(blob) {}
  BytesView blob_;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_SEALED_VALUE_H_
