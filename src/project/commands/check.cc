// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "base/shown.h"
#include "project/commands/commands.h"
#include "project/paint.h"
#include "project/system_checks.h"

namespace quern::internal {
namespace {

std::string level(const CheckMessage& message, bool has_colours) {
  switch (message.level) {
    case CheckMessage::Level::kError:
      return painted(Paint::kError, "ERROR", has_colours);
    case CheckMessage::Level::kWarning:
      return painted(Paint::kWarning, "WARNING", has_colours);
    default:
      return painted(Paint::kNote, "NOTE", has_colours);
  }
}

ExitCode run(CommandContext& context) {
  std::ostream& out = context.console.out;
  std::vector<CheckMessage> messages = check_project(context.project);
  if (context.arguments.has("database")) {
    const std::vector<CheckMessage> more =
        check_database(context.project, context.arguments.text("database"));
    messages.insert(messages.end(), more.begin(), more.end());
  }
  int errors = 0;
  for (const CheckMessage& message : messages) {
    const bool error = message.level == CheckMessage::Level::kError;
    errors += error ? 1 : 0;
    out << fmt::format("{}: ({}) {}\n", level(message, context.console.out_has_colours), message.id,
                       without_controls(message.text));
  }
  if (messages.empty()) {
    out << "System check identified no issues (0 silenced).\n";
  } else {
    out << fmt::format("\nSystem check identified {} issue{} (0 silenced).\n", messages.size(),
                       messages.size() == 1 ? "" : "s");
  }
  return errors > 0 ? ExitCode::kConfiguration : ExitCode::kOk;
}

}  // namespace

Command check_command() {
  return {.name = "check",
          .summary = "Look for faults in settings, routers and models; with --database, open it.",
          .options = {{.name = "--database",
                       .help = "Also connect to this database and check its keys and map.",
                       .value = "ALIAS"}},
          .examples = {"check", "check --database encrypted"},
          .run = run};
}

}  // namespace quern::internal
