// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From insert payloads to stored values: checking them against the schema and counting the use of
// their tokens. What inserts and updates share; see engine/qe/insert.h and engine/qe/update.h.
#ifndef QUERN_ENGINE_QE_PAYLOADS_H_
#define QUERN_ENGINE_QE_PAYLOADS_H_

#include <span>

#include "engine/qe/written_document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// Checks the payloads against the schema and issues a counter, an ESC and an ECOC entry for each,
// in the operation's transaction. See prepare_insert for the errors.
IssuedValues issue_values(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                          std::span<const LocatedPayload> payloads);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_PAYLOADS_H_
