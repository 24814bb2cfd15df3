// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What each kind of blob is: the one table that all layers ask, so that none has a list of its own.
#ifndef QUERN_BSON_BLOB_FACTS_H_
#define QUERN_BSON_BLOB_FACTS_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "quern/bson/blob_subtype.h"

namespace quern::bson {

enum class BlobRole : std::uint8_t {
  kPlaceholder,    // query analysis to client; never sent
  kInsertPayload,  // client to server, which makes a value of it
  kFindPayload,    // client to server, in a condition
  kValue,          // a ciphertext that is stored
  kTransient,      // inside a server
};

// What follows the first byte. Values begin with the head: key id (16), BSON type (1).
enum class BlobLayout : std::uint8_t {
  kDocument,    // one BSON document
  kSealed,      // head of the user key | AEAD ciphertext
  kOneBlock,    // head of the index key | server encrypted value | metadata block
  kBlockCount,  // head | u8 n | server encrypted value | n metadata blocks
  kTextCounts,  // head | u32 n | u32 of substrings | u32 of suffixes | … | n metadata blocks
  kOther,       // of a version that is refused
};

// A set of the BSON types that can be encrypted (all below 0x20).
class TypeSet {
 public:
  constexpr TypeSet() = default;
  constexpr TypeSet(std::initializer_list<Type> types) {
    for (const Type type : types) bits_ |= std::uint32_t{1} << static_cast<int>(type);
  }
  constexpr bool contains(Type type) const {
    const auto number = static_cast<std::uint8_t>(type);
    return number < 32 && (bits_ >> number & 1) != 0;
  }
  constexpr TypeSet without(TypeSet other) const {
    TypeSet rest;
    rest.bits_ = bits_ & ~other.bits_;
    return rest;
  }

 private:
  std::uint32_t bits_ = 0;
};

// Everything but null, undefined, minKey and maxKey.
inline constexpr TypeSet kEncryptableTypes{
    Type::kDouble,   Type::kString,    Type::kDocument,      Type::kArray, Type::kBinary,
    Type::kObjectId, Type::kBool,      Type::kDate,          Type::kRegex, Type::kDbPointer,
    Type::kCode,     Type::kSymbol,    Type::kCodeWithScope, Type::kInt32, Type::kTimestamp,
    Type::kInt64,    Type::kDecimal128};

struct BlobFacts {
  BlobSubtype subtype;
  std::string_view name;
  BlobRole role;
  std::uint8_t version;  // of Queryable Encryption; 0: client-side field level encryption
  BlobLayout layout;
  TypeSet types{};  // kValue: what the encrypted value may be

  constexpr bool is(BlobRole of_role, std::uint8_t of_version) const {
    return role == of_role && version == of_version;
  }
  constexpr bool is_server_payload() const {
    return role == BlobRole::kInsertPayload || role == BlobRole::kFindPayload;
  }
  // A value with tags, by which it is found.
  constexpr bool is_indexed() const {
    return layout == BlobLayout::kOneBlock || layout == BlobLayout::kBlockCount ||
           layout == BlobLayout::kTextCounts;
  }
};

// Of a subtype that the protocol knows: one that blob_subtype() returns.
const BlobFacts& blob_facts(BlobSubtype subtype);
// By the first byte; null for one that the protocol does not know.
const BlobFacts* known_blob_facts(std::uint8_t first_byte);
// The facts of a value's blob; null when it is none, as blob_subtype() says.
const BlobFacts* blob_facts(ValueView value);

// Adds a row, which must outlive the process, for a subtype that the table does not have. Call it
// before anything else is done:
// reading and adding at the same time is not safe.
void add_blob_facts(const BlobFacts& facts);

}  // namespace quern::bson

#endif  // QUERN_BSON_BLOB_FACTS_H_
