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
  const std::filesystem::path directory = context.arguments.text("directory");
  core_of(context.project).connection(alias).back_up(directory);
  context.console.out << fmt::format("Copied the database '{}' to {}, and read the copy through.\n",
                                     alias, directory.string());
  return ExitCode::kOk;
}

}  // namespace

Command backup_command() {
  return {.name = "backup",
          .summary = "Copy a database's folder, consistently, and check the copy.",
          .options = {database_option(),
                      {.name = "directory",
                       .help = "Where to: a directory that is not there yet, or empty.",
                       .value = "DIRECTORY",
                       .required = true}},
          .examples = {"backup --database encrypted /var/backups/clinic/monday"},
          .run = run};
}

}  // namespace quern::internal
