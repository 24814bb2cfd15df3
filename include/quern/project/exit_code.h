// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a manage binary's process returns. Scripts may rely on the numbers.
#ifndef QUERN_PROJECT_EXIT_CODE_H_
#define QUERN_PROJECT_EXIT_CODE_H_

namespace quern {

enum class ExitCode : int {
  kOk = 0,
  // The answer of a --check option is no: there are changes without a migration, migrations that
  // are not applied, or an encrypted-fields map that differs. Also any error that has no number
  // below.
  kFailure = 1,
  // The command line is wrong: an unknown command, option, app or migration.
  kUsage = 2,
  // The settings, routers, models or keys do not fit together (a database that is not migrated
  // lacks its keys), an alias or a file that is named does not exist or cannot be written, or a
  // check found an error.
  kConfiguration = 3,
  // A migration asks for something that an encrypted collection cannot do, or is inconsistent.
  kMigrationRefused = 4,
  // A database could not be opened or reached, or refused a command.
  kDatabase = 5,
  // A signal ended the command in good order, or a question was not answered; running it again
  // carries on.
  kInterrupted = 130,
};

}  // namespace quern

#endif  // QUERN_PROJECT_EXIT_CODE_H_
