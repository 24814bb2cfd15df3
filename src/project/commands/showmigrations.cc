// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>

#include "migrations/history.h"
#include "project/commands/commands.h"
#include "project/migration_database.h"
#include "project/project_core.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

ExitCode run(CommandContext& context) {
  ProjectCore& core = core_of(context.project);
  std::ostream& out = context.console.out;
  MigrationDatabase database(context.project, context.arguments.text("database"));
  const migrations::Graph graph = core.load_migrations();
  std::map<migrations::MigrationKey, migrations::HistoryEntry> applied;
  for (migrations::HistoryEntry& entry : migrations::History(database).read()) {
    applied.emplace(entry.key, std::move(entry));
  }
  const std::vector<std::string>& named = context.arguments.all("app");
  for (const std::string& app : named) core.check_app(app);
  for (const std::string& app : named.empty() ? core.apps() : named) {
    out << app << '\n';
    const auto all = graph.of_app(app);
    if (all.empty()) out << " (no migrations)\n";
    for (const migrations::Migration* migration : all) {
      const auto it = applied.find(migration->key);
      if (it == applied.end()) {
        out << fmt::format(" [ ] {}\n", migration->key.name);
        continue;
      }
      // Nothing of it belongs into this database.
      const bool skipped = !migration->operations.empty() &&
                           it->second.skipped.size() == migration->operations.size();
      out << fmt::format(" [{}] {}{}\n", skipped ? '-' : 'X', migration->key.name,
                         it->second.faked ? " (faked)" : "");
    }
  }
  return ExitCode::kOk;
}

}  // namespace

Command showmigrations_command() {
  return {
      .name = "showmigrations",
      .summary = "List migrations: [X] applied, [-] applied but not for this database, [ ] not.",
      .options = {database_option(),
                  {.name = "app",
                   .help = "Apps to list; all when none is given.",
                   .value = "APP",
                   .many = true}},
      .examples = {"showmigrations --database encrypted"},
      .run = run};
}

}  // namespace quern::internal
