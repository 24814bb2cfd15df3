// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encrypted-fields map as a database has it: with the ids of the keys in its vault.
#ifndef QUERN_PROJECT_DEPLOYED_MAP_H_
#define QUERN_PROJECT_DEPLOYED_MAP_H_

#include <string>
#include <string_view>
#include <vector>

#include "migrations/state.h"
#include "project/project_core.h"
#include "quern/bson/document.h"
#include "schema/encrypted_fields_map.h"

namespace quern::internal {

// {"db.collection": {fields: […]}} of the models that the routers let into the database. Throws
// ImproperlyConfigured when the vault lacks a key.
bson::Document deployed_map(ProjectCore& core, Connection& connection);

// Models with encrypted members that the routers let into the database, with the members that
// migrations removed: the collections still have those.
std::vector<migrations::ModelState> encrypted_models(ProjectCore& core, std::string_view alias);

// Where a pinned map names other keys for a collection than the vault has, one sentence each.
// encrypted_fields names them by keyAltName.
std::vector<std::string> pinned_key_faults(const schema::EncryptedFields& pinned,
                                           Connection& connection, bson::View encrypted_fields);

// What differs between it and a pinned map that was read from a file, one sentence each.
std::vector<std::string> map_differences(const bson::Document& deployed,
                                         const schema::EncryptedFieldsMap& pinned,
                                         std::string_view file);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_DEPLOYED_MAP_H_
