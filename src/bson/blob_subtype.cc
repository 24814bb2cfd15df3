// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/blob_subtype.h"

namespace quern::bson {

std::optional<BlobSubtype> blob_subtype(ValueView value) {
  if (!value.is_binary(BinarySubtype::kEncrypted)) return std::nullopt;
  const BytesView blob = value.as_binary().bytes;
  if (blob.empty() || blob[0] > static_cast<std::uint8_t>(BlobSubtype::kFindTextPayload)) {
    return std::nullopt;
  }
  return static_cast<BlobSubtype>(blob[0]);
}

bool is_placeholder(BlobSubtype subtype) {
  return subtype == BlobSubtype::kCsflePlaceholder || subtype == BlobSubtype::kPlaceholder;
}

bool is_ciphertext(BlobSubtype subtype) {
  switch (subtype) {
    case BlobSubtype::kDeterministicValue:
    case BlobSubtype::kRandomValue:
    case BlobSubtype::kInsertUpdatePayloadV1:
    case BlobSubtype::kUnindexedValueV1:
    case BlobSubtype::kIndexedEqualityValueV1:
    case BlobSubtype::kIndexedRangeValueV1:
    case BlobSubtype::kInsertUpdatePayloadV2:
    case BlobSubtype::kIndexedEqualityValueV2:
    case BlobSubtype::kIndexedRangeValueV2:
    case BlobSubtype::kUnindexedValueV2:
    case BlobSubtype::kIndexedTextValue:
      return true;
    default:
      return false;
  }
}

bool supports_equality(Type type) {
  using enum Type;
  switch (type) {
    case kBinary:
    case kCode:
    case kRegex:
    case kString:
    case kInt32:
    case kInt64:
    case kBool:
    case kTimestamp:
    case kDate:
    case kObjectId:
    case kSymbol:
    case kDbPointer:
      return true;
    default:
      return false;
  }
}

}  // namespace quern::bson
