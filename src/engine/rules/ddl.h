// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Rules of create, collMod, createIndexes and renameCollection for encrypted collections.
#ifndef QUERN_ENGINE_RULES_DDL_H_
#define QUERN_ENGINE_RULES_DDL_H_

#include <optional>
#include <string>
#include <string_view>

#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"

namespace quern::engine::qe {

// The encryptedFields of a create command, parsed and completed with the default state collection
// names; store its to_bson() in the catalog, listCollections shows that. Nothing when the command
// has none (or null). Throws what schema::EncryptedFields::parse throws, 6367301 (capped), 6346401
// (view, timeseries), 8575605 (rangePreview), BadValue for a validationAction other than error or a
// validationLevel other than strict, 224 for a CSFLE "encrypt" schema.
std::optional<schema::EncryptedFields> check_create(std::string_view collection,
                                                    bson::View command);

// collMod of an encrypted collection: BadValue or 224 as for create.
void check_coll_mod(bson::View command);

// One element of createIndexes.indexes on an encrypted collection. Throws 6346501 (TTL), 6346502
// (key equal to, above or below an encrypted path, also as a wildcard).
void check_index(const schema::EncryptedFields& fields, bson::View index);

// renameCollection: pass whether source and (dropped) target are encrypted. Throws
// IllegalOperation.
void check_rename(bool source_encrypted, bool target_encrypted);

// Names that begin with enxcol_. and end in .esc, .ecc, .ecoc or .ecoc.compact.
bool is_state_collection(std::string_view collection);

// The <ecoc>.compact that goes when an encrypted collection, or an <ecoc>, is dropped: drivers that
// drop the state collections may not know that there is one. dropped: the encryptedFields of the
// collection that had the name, null when there was none or it was plain.
std::optional<std::string> compaction_leftover(std::string_view collection,
                                               const schema::EncryptedFields* dropped);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_RULES_DDL_H_
