// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/blob_subtype.h"

#include <array>
#include <string>

#include "bson/blob_facts.h"
#include "quern/base/error.h"

namespace quern::bson {
namespace {

using S = BlobSubtype;
using R = BlobRole;
using L = BlobLayout;

constexpr TypeSet kEqualityTypes = kEncryptableTypes.without(
    {Type::kDouble, Type::kDecimal128, Type::kDocument, Type::kArray, Type::kCodeWithScope});
constexpr TypeSet kDeterministicTypes = kEqualityTypes.without({Type::kBool});
constexpr TypeSet kRangeTypes{Type::kInt32, Type::kInt64, Type::kDate, Type::kDouble,
                              Type::kDecimal128};

// clang-format off
constexpr BlobFacts kKnown[] = {
    // subtype                   name                               role               version  layout
    {S::kCsflePlaceholder,       "EncryptionPlaceholder",           R::kPlaceholder,   0, L::kDocument},
    {S::kDeterministicValue,     "DeterministicEncryptedValue",     R::kValue,         0, L::kSealed, kDeterministicTypes},
    {S::kRandomValue,            "RandomEncryptedValue",            R::kValue,         0, L::kSealed, kEncryptableTypes},
    {S::kPlaceholder,            "EncryptionPlaceholderV2",         R::kPlaceholder,   2, L::kDocument},
    {S::kInsertUpdatePayloadV1,  "InsertUpdatePayload",             R::kInsertPayload, 1, L::kDocument},
    {S::kFindEqualityPayloadV1,  "FindEqualityPayload",             R::kFindPayload,   1, L::kDocument},
    {S::kUnindexedValueV1,       "UnindexedEncryptedValue",         R::kValue,         1, L::kOther, kEncryptableTypes},
    {S::kIndexedEqualityValueV1, "IndexedEqualityEncryptedValue",   R::kValue,         1, L::kOther, kEqualityTypes},
    {S::kTransientRaw,           "TransientRaw",                    R::kTransient,     1, L::kOther},
    {S::kIndexedRangeValueV1,    "IndexedRangeEncryptedValue",      R::kValue,         1, L::kOther, kRangeTypes},
    {S::kFindRangePayloadV1,     "FindRangePayload",                R::kFindPayload,   1, L::kDocument},
    {S::kInsertUpdatePayloadV2,  "InsertUpdatePayloadV2",           R::kInsertPayload, 2, L::kDocument},
    {S::kFindEqualityPayloadV2,  "FindEqualityPayloadV2",           R::kFindPayload,   2, L::kDocument},
    {S::kFindRangePayloadV2,     "FindRangePayloadV2",              R::kFindPayload,   2, L::kDocument},
    {S::kIndexedEqualityValueV2, "IndexedEqualityEncryptedValueV2", R::kValue,         2, L::kOneBlock, kEqualityTypes},
    {S::kIndexedRangeValueV2,    "IndexedRangeEncryptedValueV2",    R::kValue,         2, L::kBlockCount, kRangeTypes},
    {S::kUnindexedValueV2,       "UnindexedEncryptedValueV2",       R::kValue,         2, L::kSealed, kEncryptableTypes},
    {S::kIndexedTextValue,       "IndexedTextEncryptedValue",       R::kValue,         2, L::kTextCounts, {Type::kString}},
    {S::kFindTextPayload,        "FindTextPayload",                 R::kFindPayload,   2, L::kDocument},
};
// clang-format on

using Table = std::array<const BlobFacts*, 256>;

// Rows by their first byte.
Table& table() {
  static Table rows = [] {
    Table known{};
    for (const BlobFacts& facts : kKnown) known[static_cast<std::uint8_t>(facts.subtype)] = &facts;
    return known;
  }();
  return rows;
}

}  // namespace

const BlobFacts* known_blob_facts(std::uint8_t first_byte) { return table()[first_byte]; }

const BlobFacts& blob_facts(BlobSubtype subtype) {
  const BlobFacts* facts = known_blob_facts(static_cast<std::uint8_t>(subtype));
  if (facts == nullptr) {
    throw Error(ErrorCode::kInternalError,
                "there is no blob subtype " + std::to_string(static_cast<int>(subtype)));
  }
  return *facts;
}

const BlobFacts* blob_facts(ValueView value) {
  if (!value.is_binary(BinarySubtype::kEncrypted)) return nullptr;
  const BytesView blob = value.as_binary().bytes;
  return blob.empty() ? nullptr : known_blob_facts(blob[0]);
}

void add_blob_facts(const BlobFacts& facts) {
  const BlobFacts*& row = table()[static_cast<std::uint8_t>(facts.subtype)];
  if (row != nullptr) {
    throw Error(ErrorCode::kInternalError, "there is a blob subtype " +
                                               std::to_string(static_cast<int>(facts.subtype)) +
                                               " already: " + std::string(row->name));
  }
  row = &facts;
}

std::optional<BlobSubtype> blob_subtype(ValueView value) {
  const BlobFacts* facts = blob_facts(value);
  return facts == nullptr ? std::nullopt : std::optional(facts->subtype);
}

bool is_placeholder(BlobSubtype subtype) {
  return blob_facts(subtype).role == BlobRole::kPlaceholder;
}

bool is_ciphertext(BlobSubtype subtype) {
  const BlobRole role = blob_facts(subtype).role;
  return role == BlobRole::kValue || role == BlobRole::kInsertPayload;
}

}  // namespace quern::bson
