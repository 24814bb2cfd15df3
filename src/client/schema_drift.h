// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Compares the encryptedFields that the application pinned with those that somebody else claims.
#ifndef QUERN_CLIENT_SCHEMA_DRIFT_H_
#define QUERN_CLIENT_SCHEMA_DRIFT_H_

#include <string>

#include "schema/encrypted_fields.h"

namespace quern::client {

// The first difference, as a clause such as "field 'ssn' is not encrypted there"; empty when both
// encrypt the same fields with the same keys, types and queries. The order of fields and queries,
// and whether a default is written out, make no difference. allow_more: nor do fields that are
// encrypted there only.
std::string schema_drift(const schema::EncryptedFields& pinned,
                         const schema::EncryptedFields& claimed, bool allow_more = false);

}  // namespace quern::client

#endif  // QUERN_CLIENT_SCHEMA_DRIFT_H_
