// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/executor.h"

#include <fmt/format.h>

#include "migrations/interruption.h"
#include "migrations/migration_error.h"

namespace quern::migrations {
namespace {

// An encrypted collection's keys and state collections cannot be made up later, so a faked creation
// would leave a model that cannot be written.
void refuse_fake_encrypted(const Plan& plan) {
  for (const PlanStep& step : plan) {
    if (step.backwards) continue;
    State state;
    for (const OperationPtr& operation : step.migration->operations) {
      if (operation->kind() != "CreateModel") continue;
      operation->apply_to(state, step.migration->key.app);
      if (state.get(step.migration->key.app, operation->model()).has_encrypted()) {
        throw MigrationError(fmt::format(
            "{} cannot be faked: \"{}\" makes data keys and state collections that the collection "
            "cannot do without",
            step.migration->key.to_string(), operation->describe()));
      }
    }
  }
}

void refuse_irreversible(const Plan& plan) {
  for (const PlanStep& step : plan) {
    if (!step.backwards) continue;
    for (const OperationPtr& operation : step.migration->operations) {
      if (!operation->reversible()) {
        throw MigrationError(fmt::format("{} cannot be undone: \"{}\" has no way back",
                                         step.migration->key.to_string(), operation->describe()));
      }
    }
  }
}

}  // namespace

void refuse_missing_functions(const Plan& plan, Database& database) {
  for (const PlanStep& step : plan) {
    const MigrationKey& key = step.migration->key;
    for (const OperationPtr& operation : step.migration->operations) {
      const std::string function = operation->function(step.backwards);
      if (function.empty() || !database.allow_migrate(key.app, operation->model()) ||
          database.has_function(key.app, function)) {
        continue;
      }
      throw MigrationError(
          fmt::format("{0} needs the function '{1}' of app '{2}', which is not there: register it "
                      "with project.function(\"{2}\", \"{1}\", …)",
                      key.to_string(), function, key.app));
    }
  }
}

void refuse_unusable_keys(const Plan& plan, const Graph& graph, Database& database) {
  if (!database.is_encrypted()) return;
  for (const PlanStep& step : plan) {
    const std::string& app = step.migration->key.app;
    State state = graph.state_before(*step.migration);
    for (const OperationPtr& operation : step.migration->operations) {
      const State before = state;
      operation->apply_to(state, app);
      if (!database.allow_migrate(app, operation->model())) continue;
      const State& from = step.backwards ? state : before;
      const State& to = step.backwards ? before : state;
      for (const auto& [label, model] : to.models()) {
        if (from.find(model.app, model.name) || !model.has_encrypted()) continue;
        const bson::Document fields = model.encrypted_fields();
        database.refuse_unusable_keys(model.collection, fields);
      }
    }
  }
}

bool Executor::allowed(const Migration& migration, const MigrationOperation& operation) const {
  return database_.allow_migrate(migration.key.app, operation.model());
}

Outcome Executor::apply(const Migration& migration, HistoryEntry& entry) {
  Outcome total;
  State state = graph_.state_before(migration);
  for (const OperationPtr& operation : migration.operations) {
    const State before = state;
    operation->apply_to(state, migration.key.app);
    if (!allowed(migration, *operation)) {
      entry.skipped.push_back(operation->describe());
      continue;
    }
    const Outcome outcome =
        operation->run(database_, {.app = migration.key.app, .from = before, .to = state});
    total.data_keys_created += outcome.data_keys_created;
  }
  return total;
}

Outcome Executor::unapply(const Migration& migration) {
  std::vector<State> states = {graph_.state_before(migration)};
  for (const OperationPtr& operation : migration.operations) {
    states.push_back(states.back());
    operation->apply_to(states.back(), migration.key.app);
  }
  Outcome total;
  for (std::size_t i = migration.operations.size(); i-- > 0;) {
    const MigrationOperation& operation = *migration.operations[i];
    if (!allowed(migration, operation)) continue;
    const Outcome outcome = operation.undo(
        database_, {.app = migration.key.app, .from = states[i + 1], .to = states[i]});
    total.data_keys_created += outcome.data_keys_created;
  }
  return total;
}

void Executor::run(const Plan& plan, bool fake, const Progress& progress) {
  History history(database_);
  graph_.refuse_inconsistency(applied_keys(history.read()), database_.alias());
  if (fake) {
    refuse_fake_encrypted(plan);
  } else {
    refuse_irreversible(plan);
    refuse_missing_functions(plan, database_);
    refuse_unusable_keys(plan, graph_, database_);
    refuse_reused_names(plan, graph_);
  }
  for (const PlanStep& step : plan) {
    const Migration& migration = *step.migration;
    progress.start(step);
    HistoryEntry entry{.key = migration.key, .hash = migration.hash(), .faked = fake};
    Outcome outcome;
    if (step.backwards) {
      if (!fake) outcome = unapply(migration);
      history.forget(migration.key);
    } else {
      if (!fake) outcome = apply(migration, entry);
      entry.applied = {clock_.wall_now().time_since_epoch().count()};
      history.record(entry);
    }
    progress.done(step, outcome, entry);
  }
}

}  // namespace quern::migrations
