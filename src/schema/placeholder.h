// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What query analysis leaves in a command where the client has to put a ciphertext: a binary of
// subtype 6 whose first byte is 3 (Queryable Encryption) or 0 (client-side field level encryption),
// followed by one document.
#ifndef QUERN_SCHEMA_PLACEHOLDER_H_
#define QUERN_SCHEMA_PLACEHOLDER_H_

#include <cstdint>
#include <string>
#include <variant>

#include "quern/bson/document.h"
#include "schema/query_type.h"

namespace quern::schema {

//   0x03 | { t: int32 kind, a: int32 algorithm, ki: uuid, ku: uuid, v: any, cm: int64, s: int64 }
struct EncryptionPlaceholder {
  enum class Kind : std::int32_t { kInsert = 1, kFind = 2 };
  using enum Kind;
  using enum Algorithm;

  Kind kind = kInsert;
  schema::Algorithm algorithm = kUnindexed;
  Uuid index_key_id;  // derives the tokens
  Uuid user_key_id;   // encrypts the value
  bson::Value value;
  std::int64_t max_contention = 0;  // 0 .. 2^63-2
  std::int64_t sparsity = 0;        // range only

  // The whole blob, first byte included. Unknown keys are ignored, missing, repeated or mistyped
  // ones throw Error(FailedToParse).
  static EncryptionPlaceholder parse(BytesView blob);
  Bytes serialize() const;
  // serialize() as a binary of subtype 6.
  bson::Value to_value() const;
};

//   0x00 | { v: any, a: int32 algorithm, ki: uuid  or  ka: string }
struct CsflePlaceholder {
  enum class Algorithm : std::int32_t { kDeterministic = 1, kRandom = 2 };
  using enum Algorithm;

  bson::Value value;
  Algorithm algorithm = kRandom;
  std::variant<Uuid, std::string> key;  // its id, or its alternate name

  // Throws Error(FailedToParse); unknown keys are errors here.
  static CsflePlaceholder parse(BytesView blob);
  Bytes serialize() const;
  bson::Value to_value() const;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_PLACEHOLDER_H_
