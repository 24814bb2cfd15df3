// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/system_checks.h"

#include <fmt/format.h>

#include <set>

#include "base/shown.h"
#include "migrations/autodetector.h"
#include "migrations/history.h"
#include "migrations/index_difference.h"
#include "migrations/migration_error.h"
#include "migrations/state_of_models.h"
#include "project/deployed_map.h"
#include "project/host.h"
#include "project/migration_database.h"
#include "project/project_core.h"
#include "project/settings_check.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern::internal {
namespace {

using Level = CheckMessage::Level;

void check_routes(Project& project, std::vector<CheckMessage>& out) {
  ProjectCore& core = core_of(project);
  for (const ModelRef& model : core.models()) {
    const std::string label = model.app_label + "." + model.name;
    try {
      const std::string alias = core.routers().db_for_write(model);
      if (model.info->has_encrypted_fields() && !core.connection(alias).is_encrypted()) {
        out.push_back({Level::kError, "quern.E101",
                       fmt::format("{} has encrypted fields but is written to the non-encrypted "
                                   "database '{}'. {}",
                                   label, alias, core.explain_route(model, alias))});
      }
      core.routers().db_for_read(model);
      if (!core.routers().allow_migrate(alias, model.app_label, model.name)) {
        out.push_back(
            {Level::kWarning, "quern.W208",
             fmt::format("{0} is written to '{1}', but allow_migrate of the routers keeps its "
                         "migrations out of there: its collection comes into being with the first "
                         "document, without indexes and unique constraints. Let allow_migrate say "
                         "true for '{1}', app '{2}' and model '{3}'",
                         label, alias, model.app_label, model.name)});
      }
    } catch (const ImproperlyConfigured& error) {
      out.push_back({Level::kError, "quern.E101", fmt::format("{}: {}", label, error.what())});
    }
  }
}

void check_few_values(const ModelRef& model, std::vector<CheckMessage>& out) {
  for (const EncryptedPath& encrypted : encrypted_paths(*model.info)) {
    const bool few =
        encrypted.field->type == bson::Type::kBool || !encrypted.field->choices.empty();
    if (!few || encrypted.field->encrypted->queries.empty()) continue;
    out.push_back({Level::kWarning, "quern.W202",
                   fmt::format("{}.{}.{} can be queried by equality but has few values: whoever "
                               "watches the traffic may tell them apart by how often they occur",
                               model.app_label, model.name, encrypted.path)});
  }
}

void check_encryption(const std::string& alias, const DatabaseSettings& settings,
                      std::vector<CheckMessage>& out) {
  if (!settings.auto_encryption) return;
  for (const KmsProvider& provider : settings.auto_encryption->kms_providers) {
    if (provider.service || provider.name == "local" || provider.name.starts_with("local:"))
      continue;
    out.push_back({Level::kError, "quern.E106",
                   fmt::format("databases.{}.auto_encryption.kms_providers.{}: this version of "
                               "Quern can only use the provider 'local'",
                               alias, provider.name)});
  }
  const bool remote = Host::parse(settings.host).kind == Host::Kind::kMongo;
  if (remote && settings.auto_encryption->encrypted_fields_map.empty()) {
    out.push_back({Level::kWarning, "quern.W204",
                   fmt::format("databases.{}.auto_encryption.encrypted_fields_map is not set: in "
                               "production, pin what showencryptedfieldsmap prints",
                               alias)});
  }
}

void check_deployment(Connection& connection, std::vector<CheckMessage>& out) {
  const bson::Document hello = bson::doc("hello", std::int32_t{1});
  const bson::Document answer = run_checked(connection.plain(), "admin", hello);
  const bool replicated = answer["setName"].is_string() ||
                          (answer["msg"].is_string() && answer["msg"].as_string() == "isdbgrid");
  const bson::Document command = bson::doc("buildInfo", std::int32_t{1});
  const bson::Document info = run_checked(connection.plain(), "admin", command);
  const bson::Element version = info["versionArray"];
  const bson::Element major = version.is_array() ? version.as_array()["0"] : bson::Element();
  if (!connection.is_encrypted()) return;
  if (!replicated) {
    out.push_back({Level::kError, "quern.E104",
                   fmt::format("'{}' is a standalone server: Queryable Encryption needs a replica "
                               "set or a sharded cluster",
                               connection.alias())});
  }
  if (major.whole_number().value_or(0) < 7) {
    out.push_back({Level::kError, "quern.E104",
                   fmt::format("'{}' runs MongoDB {}: Queryable Encryption needs 7.0 or later",
                               connection.alias(),
                               info["version"].is_string() ? info["version"].as_string() : "?")});
  }
}

// What the migrations lack of the models.
void check_models(ProjectCore& core, std::vector<CheckMessage>& out) {
  try {
    const migrations::Graph graph = core.load_migrations();
    graph.refuse_conflicts();
    const std::vector<ModelRef> models(core.models().begin(), core.models().end());
    const migrations::Changes changes =
        migrations::detect_changes(graph.state(), migrations::state_of_models(models));
    for (const std::string& refusal : changes.refusals) {
      out.push_back({Level::kError, "quern.E108",
                     fmt::format("the models have a change that cannot be migrated: {}", refusal)});
    }
    if (!changes.refusals.empty()) return;
    for (const auto& [app, operations] : changes.operations) {
      out.push_back({Level::kWarning, "quern.W207",
                     fmt::format("models of app '{0}' have changes that no migration has: run '{1} "
                                 "makemigrations {0}'",
                                 app, core.program)});
    }
  } catch (const Error& error) {
    out.push_back({Level::kError, "quern.E107", error.what()});
  }
}

// Indexes and constraints that the migrations made and a collection lacks.
void check_indexes(ProjectCore& core, const migrations::State& migrated,
                   migrations::Database& database, std::vector<CheckMessage>& out) {
  if (!database.exists()) return;
  for (const ModelRef& model : core.models()) {
    const migrations::ModelState* state = migrated.find(model.app_label, model.name);
    if (!state || core.routers().db_for_write(model) != database.alias()) continue;
    for (const std::string& fault : migrations::missing_indexes(database, *state)) {
      out.push_back({Level::kWarning, "quern.W209", fmt::format("{}: {}", state->label(), fault)});
    }
  }
}

// Migrations that cannot be read are found by check_models().
void check_migrations(Project& project, std::string_view alias, std::vector<CheckMessage>& out) {
  try {
    const migrations::Graph graph = core_of(project).load_migrations();
    if (graph.ordered().empty()) return;
    MigrationDatabase database(project, alias);
    const migrations::Applied applied =
        migrations::applied_keys(migrations::History(database).read());
    const std::size_t missing = graph.plan_forwards(applied).size();
    if (missing == 0) return check_indexes(core_of(project), graph.state(), database, out);
    out.push_back({Level::kWarning, "quern.W206",
                   fmt::format("{0} migration{1} not applied to '{2}'. Run '{4} migrate "
                               "--database {2}' to apply {3}.",
                               missing, missing == 1 ? " is" : "s are", alias,
                               missing == 1 ? "it" : "them", core_of(project).program)});
  } catch (const migrations::MigrationError&) {
    // Told already.
  }
}

// Encrypted collections whose values nobody can read any more.
void check_data_keys(Project& project, Connection& connection, std::vector<CheckMessage>& out) {
  if (!connection.exists()) return;
  std::set<Uuid> known;
  for (const keyvault::DataKeyDocument& key : connection.key_vault().all()) known.insert(key.id);
  for (const migrations::ModelState& model :
       encrypted_models(core_of(project), connection.alias())) {
    const schema::EncryptedFields stored = connection.encrypted_fields_of(model.collection);
    for (const schema::EncryptedField& field : stored.fields()) {
      if (known.contains(*field.key_id)) continue;
      out.push_back(
          {Level::kError, "quern.E109",
           fmt::format("data key {}, needed by field '{}' of {}.{}, is not in the key vault. {}",
                       field.key_id->to_string(), shown_path(field.path), connection.database(),
                       model.collection, connection.advice_on_lost_key())});
    }
  }
}

// Members in the clear that the collections encrypt.
void check_members(ProjectCore& core, Connection& connection, std::vector<CheckMessage>& out) {
  for (const ModelRef* model : core.models_in(connection.alias())) {
    for (const std::string& fault : core.plain_member_faults(*model, connection)) {
      out.push_back({Level::kError, "quern.E110", fault});
    }
  }
}

// Keys and map of an encrypting alias; the first fault hides those behind it.
void check_keys(Project& project, Connection& connection, std::vector<CheckMessage>& out) {
  try {
    connection.verify_keys();
  } catch (const Error& error) {
    out.push_back({Level::kError, "quern.E105", error.what()});
    return;
  }
  try {
    check_members(core_of(project), connection, out);
    check_data_keys(project, connection, out);
  } catch (const Error& error) {
    out.push_back(
        {Level::kError, "quern.E102", fmt::format("'{}': {}", connection.alias(), error.what())});
    return;
  }
  try {
    connection.verify_map();
    const auto map = connection.pinned_map();
    if (!map) return;
    std::vector<std::string> faults;
    for (const migrations::ModelState& model :
         encrypted_models(core_of(project), connection.alias())) {
      const std::string ns = connection.database() + "." + model.collection;
      const schema::EncryptedFields* pinned = map->find(ns);
      if (!pinned) continue;  // of members that were removed only
      const bson::Document fields = model.encrypted_fields();
      for (const std::string& fault : pinned_key_faults(*pinned, connection, fields)) {
        faults.push_back(fmt::format("{}: {}", ns, fault));
      }
    }
    if (faults.empty()) {
      const bson::Document deployed = deployed_map(core_of(project), connection);
      faults = map_differences(deployed, *map, connection.map_file().string());
    }
    for (const std::string& fault : faults) out.push_back({Level::kError, "quern.E103", fault});
  } catch (const Error& error) {
    out.push_back({Level::kError, "quern.E103", error.what()});
  }
}

}  // namespace

std::vector<CheckMessage> check_project(Project& project) {
  std::vector<CheckMessage> out;
  check_routes(project, out);
  check_models(core_of(project), out);
  for (const ModelRef& model : core_of(project).models()) check_few_values(model, out);
  for (const auto& [alias, settings] : project.settings().databases) {
    check_encryption(alias, settings, out);
  }
  for (const std::string& text : settings_without_effect(project.settings())) {
    out.push_back({Level::kNote, "quern.N301", text});
  }
  return out;
}

std::vector<CheckMessage> check_database(Project& project, std::string_view alias) {
  std::vector<CheckMessage> out;
  Connection& connection = core_of(project).connection(alias);
  try {
    if (Host::parse(connection.settings().host).kind == Host::Kind::kMongo) {
      check_deployment(connection, out);
    } else if (connection.exists()) {
      const bson::Document ping = bson::doc("ping", std::int32_t{1});
      run_checked(connection.plain(), connection.database(), ping);
    }
  } catch (const Error& error) {
    out.push_back({Level::kError, "quern.E102", fmt::format("'{}': {}", alias, error.what())});
    return out;
  }
  check_migrations(project, alias, out);
  if (connection.is_encrypted()) check_keys(project, connection, out);
  return out;
}

}  // namespace quern::internal
