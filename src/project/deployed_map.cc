// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/deployed_map.h"

#include <fmt/format.h>

#include "migrations/state_of_models.h"
#include "quern/base/error.h"
#include "schema/difference.h"
#include "schema/field_keys.h"

namespace quern::internal {
namespace {

// A model's encrypted fields with the keys that the vault has for them.
bson::Document fields_with_keys(const ProjectCore& core, Connection& connection,
                                const migrations::ModelState& model) {
  const auto id_of = [&](std::string_view alt_name, std::string_view) {
    const auto key = connection.find_key(alt_name);
    if (key) return key->id;
    throw ImproperlyConfigured(
        fmt::format("Encryption key '{}' of {} not found. {}", alt_name, model.label(),
                    core.advice_on_missing_key(connection, model.collection)));
  };
  return schema::with_key_ids(model.encrypted_fields(), id_of);
}

}  // namespace

std::vector<migrations::ModelState> encrypted_models(ProjectCore& core, std::string_view alias) {
  const migrations::State migrated = core.load_migrations().state();
  std::vector<migrations::ModelState> out;
  for (const ModelRef* ref : core.models_in(alias)) {
    migrations::ModelState model = migrations::state_of_model(*ref);
    if (const auto* known = migrated.find(model.app, model.name)) {
      model.removed_encrypted = known->removed_encrypted;
    }
    if (model.has_encrypted()) out.push_back(std::move(model));
  }
  return out;
}

bson::Document deployed_map(ProjectCore& core, Connection& connection) {
  bson::Builder out;
  for (const migrations::ModelState& model : encrypted_models(core, connection.alias())) {
    out.append(connection.database() + "." + model.collection,
               fields_with_keys(core, connection, model));
  }
  return out.finish();
}

std::vector<std::string> pinned_key_faults(const schema::EncryptedFields& pinned,
                                           Connection& connection, bson::View encrypted_fields) {
  std::vector<std::string> faults;
  for (const bson::Element& element : encrypted_fields["fields"].as_array()) {
    const bson::View field = element.as_document();
    const std::string_view path = field["path"].as_string();
    const schema::EncryptedField* wanted = pinned.find(path);
    if (!wanted || !wanted->key_id) {
      faults.push_back(fmt::format("the map has no key for {}", path));
      continue;
    }
    const std::string_view name = field["keyAltName"].as_string();
    const auto key = connection.find_key(name);
    if (key && key->id == *wanted->key_id) continue;
    faults.push_back(fmt::format("{} has the key {} in the map, but the vault has {} as '{}'", path,
                                 wanted->key_id->to_string(), key ? key->id.to_string() : "nothing",
                                 name));
  }
  return faults;
}

std::vector<std::string> map_differences(const bson::Document& deployed,
                                         const schema::EncryptedFieldsMap& pinned,
                                         std::string_view file) {
  const auto present = schema::EncryptedFieldsMap::parse(deployed);
  std::vector<std::string> differences;
  for (const auto& [ns, fields] : present.entries()) {
    const schema::EncryptedFields* other = pinned.find(ns);
    if (!other) {
      differences.push_back(fmt::format("{} is missing in {}", ns, file));
    } else if (const std::string drift = schema::schema_difference(fields, *other);
               !drift.empty()) {
      differences.push_back(fmt::format("{}: {}", ns, drift));
    }
  }
  for (const auto& [ns, fields] : pinned.entries()) {
    if (!present.find(ns)) differences.push_back(fmt::format("{} is only in {}", ns, file));
  }
  return differences;
}

}  // namespace quern::internal
