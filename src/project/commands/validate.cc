// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "project/commands/commands.h"
#include "project/project_core.h"
#include "quern/bson/document.h"
#include "quern/command/reply.h"

namespace quern::internal {
namespace {

void print_texts(std::ostream& out, std::string_view kind, const bson::Element& texts) {
  if (!texts.is_array()) return;
  for (const bson::Element& text : texts.as_array()) {
    if (text.is_string()) out << fmt::format("  {}: {}.\n", kind, text.as_string());
  }
}

// Whether the collection is as it should be.
bool validate(Connection& connection, const std::string& name, bool full, std::ostream& out) {
  out << name << ": " << std::flush;
  const Reply reply = run_checked(connection.plain(), connection.database(),
                                  bson::doc("validate", name, "full", full));
  const bool valid = reply["valid"].truthy();
  out << fmt::format("{} documents, {} indexes, {}\n", reply["nrecords"].whole_number().value_or(0),
                     reply["nIndexes"].whole_number().value_or(0), valid ? "valid" : "NOT VALID");
  print_texts(out, "error", reply["errors"]);
  print_texts(out, "warning", reply["warnings"]);
  out << std::flush;
  return valid;
}

ExitCode run(CommandContext& context) {
  const std::string& alias = context.arguments.text("database");
  Connection& connection = core_of(context.project).connection(alias);
  const bool full = context.arguments.has("full");
  std::ostream& out = context.console.out;
  int invalid = 0;
  for (const std::string& name : connection.collections()) {
    if (!validate(connection, name, full, out)) ++invalid;
  }
  if (invalid == 0) {
    out << fmt::format("The database '{}' is valid.\n", alias);
    return ExitCode::kOk;
  }
  out << fmt::format(
      "The database '{}' is not valid: {} of its collections are wrong. Restore a backup; or, "
      "where "
      "only an index is wrong, drop that and create it again.\n",
      alias, invalid);
  return ExitCode::kFailure;
}

}  // namespace

Command validate_command() {
  return {.name = "validate",
          .summary = "Look whether documents, indexes and encrypted fields agree.",
          .options = {database_option(),
                      {.name = "--full",
                       .help = "Read every block of the database's files, too, for damage that "
                               "nobody has met yet."}},
          .examples = {"validate", "validate --database encrypted --full"},
          .run = run};
}

}  // namespace quern::internal
