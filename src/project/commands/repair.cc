// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "project/commands/commands.h"
#include "project/project_core.h"

namespace quern::internal {
namespace {

ExitCode run(CommandContext& context) {
  const std::string& alias = context.arguments.text("database");
  const bool accept_loss = context.arguments.has("accept-loss");
  const auto [faults, losses] = core_of(context.project).connection(alias).repair(accept_loss);
  std::ostream& out = context.console.out;
  if (faults.empty()) {
    out << fmt::format("Nothing keeps the database '{}' from being opened.\n", alias);
    return ExitCode::kOk;
  }
  for (const std::string& fault : faults) {
    out << fmt::format("The database '{}' is damaged: {}.\n", alias, fault);
  }
  if (!accept_loss) {
    out << "Nothing was changed. Restore a backup; or add --accept-loss, which gives up what "
           "cannot be read.\n";
    return ExitCode::kFailure;
  }
  for (const std::string& loss : losses) out << loss << ".\n";
  out << "It can be opened again, without what is said to be missing or damaged. Look whether what "
         "the application needs is there.\n";
  return ExitCode::kOk;
}

}  // namespace

Command repair_command() {
  return {.name = "repair",
          .summary = "Say what is damaged in a database's folder; mend it only when told to.",
          .options = {database_option(),
                      {.name = "--accept-loss",
                       .help = "Give up what cannot be read, so that the rest can be opened."}},
          .examples = {"repair --database encrypted", "repair --database encrypted --accept-loss"},
          .run = run};
}

}  // namespace quern::internal
