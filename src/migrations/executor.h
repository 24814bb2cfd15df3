// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Runs migrations on one database and records each in the history when all its operations are done.
// Operations may be run again, so after an interruption the migration simply starts anew.
#ifndef QUERN_MIGRATIONS_EXECUTOR_H_
#define QUERN_MIGRATIONS_EXECUTOR_H_

#include <functional>

#include "base/clock.h"
#include "migrations/graph.h"
#include "migrations/history.h"

namespace quern::migrations {

// Called around each migration, for progress.
struct Progress {
  std::function<void(const PlanStep&)> start = [](const PlanStep&) {};
  std::function<void(const PlanStep&, const Outcome&, const HistoryEntry&)> done =
      [](const PlanStep&, const Outcome&, const HistoryEntry&) {};
};

// Throws MigrationError for a step that calls a function which the project has not registered.
void refuse_missing_functions(const Plan& plan, Database& database);

// The same for a step that creates an encrypted collection, where its keys would be of no use, as
// Database::refuse_unusable_keys() says.
void refuse_unusable_keys(const Plan& plan, const Graph& graph, Database& database);

// Borrows graph, database and clock.
class Executor {
 public:
  Executor(const Graph& graph, Database& database, Clock& clock = Clock::system())
      : graph_(graph), database_(database), clock_(clock) {}

  // fake: change the history only. Throws MigrationError, before anything runs, when the plan has a
  // step backwards over an operation that cannot be undone or calls a function that is missing, and
  // what refuse_unusable_keys() throws.
  void run(const Plan& plan, bool fake, const Progress& progress = {});

 private:
  Outcome apply(const Migration& migration, HistoryEntry& entry);
  Outcome unapply(const Migration& migration);
  bool allowed(const Migration& migration, const MigrationOperation& operation) const;

  const Graph& graph_;
  Database& database_;
  Clock& clock_;
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_EXECUTOR_H_
