// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encrypted-fields map that a client pins: {"database.collection": {fields: […]}, …}. What it
// says is what gets encrypted, whatever the server's catalog claims.
#ifndef QUERN_SCHEMA_ENCRYPTED_FIELDS_MAP_H_
#define QUERN_SCHEMA_ENCRYPTED_FIELDS_MAP_H_

#include <map>
#include <string>
#include <string_view>

#include "schema/encrypted_fields.h"

namespace quern::schema {

// Immutable once parsed; safe to read from many threads.
class EncryptedFieldsMap {
 public:
  EncryptedFieldsMap() = default;

  // Fields may name their key by keyAltName. Throws Error with MongoDB's codes; the message starts
  // with the namespace at fault.
  static EncryptedFieldsMap parse(bson::View document);

  const EncryptedFields* find(std::string_view ns) const;  // "database.collection"
  bool empty() const { return entries_.empty(); }
  const std::map<std::string, EncryptedFields, std::less<>>& entries() const { return entries_; }
  bson::Document to_bson() const;

 private:
  std::map<std::string, EncryptedFields, std::less<>> entries_;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_ENCRYPTED_FIELDS_MAP_H_
