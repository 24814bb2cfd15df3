// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What every written document must satisfy, whichever command writes it.
#ifndef QUERN_ENGINE_WRITE_WRITE_RULES_H_
#define QUERN_ENGINE_WRITE_WRITE_RULES_H_

#include "base/random_ids.h"
#include "engine/catalog/collection.h"
#include "quern/base/error.h"
#include "quern/bson/document.h"

namespace quern::engine {

// The document with its _id in front; a missing one is taken from ids. Writes to scratch only when the
// document has to change, and returns a view of it or of the document. Throws BSONObjectTooLarge
// (10334), InvalidIdField (53), DollarPrefixedFieldName (52).
bson::View with_id(bson::View document, ObjectIdGenerator& ids, bson::Document& scratch);

// How a command wants its documents checked.
struct WriteChecks {
  bool bypass = false;                // bypassDocumentValidation: only the size counts
  bool encryption_processed = false;  // engine/qe made the document from payloads
  bson::Date now{};                   // $$NOW in the validator
};

// The rules of the collection for a new document and for one that takes another's place: its size,
// its validator, the implicit schema of encrypted fields and, unless encryption_processed, that
// __safeContent__ is the server's. Throws BSONObjectTooLarge, DocumentValidationFailure (121),
// BadValue.
void check_insert(const Collection& collection, bson::View document, const WriteChecks& checks);
void check_update(const Collection& collection, bson::View before, bson::View after,
                  const WriteChecks& checks);

// {index, code, errmsg[, keyPattern, keyValue][, errInfo]}, pushed onto the open array. Of the
// errors beyond the first 1 MiB only index and code are told, with an empty errmsg.
void push_write_error(bson::Builder& errors, std::int32_t index, const Error& error);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_WRITE_WRITE_RULES_H_
