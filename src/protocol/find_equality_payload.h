// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// FindEqualityPayloadV2 (blob subtype 12): what stands in a filter for a value. One byte 0x0C, then
// a BSON document with these members in this order:
//
//   d  binData 0, 32  EdcDerivedFromDataToken
//   s  binData 0, 32  EscDerivedFromDataToken
//   l  binData 0, 32  ServerDerivedFromDataToken
//   cm int64          maximum contention factor, 0 .. 2^63-2; the server tries 0 .. cm
#ifndef QUERN_PROTOCOL_FIND_EQUALITY_PAYLOAD_H_
#define QUERN_PROTOCOL_FIND_EQUALITY_PAYLOAD_H_

#include <cstdint>

#include "protocol/find_tokens.h"

namespace quern::protocol {

struct FindEqualityPayloadV2 {
  FindTokenSet tokens;              // d, s, l
  std::int64_t max_contention = 0;  // cm

  // The whole blob, strictly, with the codes of InsertUpdatePayloadV2::parse.
  static FindEqualityPayloadV2 parse(BytesView blob);
  Bytes serialize() const;
};

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_FIND_EQUALITY_PAYLOAD_H_
