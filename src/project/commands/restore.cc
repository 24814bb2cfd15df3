// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <ostream>

#include "project/commands/commands.h"
#include "project/project_core.h"

namespace quern::internal {
namespace {

ExitCode run(CommandContext& context) {
  const std::string& alias = context.arguments.text("database");
  const std::filesystem::path backup = context.arguments.text("backup");
  core_of(context.project).connection(alias).restore(backup, context.arguments.has("replace"));
  context.console.out << fmt::format(
      "The database '{}' is a copy of {}, which was read through before.\n", alias,
      backup.string());
  return ExitCode::kOk;
}

}  // namespace

Command restore_command() {
  return {.name = "restore",
          .summary = "Put a backup in the place of a database's folder, after checking it.",
          .options = {database_option(),
                      {.name = "--replace",
                       .help = "Give up the database that is there; without it, none may be."},
                      {.name = "backup",
                       .help = "The directory that backup has written.",
                       .value = "BACKUP",
                       .required = true}},
          .examples = {"restore --database encrypted /var/backups/clinic/monday",
                       "restore --database encrypted --replace /var/backups/clinic/monday"},
          .run = run};
}

}  // namespace quern::internal
