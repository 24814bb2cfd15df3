// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>

#include "project/commands/commands.h"
#include "project/deployed_map.h"
#include "project/encrypted_map.h"
#include "project/project_core.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::internal {
namespace {

// Exit code 1 and a line for each difference between a file's map and the present one.
ExitCode check_file(CommandContext& context, const bson::Document& present,
                    const std::string& file) {
  const std::vector<std::string> differences = map_differences(present, read_map(file), file);
  for (const std::string& difference : differences) context.console.out << difference << '\n';
  if (!differences.empty()) return ExitCode::kFailure;
  context.console.out << fmt::format("{} is up to date.\n", file);
  return ExitCode::kOk;
}

ExitCode run(CommandContext& context) {
  Connection& connection = core_of(context.project).connection(context.arguments.text("database"));
  const bson::Document map = deployed_map(core_of(context.project), connection);
  if (context.arguments.has("check")) {
    return check_file(context, map, context.arguments.text("check"));
  }
  const std::string text = bson::to_pretty_json(map) + "\n";
  const std::string& path = context.arguments.text("out");
  if (path.empty()) {
    context.console.out << text;
    return ExitCode::kOk;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    throw ImproperlyConfigured(
        fmt::format("--out: cannot write {}: {}", path, std::strerror(errno)));
  }
  context.console.out << fmt::format("Wrote {}: {} collection{}.\n", path, map.view().count(),
                                     map.view().count() == 1 ? "" : "s");
  return ExitCode::kOk;
}

}  // namespace

Command showencryptedfieldsmap_command() {
  return {.name = "showencryptedfieldsmap",
          .summary = "Print the encrypted fields of a database with the ids of their keys.",
          .options = {database_option(),
                      {.name = "--out", .help = "Write it to a file.", .value = "FILE"},
                      {.name = "--check",
                       .help = "Compare a file with it; exit with 1 if they differ.",
                       .value = "FILE"}},
          .examples = {"showencryptedfieldsmap --database encrypted --out encrypted_fields.json",
                       "showencryptedfieldsmap --database encrypted --check encrypted_fields.json"},
          .run = run};
}

}  // namespace quern::internal
