// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/project.h"

#include <fmt/format.h>

#include "project/project_core.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern {

Project::Project(Settings settings)
    : core_(std::make_unique<internal::ProjectCore>(std::move(settings))) {}
Project::Project(Project&& other) noexcept = default;
Project& Project::operator=(Project&& other) noexcept = default;
Project::~Project() = default;

void Project::add_model(std::string_view label, const ModelInfo& info) {
  core_->add_model(label, info);
}

Project& Project::function(std::string_view app, std::string_view name, MigrationFunction body) {
  const bool is_new =
      core_->functions.emplace(std::pair(std::string(app), std::string(name)), std::move(body))
          .second;
  if (!is_new) {
    throw ImproperlyConfigured(fmt::format("app '{}' has two functions named '{}'", app, name));
  }
  return *this;
}

Project& Project::command(Command command) {
  for (const Command& other : core_->commands) {
    if (other.name == command.name) {
      throw ImproperlyConfigured(fmt::format("there are two commands named '{}'", command.name));
    }
  }
  core_->commands.push_back(std::move(command));
  return *this;
}

const Settings& Project::settings() const { return core_->settings(); }

std::vector<ModelRef> Project::models() const {
  return {core_->models().begin(), core_->models().end()};
}

bool Project::is_encrypted(std::string_view alias) const {
  return core_->connection(alias).is_encrypted();
}

CommandRunner& Project::plain_runner(std::string_view alias) {
  return core_->connection(alias).plain();
}

const ModelRef& Project::registered(const ModelInfo& model) {
  const ModelRef* found = core_->find_model(model);
  if (!found) {
    throw ImproperlyConfigured(fmt::format(
        "no app has the model {0}: register it with project.app<{0}>(\"label\")", model.name));
  }
  return *found;
}

std::string Project::choose_database(const ModelRef& model, Access access, const Hints& hints) {
  return access == Access::kRead ? core_->routers().db_for_read(model, hints)
                                 : core_->routers().db_for_write(model, hints);
}

Target Project::target(std::string_view alias) {
  core_->check_routes_once();
  internal::Connection& connection = core_->connection(alias);
  return {.alias = connection.alias(),
          .database = connection.database(),
          .runner = &connection.runner(),
          .encrypting = connection.is_encrypted()};
}

std::string Project::explain_route(const ModelRef& model, std::string_view alias) {
  return fmt::format(
      "Routers asked: {0}. Set auto_encryption for '{1}' or route {2}.{3} elsewhere.",
      core_->routers().who_decided_write(model), alias, model.app_label, model.name);
}

Reply Project::run(const Target& target, bson::View command) {
  try {
    return ModelSession::run(target, command);
  } catch (const Error& error) {
    if (!error.is(ErrorCode::kKeyNotFound)) throw;
    const bson::Element collection = command.front();
    if (!collection.is_string()) throw;
    const std::string advice =
        core_->advice_on_missing_key(core_->connection(target.alias), collection.as_string());
    throw Error(error.code(), fmt::format("{}. {}", error.what(), advice));
  }
}

}  // namespace quern
