// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encrypted-fields map as a database has it: with the ids of the keys in its vault.
#ifndef QUERN_PROJECT_DEPLOYED_MAP_H_
#define QUERN_PROJECT_DEPLOYED_MAP_H_

#include <string>
#include <string_view>
#include <vector>

#include "project/project_core.h"
#include "quern/bson/document.h"
#include "schema/encrypted_fields_map.h"

namespace quern::internal {

// {"db.collection": {fields: […]}} of the models that the routers let into the database. Throws
// ImproperlyConfigured when the vault lacks a key.
bson::Document deployed_map(ProjectCore& core, Connection& connection);

// What differs between it and a pinned map that was read from a file, one sentence each.
std::vector<std::string> map_differences(const bson::Document& deployed,
                                         const schema::EncryptedFieldsMap& pinned,
                                         std::string_view file);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_DEPLOYED_MAP_H_
