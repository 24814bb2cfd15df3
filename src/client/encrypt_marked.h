// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From a marked command to an encrypted one: every marking that query analysis left, wherever it
// stands in filters, documents, updates or pipelines, is replaced by the payload that it asks for.
#ifndef QUERN_CLIENT_ENCRYPT_MARKED_H_
#define QUERN_CLIENT_ENCRYPT_MARKED_H_

#include "base/random.h"
#include "client/schema_resolver.h"
#include "keyvault/key_cache.h"
#include "quern/bson/document.h"

namespace quern::client {

// marked: a command as analysis::analyse returns it. The result carries encryptionInformation where
// and when the protocol wants it: see the table in the source. Throws
// Error for a key that cannot be had and NotSupported for markings of range and text fields.
bson::Document encrypt_marked(bson::View marked, const CommandSchemas& schemas,
                              keyvault::KeyCache& keys, RandomSource& random);

}  // namespace quern::client

#endif  // QUERN_CLIENT_ENCRYPT_MARKED_H_
