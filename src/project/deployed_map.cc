// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/deployed_map.h"

#include <fmt/format.h>

#include "client/schema_drift.h"
#include "migrations/state_of_models.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

// A model's encrypted fields with the keys that the vault has for them, and those of members that
// migrations removed: the collection still has them.
bson::Document fields_with_keys(Connection& connection, const migrations::ModelState& model) {
  bson::Builder out;
  out.open_array("fields");
  const bson::Document fields = model.encrypted_fields();
  for (const bson::Element& field : fields["fields"].as_array()) {
    out.push_document();
    for (const bson::Element& member : field.as_document()) {
      if (member.key() != "keyAltName") {
        out.append(member);
        continue;
      }
      const auto key = connection.key_vault().find(member.as_string());
      if (!key) {
        throw ImproperlyConfigured(
            fmt::format("Encryption key '{}' not found. Have you migrated the {} model?",
                        member.as_string(), model.label()));
      }
      out.append("keyId", key->id);
    }
    out.close();
  }
  out.close();
  return out.finish();
}

}  // namespace

bson::Document deployed_map(ProjectCore& core, Connection& connection) {
  const migrations::State migrated = core.load_migrations().state();
  bson::Builder out;
  for (const ModelRef* ref : core.models_in(connection.alias())) {
    migrations::ModelState model = migrations::state_of_model(*ref);
    if (const auto* known = migrated.find(model.app, model.name)) {
      model.removed_encrypted = known->removed_encrypted;
    }
    if (!model.has_encrypted()) continue;
    out.append(connection.database() + "." + model.collection, fields_with_keys(connection, model));
  }
  return out.finish();
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
    } else if (const std::string drift = client::schema_drift(fields, *other); !drift.empty()) {
      differences.push_back(fmt::format("{}: {}", ns, drift));
    }
  }
  for (const auto& [ns, fields] : pinned.entries()) {
    if (!present.find(ns)) differences.push_back(fmt::format("{} is only in {}", ns, file));
  }
  return differences;
}

}  // namespace quern::internal
