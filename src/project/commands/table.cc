// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Every built-in command, one line each.
#include "project/commands/commands.h"

namespace quern::internal {

const std::vector<Command>& builtin_commands() {
  static const std::vector<Command> commands = {
      check_command(),
      compact_command(),
      diffsettings_command(),
      generatelocalkey_command(),
      inspect_command(),
      makemigrations_command(),
      migrate_command(),
      repair_command(),
      showencryptedfieldsmap_command(),
      showmigrations_command(),
      validate_command(),
      version_command(),
  };
  return commands;
}

CommandOption database_option() {
  return {.name = "--database",
          .help = "The database's alias in the settings.",
          .value = "ALIAS",
          .fallback = "default"};
}

}  // namespace quern::internal
