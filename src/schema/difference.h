// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// When two definitions are the same encryption: the one answer for a pinned map and a server, a map
// and models, a model before and after a migration.
#ifndef QUERN_SCHEMA_DIFFERENCE_H_
#define QUERN_SCHEMA_DIFFERENCE_H_

#include <string>

#include "schema/encrypted_fields.h"

namespace quern::schema {

enum class CompareKeys { kYes, kNo };

// The first difference, as a clause such as "field 'ssn' has another keyId there"; empty when both
// have the same key, bsonType, and queries with the same options. The order of queries, and whether
// a default is written out, make no difference.
std::string field_difference(const EncryptedField& ours, const EncryptedField& theirs,
                             CompareKeys keys = CompareKeys::kYes);

// The same for all fields, in any order, and the names of the state collections. allow_more: fields
// that are encrypted there only make no difference.
std::string schema_difference(const EncryptedFields& ours, const EncryptedFields& theirs,
                              bool allow_more = false);

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_DIFFERENCE_H_
