// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Every built-in command, one line each.
#include "project/commands/commands.h"

#include "project/project_core.h"

namespace quern::internal {

const std::vector<Command>& builtin_commands() {
  static const std::vector<Command> commands = {
      backup_command(),           check_command(),
      compact_command(),          completion_command(),
      diffsettings_command(),     dumpdata_command(),
      generatelocalkey_command(), inspect_command(),
      loaddata_command(),         makemigrations_command(),
      migrate_command(),          repair_command(),
      restore_command(),          showencryptedfieldsmap_command(),
      showmigrations_command(),   validate_command(),
      version_command(),
  };
  return commands;
}

std::vector<const Command*> all_commands(const Project& project) {
  std::vector<const Command*> out;
  for (const Command& command : builtin_commands()) out.push_back(&command);
  for (const Command& command : core_of(project).commands) out.push_back(&command);
  return out;
}

CommandOption database_option() {
  return {.name = "--database",
          .help = "The database's alias in the settings.",
          .value = "ALIAS",
          .fallback = "default"};
}

}  // namespace quern::internal
