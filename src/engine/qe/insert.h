// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Inserts with encryptionInformation: payloads become stored values, counters and tags.
#ifndef QUERN_ENGINE_QE_INSERT_H_
#define QUERN_ENGINE_QE_INSERT_H_

#include "engine/qe/written_document.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// The document to store. For every payload: counts the earlier uses of its token, writes one ESC
// and one ECOC entry in the operation's transaction (creating the state collections if they are
// missing, clustered on _id), replaces the payload by its stored value and appends its tag to
// __safeContent__; the members of leading, such as an _id, go in front. Call it inside the body
// that is run again after a write conflict: the counts must be fresh. Throws the codes of payload
// validation (6373601, 6666200, 6371407, 6726300, 6726301, 9188700, 9188707, 7291901, 7413901, …),
// WriteConflict (112) when another transaction took the same count. bypass_document_validation
// allows a __safeContent__ that is already there; tags are appended to it.
bson::Document prepare_insert(Operation& op, const Namespace& ns,
                              const schema::EncryptedFields& fields,
                              const WrittenDocument& document, bson::View leading = {},
                              bool bypass_document_validation = false);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_INSERT_H_
