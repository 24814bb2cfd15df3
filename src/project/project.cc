// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/project.h"

#include <fmt/format.h>

#include <algorithm>

#include "project/commands/commands.h"
#include "project/project_core.h"
#include "quern/base/error.h"

namespace quern {

Project::Project(std::unique_ptr<internal::ProjectCore> core)
    : ModelSession(*core), core_(std::move(core)) {}
Project::Project(Settings settings)
    : Project(std::make_unique<internal::ProjectCore>(std::move(settings))) {}
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
  const auto has_its_name = [&](const Command& other) { return other.name == command.name; };
  if (std::ranges::any_of(internal::builtin_commands(), has_its_name)) {
    throw ImproperlyConfigured(fmt::format(
        "a command named '{}' is built in: give the project's own another name", command.name));
  }
  if (std::ranges::any_of(core_->commands, has_its_name)) {
    throw ImproperlyConfigured(fmt::format("there are two commands named '{}'", command.name));
  }
  core_->commands.push_back(std::move(command));
  return *this;
}

const Settings& Project::settings() const { return core_->settings(); }

CommandRunner& Project::plain_runner(std::string_view alias) {
  return core_->connection(alias).plain();
}

void Project::backup(std::string_view alias, const std::filesystem::path& directory) {
  core_->connection(alias).back_up(directory);
}

}  // namespace quern
