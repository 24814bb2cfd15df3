// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value that meets an encrypted field: what query analysis finds and a client encrypts. It
// becomes a placeholder, in BSON, only where the two are not in one process.
#ifndef QUERN_SCHEMA_MARKING_H_
#define QUERN_SCHEMA_MARKING_H_

#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"
#include "schema/interval.h"
#include "schema/placeholder.h"

namespace quern::schema {

// Borrows the field, the value and the interval. The field's key is known by its id.
struct Marking {
  EncryptionPlaceholder::Kind kind;
  const EncryptedField& field;
  bson::ValueView value;               // missing where an interval is asked for
  const Interval* interval = nullptr;  // kFind only, of a field whose query type answers order
  bool is_stub = false;                // at the interval's second place

  Algorithm algorithm() const { return field.algorithm(); }
  std::int64_t max_contention() const {
    return field.is_indexed() ? field.queries.front().contention : 0;
  }
  // Its value is the specification that the algorithm's row makes of the marking, or the marking's
  // value where the row makes none.
  EncryptionPlaceholder placeholder() const;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_MARKING_H_
