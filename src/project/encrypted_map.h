// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The encrypted-fields map of a database: made of the models, or pinned in the settings and then
// held against the models.
#ifndef QUERN_PROJECT_ENCRYPTED_MAP_H_
#define QUERN_PROJECT_ENCRYPTED_MAP_H_

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"
#include "quern/models/model_info.h"
#include "schema/encrypted_fields_map.h"

namespace quern::internal {

// {"db.collection": {fields: […]}} of the models with encrypted members. Keys are named by
// keyAltName.
bson::Document compiled_map(std::string_view database, std::span<const ModelRef* const> models);

// Reads a map from an Extended JSON file. Throws ImproperlyConfigured that names the file.
schema::EncryptedFieldsMap read_map(const std::filesystem::path& file);

// What is wrong with a pinned map, one sentence each: a key that is no collection of an encrypted
// model, a model or an encrypted member that is missing, another type or other queries. Fields that
// only the map has are members that were removed.
std::vector<std::string> map_problems(const schema::EncryptedFieldsMap& map,
                                      std::string_view database,
                                      std::span<const ModelRef* const> models);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_ENCRYPTED_MAP_H_
