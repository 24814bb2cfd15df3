// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The keys in an encryptedFields document. Whoever writes one names keys (keyAltName); a server
// wants their ids (keyId). These are the only functions that rewrite such a document.
#ifndef QUERN_SCHEMA_FIELD_KEYS_H_
#define QUERN_SCHEMA_FIELD_KEYS_H_

#include <functional>
#include <string_view>

#include "quern/bson/document.h"

namespace quern::schema {

// Whether a field names its key.
bool names_keys(bson::View encrypted_fields);

// Every field that has neither keyId (or null) nor keyAltName gets the keyAltName
// "<collection>.<path>". What is malformed stays as it is, for the parser to refuse.
bson::Document with_key_names(std::string_view collection, bson::View encrypted_fields);

// Every keyAltName becomes the keyId that id_of returns for it, in its place.
using KeyIdOf = std::function<Uuid(std::string_view alt_name, std::string_view path)>;
bson::Document with_key_ids(bson::View encrypted_fields, const KeyIdOf& id_of);

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_FIELD_KEYS_H_
