// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/sealed_value.h"

#include <string>

#include "quern/base/error.h"

namespace quern::protocol {

SealedValue SealedValue::parse(BytesView blob) {
  using enum bson::BlobSubtype;
  if (blob.size() <= kHeaderSize || (blob[0] != static_cast<std::uint8_t>(kDeterministicValue) &&
                                     blob[0] != static_cast<std::uint8_t>(kRandomValue) &&
                                     blob[0] != static_cast<std::uint8_t>(kUnindexedValueV2))) {
    throw Error(ErrorCode::kBadValue,
                "a binary of " + std::to_string(blob.size()) +
                    " bytes is no encrypted value of blob subtype 1, 2 or 16");
  }
  if (!bson::is_valid_type(blob[kHeaderSize - 1])) {
    throw Error(ErrorCode::kBadValue, "an encrypted value has an unknown BSON type");
  }
  return SealedValue(blob);
}

}  // namespace quern::protocol
