// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/migration_database.h"

#include <fmt/format.h>

#include "client/encrypted_collection.h"

namespace quern::internal {

int MigrationDatabase::create_encrypted_collection(std::string_view collection,
                                                   bson::View encrypted_fields) {
  keyvault::KeyVault& vault = connection_.key_vault();
  const std::size_t before = vault.all().size();
  const Namespace ns{connection_.database(), std::string(collection)};
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
