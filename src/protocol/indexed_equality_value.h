// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// IndexedEqualityEncryptedValueV2 (blob subtype 14): the stored value of a field with an equality
// query. The server makes it from an insert payload; only a client with the keys can read it.
//
//   +------+--------------------+---------------+-------------------------+---------------------+
//   | 0x0E | index key id (16)  | BSON type (1) | server encrypted value  | metadata block (96) |
//   +------+--------------------+---------------+-------------------------+---------------------+
//
// server encrypted value = IV(16) | CTR(ServerDataEncryptionLevel1, payload v), payload v as in
// protocol/insert_update_payload.h.
#ifndef QUERN_PROTOCOL_INDEXED_EQUALITY_VALUE_H_
#define QUERN_PROTOCOL_INDEXED_EQUALITY_VALUE_H_

#include <cstdint>

#include "base/random.h"
#include "protocol/insert_update_payload.h"
#include "protocol/metadata_block.h"

namespace quern::protocol {

// Borrows the blob that was parsed.
class IndexedEqualityEncryptedValueV2 {
 public:
  // Throws Error(BadValue) for a length or a BSON type that cannot be.
  static IndexedEqualityEncryptedValueV2 parse(BytesView blob);

  Uuid index_key_id() const;
  bson::Type type() const;
  BytesView server_encrypted_value() const;
  MetadataBlock metadata() const;
  Tag tag() const { return metadata().tag(); }

  // Server side: the stored value for a payload under its counter. tag is the one of that counter.
  // Draws the IVs of: server encrypted value, counters, zeros.
  static Bytes build(const InsertUpdatePayloadV2& payload, std::uint64_t count, const Tag& tag,
                     RandomSource& random);

 private:
  explicit IndexedEqualityEncryptedValueV2(BytesView blob) : blob_(blob) {}
  BytesView blob_;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_INDEXED_EQUALITY_VALUE_H_
