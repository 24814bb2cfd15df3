// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value that meets an encrypted field: what query analysis finds and a client encrypts. It becomes
// a placeholder, in BSON, only where the two are not in one process.
#ifndef QUERN_SCHEMA_MARKING_H_
#define QUERN_SCHEMA_MARKING_H_

#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"
#include "schema/placeholder.h"

namespace quern::schema {

// Borrows the field and the value. The field's key is known by its id.
struct Marking {
  EncryptionPlaceholder::Kind kind;
  const EncryptedField& field;
  bson::ValueView value;

  Algorithm algorithm() const { return field.algorithm(); }
  std::int64_t max_contention() const {
    return field.is_indexed() ? field.queries.front().contention : 0;
  }
  std::int64_t sparsity() const {
    return field.is_indexed() ? field.queries.front().sparsity.value_or(0) : 0;
  }
  EncryptionPlaceholder placeholder() const {
    EncryptionPlaceholder made;
    made.kind = kind;
    made.algorithm = algorithm();
    made.index_key_id = made.user_key_id = *field.key_id;
    made.value = bson::Value(value);
    made.max_contention = max_contention();
    made.sparsity = sparsity();
    return made;
  }
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_MARKING_H_
