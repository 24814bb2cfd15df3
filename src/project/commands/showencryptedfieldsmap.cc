// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <fstream>
#include <ostream>

#include "client/schema_drift.h"
#include "migrations/state_of_models.h"
#include "project/commands/commands.h"
#include "project/encrypted_map.h"
#include "project/project_core.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

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

bson::Document make_map(ProjectCore& core, Connection& connection) {
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

// Exit code 1 and a line for each difference between a file's map and the present one.
ExitCode check_file(CommandContext& context, const bson::Document& present_document,
                    const std::string& file) {
  const auto present = schema::EncryptedFieldsMap::parse(present_document);
  const schema::EncryptedFieldsMap pinned = read_map(file);
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
  for (const std::string& difference : differences) context.console.out << difference << '\n';
  if (!differences.empty()) return ExitCode::kFailure;
  context.console.out << fmt::format("{} is up to date.\n", file);
  return ExitCode::kOk;
}

ExitCode run(CommandContext& context) {
  Connection& connection = context.project.core().connection(context.arguments.text("database"));
  const bson::Document map = make_map(context.project.core(), connection);
  if (context.arguments.has("check")) {
    return check_file(context, map, context.arguments.text("check"));
  }
  const std::string text = bson::to_pretty_json(map) + "\n";
  const std::string& path = context.arguments.text("out");
  if (path.empty()) {
    context.console.out << text;
    return ExitCode::kOk;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw ImproperlyConfigured(fmt::format("cannot write {}", path));
  context.console.out << fmt::format("Wrote {}: {} collection{}.\n", path, map.view().count(),
                                     map.view().count() == 1 ? "" : "s");
  return ExitCode::kOk;
}

}  // namespace

Command showencryptedfieldsmap_command() {
  return {.name = "showencryptedfieldsmap",
          .summary = "Print the encrypted fields of a database with the ids of their keys.",
          .options = {database_option(),
                      {.name = "--out", .help = "Write it to a file.", .value = "FILE"},
                      {.name = "--check",
                       .help = "Compare a file with it; exit with 1 if they differ.",
                       .value = "FILE"}},
          .examples = {"showencryptedfieldsmap --database encrypted --out encrypted_fields.json",
                       "showencryptedfieldsmap --database encrypted --check encrypted_fields.json"},
          .run = run};
}

}  // namespace quern::internal
