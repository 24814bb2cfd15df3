// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The built-in commands, one file each; the table is in table.cc.
#ifndef QUERN_PROJECT_COMMANDS_COMMANDS_H_
#define QUERN_PROJECT_COMMANDS_COMMANDS_H_

#include <vector>

#include "quern/project/command.h"

namespace quern::internal {

Command backup_command();
Command check_command();
Command compact_command();
Command completion_command();
Command diffsettings_command();
Command dumpdata_command();
Command generatelocalkey_command();
Command inspect_command();
Command loaddata_command();
Command makemigrations_command();
Command migrate_command();
Command repair_command();
Command restore_command();
Command showencryptedfieldsmap_command();
Command showmigrations_command();
Command validate_command();
Command version_command();

const std::vector<Command>& builtin_commands();
// Those and the project's own.
std::vector<const Command*> all_commands(const Project& project);

// --database, as most commands take it.
CommandOption database_option();

}  // namespace quern::internal

#endif  // QUERN_PROJECT_COMMANDS_COMMANDS_H_
