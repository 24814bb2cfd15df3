// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "project/commands/commands.h"
#include "project/project_core.h"
#include "quern/bson/document.h"
#include "quern/command/reply.h"

namespace quern::internal {
namespace {

std::string bytes_text(std::int64_t bytes) {
  constexpr double kMegabyte = 1e6;
  const auto size = static_cast<double>(bytes);
  return bytes < 100'000 ? fmt::format("{} bytes", bytes)
                         : fmt::format("{:.1f} MB", size / kMegabyte);
}

ExitCode run(CommandContext& context) {
  const std::string& alias = context.arguments.text("database");
  Connection& connection = core_of(context.project).connection(alias);
  std::ostream& out = context.console.out;
  std::int64_t total = 0;
  for (const std::string& name : connection.collections()) {
    out << name << ": " << std::flush;
    const Reply reply =
        run_checked(connection.plain(), connection.database(), bson::doc("compact", name));
    const std::int64_t freed = reply["bytesFreed"].whole_number().value_or(0);
    total += freed;
    out << bytes_text(freed) << " given back" << std::endl;
  }
  out << fmt::format("The database '{}' is compact: {} given back.\n", alias, bytes_text(total));
  return ExitCode::kOk;
}

}  // namespace

Command compact_command() {
  return {.name = "compact",
          .summary = "Give back the space that deleted and overwritten documents take.",
          .options = {database_option()},
          .examples = {"compact", "compact --database encrypted"},
          .run = run};
}

}  // namespace quern::internal
