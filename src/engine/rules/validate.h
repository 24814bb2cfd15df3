// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a collection with encryptedFields accepts: the implicit schema, and __safeContent__ being
// the server's alone. Skipped when the command says bypassDocumentValidation.
#ifndef QUERN_ENGINE_RULES_VALIDATE_H_
#define QUERN_ENGINE_RULES_VALIDATE_H_

#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"

namespace quern::engine::qe {

// Every encrypted path of a document about to be stored must be absent or hold a stored value
// (binary subtype 6, first byte 6, 7, 9 or 14 to 17, of a form that it can have) of the field's
// bsonType, wherever it occurs. Throws
// DocumentValidationFailure (121) with MongoDB's errInfo; never with the value.
void validate_document(const schema::EncryptedFields& fields, bson::View document);

// For writes without encryptionInformation, after validate_document. Throw BadValue (2) when a
// client brings its own __safeContent__, or changes, adds or drops the one that is there.
void check_plain_insert(bson::View document);
void check_plain_update(bson::View before, bson::View after);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_RULES_VALIDATE_H_
