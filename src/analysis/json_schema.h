// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $jsonSchema in the validator of a collection with encrypted fields.
#ifndef QUERN_ANALYSIS_JSON_SCHEMA_H_
#define QUERN_ANALYSIS_JSON_SCHEMA_H_

#include "analysis/encryption_tree.h"
#include "quern/bson/view.h"

namespace quern::analysis {

// Throws Error when the schema says anything about an encrypted field (the server sees ciphertext
// there), uses the keyword encrypt, or has, for a document with encrypted fields, a keyword whose
// reach is not understood.
void check_json_schema(const EncryptionTree& tree, bson::View schema);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_JSON_SCHEMA_H_
