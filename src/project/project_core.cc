// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/project_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "base/shown.h"
#include "project/encrypted_map.h"
#include "project/settings_check.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern::internal {
namespace {

Settings checked(Settings settings) {
  Problems problems;
  check_settings(settings, problems);
  problems.throw_if_any("the settings");
  return settings;
}

std::set<std::string> aliases(const Settings& settings) {
  std::set<std::string> out;
  for (const auto& [alias, database] : settings.databases) out.insert(alias);
  return out;
}

bool is_identifier(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

ProjectCore::ProjectCore(Settings settings)
    : settings_(checked(std::move(settings))),
      routers_(settings_.database_routers, aliases(settings_)),
      pool_(settings_.base_directory) {
  for (const auto& [alias, database] : settings_.databases) {
    connections_.try_emplace(alias, alias, database, settings_.base_directory, pool_,
                             [this, alias = alias] { return encrypting_options(alias); });
  }
}

void ProjectCore::add_model(std::string_view app, const ModelInfo& info) {
  if (!is_identifier(app)) {
    throw ImproperlyConfigured(
        fmt::format("'{}' cannot be an app's label: use letters, digits and underscores, no digit "
                    "first",
                    app));
  }
  if (models_are_final_) {
    throw ImproperlyConfigured(fmt::format(
        "model {}.{} must be registered before the project's databases are used", app, info.name));
  }
  const ModelRef model{.app_label = std::string(app),
                       .name = info.name,
                       .collection = info.collection_name(app),
                       .info = &info};
  for (const ModelRef& other : models_) {
    if (other.info == &info) {
      throw ImproperlyConfigured(fmt::format("model {}.{} is registered twice", app, info.name));
    }
    if (other.app_label == app && other.name == info.name) {
      throw ImproperlyConfigured(fmt::format("app '{}' has two models named {}", app, info.name));
    }
    if (other.collection == model.collection) {
      throw ImproperlyConfigured(
          fmt::format("db_table '{}' is used by multiple models: {}.{}, "
                      "{}.{}.",
                      model.collection, other.app_label, other.name, app, info.name));
    }
  }
  models_.push_back(model);
  by_info_.emplace(&info, &models_.back());
}

const ModelRef* ProjectCore::find_model(const ModelInfo& info) const {
  const auto it = by_info_.find(&info);
  return it == by_info_.end() ? nullptr : it->second;
}

std::vector<std::string> ProjectCore::apps() const {
  std::vector<std::string> out;
  for (const ModelRef& model : models_) {
    if (std::find(out.begin(), out.end(), model.app_label) == out.end()) {
      out.push_back(model.app_label);
    }
  }
  return out;
}

void ProjectCore::check_app(std::string_view label) const {
  const std::vector<std::string> known = apps();
  if (std::find(known.begin(), known.end(), label) != known.end()) return;
  throw UsageError(
      fmt::format("No installed app with label '{}'. {}", label,
                  known.empty() ? "The project has none: register models with app<Model>(\"label\")"
                                : fmt::format("There are: {}", fmt::join(known, ", "))));
}

Connection& ProjectCore::connection(std::string_view alias) {
  const auto it = connections_.find(alias);
  if (it != connections_.end()) return it->second;
  std::vector<std::string> known;
  for (const auto& [name, connection] : connections_) known.push_back(name);
  const auto hint = nearest(alias, known);
  throw ImproperlyConfigured(
      fmt::format("The connection '{}' doesn't exist. {}", alias,
                  hint ? fmt::format("Did you mean '{}'?", *hint)
                       : fmt::format("The settings have: {}", fmt::join(known, ", "))));
}

std::string ProjectCore::advice_on_missing_key(Connection& connection,
                                               std::string_view collection) const {
  if (connection.has_collection(collection)) return connection.advice_on_lost_key();
  const auto pinned = connection.pinned_map();
  if (pinned && pinned->find(fmt::format("{}.{}", connection.database(), collection))) {
    return fmt::format(
        "The encrypted_fields_map {} pins it: bring back the key vault that the map was written "
        "for.",
        connection.map_file().string());
  }
  return fmt::format("Have you migrated? Run '{} migrate --database {}'.", program,
                     connection.alias());
}

std::vector<const ModelRef*> ProjectCore::models_in(std::string_view alias) const {
  std::vector<const ModelRef*> out;
  for (const ModelRef& model : models_) {
    if (routers_.allow_migrate(alias, model.app_label, model.name)) out.push_back(&model);
  }
  return out;
}

std::filesystem::path ProjectCore::migrations_folder(std::string_view app) const {
  return settings_.base_directory / app / "migrations";
}

migrations::Graph ProjectCore::load_migrations() const {
  std::vector<migrations::Migration> all;
  for (const std::string& app : apps()) {
    for (migrations::Migration& migration :
         migrations::read_migrations(migrations_folder(app), app)) {
      all.push_back(std::move(migration));
    }
  }
  return migrations::Graph(std::move(all));
}

void ProjectCore::check_routes_once() {
  std::call_once(routes_checked_, [&] {
    for (const ModelRef& model : models_) {
      if (!model.info->has_encrypted_fields()) continue;
      const std::string alias = routers_.db_for_write(model);
      if (connection(alias).is_encrypted()) continue;
      throw ImproperlyConfigured(fmt::format(
          "(quern.E101) {0}.{1} has encrypted fields but is written to the non-encrypted database "
          "'{2}'. Routers asked: {3}. Set auto_encryption for '{2}' or route {0}.{1} elsewhere.",
          model.app_label, model.name, alias, routers_.who_decided_write(model)));
    }
  });
}

const ModelRef& ProjectCore::registered(const ModelInfo& model) {
  const ModelRef* found = find_model(model);
  if (!found) {
    throw ImproperlyConfigured(fmt::format(
        "no app has the model {0}: register it with project.app<{0}>(\"label\")", model.name));
  }
  return *found;
}

std::string ProjectCore::choose_database(const ModelRef& model, DatabaseUse use,
                                         const Hints& hints) {
  return use == DatabaseUse::kRead ? routers_.db_for_read(model, hints)
                                   : routers_.db_for_write(model, hints);
}

void ProjectCore::check_exists(const ModelRef& model, std::string_view alias, DatabaseUse use) {
  check_routes_once();
  Connection& at = connection(alias);
  if (at.exists() || (use == DatabaseUse::kWrite && !at.is_encrypted())) return;
  throw ImproperlyConfigured(fmt::format("the database '{}' does not exist yet. {}", alias,
                                         advice_on_missing_key(at, model.collection)));
}

Target ProjectCore::target(std::string_view alias) {
  check_routes_once();
  Connection& at = connection(alias);
  return {.alias = at.alias(),
          .database = at.database(),
          .runner = &at.runner(),
          .encrypting = at.is_encrypted()};
}

std::string ProjectCore::explain_route(const ModelRef& model, std::string_view alias) {
  return fmt::format(
      "Routers asked: {0}. Set auto_encryption for '{1}' or route {2}.{3} elsewhere.",
      routers_.who_decided_write(model), alias, model.app_label, model.name);
}

namespace {

// What stands in a model at a stored, dotted path, or above it: the text of a fault, or nothing.
std::string plain_member_at(const ModelInfo& model, std::string_view path) {
  std::string name = model.name;
  std::span<const FieldInfo> fields = model.fields;
  for (;;) {
    const std::size_t dot = path.find('.');
    const auto field = std::ranges::find(fields, path.substr(0, dot), &FieldInfo::column);
    if (field == fields.end() || field->encrypted) return "";
    name += "." + field->name;
    if (dot == std::string_view::npos || field->embedded == nullptr) return name;
    fields = field->embedded->fields;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace

std::vector<std::string> ProjectCore::plain_member_faults(const ModelRef& model,
                                                          Connection& connection) {
  std::vector<std::string> faults;
  const schema::EncryptedFields stored = connection.encrypted_fields_of(model.collection);
  for (const schema::EncryptedField& field : stored.fields()) {
    const std::string member = plain_member_at(*model.info, field.path);
    if (member.empty()) continue;
    faults.push_back(fmt::format(
        "{0}.{1} is in the clear, but {2}.{3} encrypts '{4}': what is saved there could not be "
        "read back. Declare the member as quern::Encrypted, as the collection has it, or give the "
        "model a collection of its own with Meta::db_table",
        model.app_label, member, connection.database(), model.collection, shown_path(field.path)));
  }
  return faults;
}

void ProjectCore::check_model(const ModelRef& model, const Target& target) {
  if (!target.encrypting) return;
  const std::pair key(model.info, static_cast<const CommandRunner*>(target.runner));
  {
    const std::shared_lock lock(checked_mutex_);
    if (checked_models_.contains(key)) return;
  }
  Connection& at = connection(target.alias);
  // Asked first: one that is made in between, with any schema, was not looked at.
  const bool exists = at.has_collection(model.collection);
  const std::vector<std::string> faults = plain_member_faults(model, at);
  if (!faults.empty()) {
    throw ImproperlyConfigured(fmt::format("(quern.E110) {}", fmt::join(faults, "\n  ")));
  }
  if (!exists) return;
  const std::lock_guard lock(checked_mutex_);
  checked_models_.insert(key);
}

Reply ProjectCore::do_execute(const Target& target, bson::View command) {
  try {
    return SessionCore::do_execute(target, command);
  } catch (const Error& error) {
    if (!error.is(ErrorCode::kKeyNotFound)) throw;
    const bson::Element collection = command.front();
    if (!collection.is_string()) throw;
    const std::string advice =
        advice_on_missing_key(connection(target.alias), collection.as_string());
    throw Error(error.code(), fmt::format("{}. {}", error.what(), advice));
  }
}

client::EncryptingOptions ProjectCore::encrypting_options(const std::string& alias) {
  models_are_final_ = true;
  const Connection& connection = connections_.find(alias)->second;
  const std::string& database = connection.database();
  const std::vector<const ModelRef*> models = models_in(alias);
  client::EncryptingOptions options;
  if (connection.decrypts_anywhere()) options.decrypt = client::Decrypt::kAnywhere;
  options.map = connection.pinned_map();
  if (!options.map) {
    // The models say what must be encrypted, whatever the server says.
    const bson::Document map = compiled_map(database, models);
    options.map = schema::EncryptedFieldsMap::parse(map);
    options.allow_more_fields = true;
    return options;
  }
  const std::vector<std::string> problems = map_problems(*options.map, database, models);
  if (!problems.empty()) {
    throw ImproperlyConfigured(
        fmt::format("the encrypted_fields_map {} does not fit the models:\n  {}",
                    connection.map_file().string(), fmt::join(problems, "\n  ")));
  }
  return options;
}

}  // namespace quern::internal
