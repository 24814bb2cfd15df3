// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a query definition inside encryptedFields may look like, beyond the types of its members.
#ifndef QUERN_SCHEMA_QUERY_RULES_H_
#define QUERN_SCHEMA_QUERY_RULES_H_

#include "schema/encrypted_fields.h"

namespace quern::schema {

// Checks one field's queries: the bsonType that each supports, parameters that belong to other
// query types, parameters that are missing or contradict each other, and which queries may be
// combined. Throws Error with MongoDB's code; the message names the field.
void check_queries(const EncryptedField& field);

// The part of it for range queries (range_rules.cc).
void check_range(const EncryptedField& field, const Query& query);

// Throws Error(code) that starts with the field's path.
[[noreturn]] void refuse(std::int32_t code, const EncryptedField& field, const std::string& why);

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_QUERY_RULES_H_
