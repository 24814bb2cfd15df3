// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/migration_database.h"

#include <fmt/format.h>

#include "client/encrypted_collection.h"
#include "migrations/migration_error.h"
#include "project/encrypted_map.h"

namespace quern::internal {

// The map says which keys the collection has. A new key would not be among them, and what it
// encrypts could not be used with the map.
void MigrationDatabase::refuse_keys_that_are_not_pinned(const Namespace& ns,
                                                        bson::View encrypted_fields) {
  const std::filesystem::path& map_file =
      connection_.settings().auto_encryption->encrypted_fields_map;
  if (map_file.empty()) return;
  const std::filesystem::path file = project_.settings().base_directory / map_file;
  const schema::EncryptedFieldsMap map = read_map(file);
  const schema::EncryptedFields* pinned = map.find(ns.to_string());
  if (!pinned) return;
  std::vector<std::string> faults;
  for (const bson::Element& element : encrypted_fields["fields"].as_array()) {
    const bson::View field = element.as_document();
    const std::string_view path = field["path"].as_string();
    const schema::EncryptedField* wanted = pinned->find(path);
    if (!wanted || !wanted->key_id) {
      faults.push_back(fmt::format("the map has no key for {}", path));
      continue;
    }
    const std::string_view name = field["keyAltName"].as_string();
    const auto key = connection_.key_vault().find(name);
    if (key && key->id == *wanted->key_id) continue;
    faults.push_back(fmt::format("{} has the key {} in the map, but the vault has {} as '{}'", path,
                                 wanted->key_id->to_string(), key ? key->id.to_string() : "nothing",
                                 name));
  }
  if (faults.empty()) return;
  throw migrations::MigrationError(fmt::format(
      "the encrypted_fields_map {} pins other keys for {} than the key vault {} has:\n  {}\nBring "
      "back the key vault that the map was written for, or take encrypted_fields_map out of the "
      "settings, migrate, and write the map anew with showencryptedfieldsmap --out.",
      file.string(), ns.to_string(), connection_.key_vault().name(), fmt::join(faults, "\n  ")));
}

int MigrationDatabase::create_encrypted_collection(std::string_view collection,
                                                   bson::View encrypted_fields) {
  const Namespace ns{connection_.database(), std::string(collection)};
  connection_.verify_keys();
  refuse_keys_that_are_not_pinned(ns, encrypted_fields);
  keyvault::KeyVault& vault = connection_.key_vault();
  const std::size_t before = vault.all().size();
  client::create_encrypted_collection(connection_.plain(), vault, ns, encrypted_fields,
                                      connection_.create_options());
  connection_.forget_schemas();
  return static_cast<int>(vault.all().size() - before);
}

void MigrationDatabase::drop_encrypted_collection(std::string_view collection,
                                                  bson::View encrypted_fields) {
  const Namespace ns{connection_.database(), std::string(collection)};
  client::drop_encrypted_collection(connection_.plain(), ns, encrypted_fields);
  connection_.forget_schemas();
}

bool MigrationDatabase::allow_migrate(std::string_view app, std::string_view model) {
  return project_.core().routers().allow_migrate(alias(), app, model);
}

bool MigrationDatabase::has_function(std::string_view app, std::string_view function) {
  const auto& functions = project_.core().functions;
  return functions.contains(std::pair(std::string(app), std::string(function)));
}

void MigrationDatabase::run_function(std::string_view app, std::string_view function) {
  const auto& body =
      project_.core().functions.at(std::pair(std::string(app), std::string(function)));
  body(MigrationContext{.db = project_, .alias = alias()});
}

}  // namespace quern::internal
