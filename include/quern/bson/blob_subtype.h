// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The first byte of a binary of subtype 6 ("encrypted"): it says what the rest of the bytes is.
// docs/format/payloads.md has every layout.
#ifndef QUERN_BSON_BLOB_SUBTYPE_H_
#define QUERN_BSON_BLOB_SUBTYPE_H_

#include <cstdint>
#include <optional>

#include "quern/base/export.h"
#include "quern/bson/view.h"

namespace quern::bson {

enum class BlobSubtype : std::uint8_t {
  kCsflePlaceholder = 0,       // query analysis to client
  kDeterministicValue = 1,     // CSFLE ciphertext
  kRandomValue = 2,            // CSFLE ciphertext
  kPlaceholder = 3,            // query analysis to client
  kInsertUpdatePayloadV1 = 4,  // version 1 is refused everywhere
  kFindEqualityPayloadV1 = 5,
  kUnindexedValueV1 = 6,
  kIndexedEqualityValueV1 = 7,
  kTransientRaw = 8,
  kIndexedRangeValueV1 = 9,
  kFindRangePayloadV1 = 10,
  kInsertUpdatePayloadV2 = 11,   // client to server
  kFindEqualityPayloadV2 = 12,   // client to server
  kFindRangePayloadV2 = 13,      // client to server
  kIndexedEqualityValueV2 = 14,  // stored
  kIndexedRangeValueV2 = 15,     // stored
  kUnindexedValueV2 = 16,        // client to server, stored as it is
  kIndexedTextValue = 17,        // stored
  kFindTextPayload = 18,         // client to server
};

// The blob subtype of a binary of subtype 6; nothing for any other value, for an empty binary and
// for a first byte that the protocol does not know.
QUERN_EXPORT std::optional<BlobSubtype> blob_subtype(ValueView value);

// Placeholder (0 or 3): what query analysis leaves for the client to replace.
QUERN_EXPORT bool is_placeholder(BlobSubtype subtype);
// What a client can decrypt (version 1 values included, which are recognised in order to refuse
// them with a clear error instead of handing out ciphertext).
QUERN_EXPORT bool is_ciphertext(BlobSubtype subtype);

}  // namespace quern::bson

#endif  // QUERN_BSON_BLOB_SUBTYPE_H_
