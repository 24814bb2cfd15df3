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

// The parts of it for one query, by its type: what the table of query types refers to.
void check_equality(const EncryptedField& field, const DeclaredQuery& query);
void check_range(const EncryptedField& field, const DeclaredQuery& query);  // range_rules.cc
void check_text(const EncryptedField& field, const DeclaredQuery& query);

// Throws for a parameter that range queries do not take.
void check_foreign_to_range(const EncryptedField& field, const DeclaredQuery& query);

// Throws Error(code) that starts with the field's path.
[[noreturn]] void refuse(std::int32_t code, const EncryptedField& field, const std::string& why);

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_QUERY_RULES_H_
