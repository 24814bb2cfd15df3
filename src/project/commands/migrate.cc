// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "migrations/autodetector.h"
#include "migrations/executor.h"
#include "migrations/interruption.h"
#include "migrations/migration_error.h"
#include "migrations/state_of_models.h"
#include "project/commands/commands.h"
#include "project/migration_database.h"
#include "project/progress_line.h"
#include "project/project_core.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

using migrations::Applied;
using migrations::Graph;
using migrations::HistoryEntry;
using migrations::OperationPtr;
using migrations::Plan;
using migrations::PlanStep;

const migrations::Migration& matching(const Graph& graph, const std::string& app,
                                      const std::string& target) {
  try {
    return graph.match(app, target);
  } catch (const Error& error) {
    std::vector<std::string> names = {"zero"};
    for (const migrations::Migration* migration : graph.of_app(app)) {
      names.push_back(migration->key.name);
    }
    throw UsageError(fmt::format("{} There are: {}", error.what(), fmt::join(names, ", ")));
  }
}

Plan make_plan(CommandContext& context, const Graph& graph, const Applied& applied,
               std::string& target_text) {
  const std::string& app = context.arguments.text("app");
  const std::string& target = context.arguments.text("migration");
  if (app.empty()) {
    target_text =
        fmt::format("Apply all migrations: {}", fmt::join(core_of(context.project).apps(), ", "));
    return graph.plan_forwards(applied);
  }
  core_of(context.project).check_app(app);
  if (graph.of_app(app).empty()) {
    throw UsageError(fmt::format(
        "App '{0}' does not have migrations. Run '{1} makemigrations {0}' to write them.", app,
        context.program));
  }
  if (target.empty()) {
    target_text = fmt::format("Apply all migrations: {}", app);
    return graph.plan_forwards(applied, app);
  }
  if (target == "zero") {
    target_text = fmt::format("Unapply all migrations: {}", app);
    return graph.plan_to_zero(applied, app);
  }
  const migrations::Migration& migration = matching(graph, app, target);
  target_text = fmt::format("Target specific migration: {}, from {}", migration.key.name, app);
  return graph.plan_to(applied, migration);
}

void print_plan(std::ostream& out, const Plan& plan, migrations::Database& database) {
  out << "Planned operations:\n";
  if (plan.empty()) out << "  No planned migration operations.\n";
  for (const PlanStep& step : plan) {
    out << step.migration->key.to_string() << '\n';
    std::vector<OperationPtr> operations = step.migration->operations;
    if (step.backwards) std::reverse(operations.begin(), operations.end());
    for (const OperationPtr& operation : operations) {
      const bool skipped = !database.allow_migrate(step.migration->key.app, operation->model());
      out << fmt::format("    {}{}{}\n", step.backwards ? "Undo " : "", operation->describe(),
                         skipped ? " (skipped: not for this database)" : "");
    }
  }
}

// Applied migrations whose files say something else now, and ones that routers skipped and would
// let through today.
void warn_about_history(CommandContext& context, const Graph& graph,
                        const std::vector<HistoryEntry>& entries, const std::string& alias) {
  const RouterChain& routers = core_of(context.project).routers();
  for (const HistoryEntry& entry : entries) {
    const migrations::Migration* migration = graph.find(entry.key);
    if (!migration) continue;
    if (!entry.hash.empty() && entry.hash != migration->hash()) {
      context.console.err << fmt::format("Warning: {} was changed after it was applied to '{}'.\n",
                                         entry.key.to_string(), alias);
    }
    for (const OperationPtr& operation : migration->operations) {
      const bool skipped = std::find(entry.skipped.begin(), entry.skipped.end(),
                                     operation->describe()) != entry.skipped.end();
      if (skipped && routers.allow_migrate(alias, entry.key.app, operation->model())) {
        context.console.err << fmt::format(
            "Warning: {0} skipped \"{1}\" on '{2}', where the routers allow it now: unapply {0} "
            "and "
            "apply it again.\n",
            entry.key.to_string(), operation->describe(), alias);
      }
    }
  }
}

void warn_about_changes(CommandContext& context, const Graph& graph) {
  const auto& list = core_of(context.project).models();
  const std::vector<ModelRef> models(list.begin(), list.end());
  const migrations::Changes changes =
      migrations::detect_changes(graph.state(), migrations::state_of_models(models));
  std::vector<std::string> apps;
  for (const auto& [app, operations] : changes.operations) apps.push_back(app);
  if (apps.empty() && changes.refusals.empty()) return;
  context.console.out << fmt::format(
      "  Your models{} have changes that are not yet reflected in a migration, and so won't be "
      "applied.\n  Run '{} makemigrations' to make new migrations, and then re-run '{} migrate' to "
      "apply them.\n",
      apps.empty() ? "" : fmt::format(" in app(s): '{}'", fmt::join(apps, "', '")), context.program,
      context.program);
}

std::string result_text(const PlanStep& step, const migrations::Outcome& outcome,
                        const HistoryEntry& entry) {
  if (entry.faked) return "FAKED";
  std::vector<std::string> notes;
  if (outcome.data_keys_created > 0) {
    notes.push_back(fmt::format("{} data key{} created", outcome.data_keys_created,
                                outcome.data_keys_created == 1 ? "" : "s"));
  }
  if (!step.backwards && !entry.skipped.empty()) {
    notes.push_back(fmt::format("{} operation{} skipped: not for this database",
                                entry.skipped.size(), entry.skipped.size() == 1 ? "" : "s"));
  }
  return notes.empty() ? "OK" : fmt::format("OK ({})", fmt::join(notes, ", "));
}

ExitCode run(CommandContext& context) {
  std::ostream& out = context.console.out;
  const std::string& alias = context.arguments.text("database");
  MigrationDatabase database(context.project, alias);
  const Graph graph = core_of(context.project).load_migrations();
  graph.refuse_conflicts();
  migrations::History history(database);
  const std::vector<HistoryEntry> entries = history.read();
  const Applied applied = migrations::applied_keys(entries);
  graph.refuse_inconsistency(applied, alias);
  graph.state();  // a migration that cannot be applied is refused before any runs

  std::string target_text;
  const Plan plan = make_plan(context, graph, applied, target_text);
  if (!context.arguments.has("fake")) {
    migrations::refuse_missing_functions(plan, database);
    migrations::refuse_reused_names(plan, graph);
  }
  if (context.arguments.has("check")) {
    if (!plan.empty()) print_plan(out, plan, database);
    return plan.empty() ? ExitCode::kOk : ExitCode::kFailure;
  }
  if (!context.arguments.has("fake")) migrations::refuse_unusable_keys(plan, graph, database);
  if (context.arguments.has("plan")) {
    print_plan(out, plan, database);
    return ExitCode::kOk;
  }
  warn_about_history(context, graph, entries, alias);
  out << "Operations to perform:\n  " << target_text << "\nRunning migrations:\n";
  if (plan.empty()) {
    out << "  No migrations to apply.\n";
    warn_about_changes(context, graph);
    return ExitCode::kOk;
  }
  migrations::Progress progress;
  ProgressLine line(context.console);
  database.on_document = [&](std::int64_t done, std::int64_t total) { line.update(done, total); };
  progress.start = [&](const PlanStep& step) {
    line.start(fmt::format("  {} {}...", step.backwards ? "Unapplying" : "Applying",
                           step.migration->key.to_string()));
  };
  progress.done = [&](const PlanStep& step, const migrations::Outcome& outcome,
                      const HistoryEntry& entry) {
    line.finish(' ' + result_text(step, outcome, entry));
  };
  try {
    migrations::Executor(graph, database).run(plan, context.arguments.has("fake"), progress);
  } catch (const NotSupported& error) {
    out << std::endl;
    throw migrations::MigrationError(error.what());
  } catch (...) {
    out << std::endl;
    throw;
  }
  return ExitCode::kOk;
}

}  // namespace

Command migrate_command() {
  return {
      .name = "migrate",
      .summary = "Bring a database's collections up to the migrations.",
      .options = {database_option(),
                  {.name = "--plan", .help = "Show what would be done and change nothing."},
                  {.name = "--check",
                   .help = "Change nothing; exit with 1 if there is anything "
                           "to apply."},
                  {.name = "--fake", .help = "Record migrations as applied without running them."},
                  {.name = "app", .help = "The app; all when it is not given.", .value = "APP"},
                  {.name = "migration",
                   .help = "Go to this one, forwards or back: a name, the start of one, or "
                           "'zero' for none.",
                   .value = "MIGRATION"}},
      .examples = {"migrate --database encrypted", "migrate --database encrypted --plan",
                   "migrate --database encrypted clinic 0002"},
      .run = run};
}

}  // namespace quern::internal
