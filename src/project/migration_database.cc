// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/migration_database.h"

#include <fmt/format.h>

#include "client/encrypted_collection.h"
#include "project/deployed_map.h"
#include "project/historical_model.h"
#include "quern/base/error.h"

namespace quern::internal {

void MigrationDatabase::refuse_unusable_keys(std::string_view collection,
                                             bson::View encrypted_fields) {
  connection_.verify_keys();
  // The map says which keys the collection has. A new key would not be among them, and what it
  // encrypts could not be used with the map.
  const auto map = connection_.pinned_map();
  const std::string ns = Namespace{connection_.database(), std::string(collection)}.to_string();
  const schema::EncryptedFields* pinned = map ? map->find(ns) : nullptr;
  if (!pinned) return;
  const std::vector<std::string> faults = pinned_key_faults(*pinned, connection_, encrypted_fields);
  if (faults.empty()) return;
  throw ImproperlyConfigured(fmt::format(
      "the encrypted_fields_map {} pins other keys for {} than the key vault {} has:\n  {}\nBring "
      "back the key vault that the map was written for, or take encrypted_fields_map out of the "
      "settings, migrate, and write the map anew with showencryptedfieldsmap --out.",
      connection_.map_file().string(), ns,
      connection_.settings().auto_encryption->key_vault_namespace, fmt::join(faults, "\n  ")));
}

int MigrationDatabase::create_encrypted_collection(std::string_view collection,
                                                   bson::View encrypted_fields) {
  const Namespace ns{connection_.database(), std::string(collection)};
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
  return core_of(project_).routers().allow_migrate(alias(), app, model);
}

bool MigrationDatabase::has_function(std::string_view app, std::string_view function) {
  const auto& functions = core_of(project_).functions;
  return functions.contains(std::pair(std::string(app), std::string(function)));
}

void MigrationDatabase::run_function(std::string_view app, std::string_view function,
                                     const migrations::State& state) {
  const auto& body =
      core_of(project_).functions.at(std::pair(std::string(app), std::string(function)));
  body(MigrationContext{.db = project_,
                        .alias = alias(),
                        .model = [&](std::string_view model_app, std::string_view model) {
                          return historical_model(connection_, state.get(model_app, model));
                        }});
}

}  // namespace quern::internal
