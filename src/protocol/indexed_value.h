// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The stored value of a field that can be queried. The server makes it from an insert payload; only
// a client with the keys can read it.
//
//   +---------+--------------------+---------------+--------+-------------------+-----------------+
//   | subtype | index key id (16)  | BSON type (1) | counts | server encrypted  | n · metadata    |
//   |         |                    |               |        | value             | block (96)      |
//   +---------+--------------------+---------------+--------+-------------------+-----------------+
//
//   0x0E IndexedEqualityEncryptedValueV2   no counts, n = 1
//   0x0F IndexedRangeEncryptedValueV2      u8 n
//   0x11 IndexedTextEncryptedValue         u32 n, u32 of substrings, u32 of suffixes; of the rest,
//                                          the first is the exact one, the last are of prefixes
//
// server encrypted value = IV(16) | CTR(ServerDataEncryptionLevel1, payload v), payload v as in
// protocol/insert_update_payload.h. The layout is the subtype's in bson/blob_facts.h.
#ifndef QUERN_PROTOCOL_INDEXED_VALUE_H_
#define QUERN_PROTOCOL_INDEXED_VALUE_H_

#include <cstdint>
#include <span>

#include "base/random.h"
#include "bson/blob_facts.h"
#include "protocol/insert_update_payload.h"
#include "protocol/metadata_block.h"

namespace quern::protocol {

// Borrows the blob that was parsed.
class IndexedValue {
 public:
  // Throws Error(BadValue) for another kind of blob, and a length, a count or a BSON type that
  // cannot be.
  static IndexedValue parse(BytesView blob);

  bson::BlobSubtype subtype() const { return static_cast<bson::BlobSubtype>(blob_[0]); }
  Uuid index_key_id() const;
  bson::Type type() const;
  BytesView server_encrypted_value() const;
  std::size_t block_count() const { return blocks_; }  // at least 1
  MetadataBlock block(std::size_t index) const;

  // What is to be in one metadata block: the use of one token set, and its tag.
  struct Use {
    const TokenSet* tokens;
    std::uint64_t count;
    Tag tag;
  };
  // Server side: the stored value for a payload whose token sets were used so; a block each. Draws
  // the IVs of: server encrypted value, then counters and zeros of each block.
  static Bytes build(bson::BlobSubtype subtype, const InsertUpdatePayloadV2& payload,
                     std::span<const Use> uses, RandomSource& random);

 private:
  IndexedValue(BytesView blob, std::size_t head, std::size_t blocks)
      : blob_(blob), head_(head), blocks_(blocks) {}
  BytesView blob_;
  std::size_t head_;
  std::size_t blocks_;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_INDEXED_VALUE_H_
