// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/sealed_value.h"

#include <cstring>
#include <string>

#include "bson/blob_facts.h"
#include "quern/base/error.h"

namespace quern::protocol {

SealedValue SealedValue::parse(BytesView blob) {
  const bson::BlobFacts* facts = blob.empty() ? nullptr : bson::known_blob_facts(blob[0]);
  if (facts == nullptr || facts->layout != bson::BlobLayout::kSealed ||
      blob.size() <= kHeaderSize) {
    throw Error(ErrorCode::kBadValue,
                "a binary of " + std::to_string(blob.size()) +
                    " bytes is no encrypted value of blob subtype 1, 2 or 16");
  }
  if (!bson::is_valid_type(blob[kHeaderSize - 1])) {
    throw Error(ErrorCode::kBadValue, "an encrypted value has an unknown BSON type");
  }
  return SealedValue(blob);
}

void SealedValue::write_head(bson::BlobSubtype subtype, const Uuid& key_id, bson::Type type,
                             std::span<std::uint8_t, kHeaderSize> out) {
  out[0] = static_cast<std::uint8_t>(subtype);
  std::memcpy(&out[1], key_id.bytes().data(), Uuid::kSize);
  out[kHeaderSize - 1] = static_cast<std::uint8_t>(type);
}

}  // namespace quern::protocol
