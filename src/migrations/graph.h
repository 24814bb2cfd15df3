// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// All migrations of a project, in an order in which each comes after what it depends on.
#ifndef QUERN_MIGRATIONS_GRAPH_H_
#define QUERN_MIGRATIONS_GRAPH_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/migration.h"

namespace quern::migrations {

struct PlanStep {
  const Migration* migration;
  bool backwards = false;
};
using Plan = std::vector<PlanStep>;
using Applied = std::set<MigrationKey>;

// Immutable once built.
class Graph {
 public:
  // Throws MigrationError for a dependency that does not exist and for a cycle.
  explicit Graph(std::vector<Migration> migrations);

  const std::vector<const Migration*>& ordered() const { return ordered_; }
  const Migration* find(const MigrationKey& key) const;
  std::vector<const Migration*> of_app(std::string_view app) const;
  // Those of the app that no other of the app depends on. One, unless branches were not merged.
  std::vector<const Migration*> leaves(std::string_view app) const;
  // Throws MigrationError with the names when an app has several leaves.
  void refuse_conflicts() const;
  // The one whose name starts with that. Throws Error(BadValue) for none or several.
  const Migration& match(std::string_view app, std::string_view prefix) const;

  // The state after all migrations, or after all up to and including `last` in order.
  State state() const;
  // The state right before a migration: all that come before it in order have been applied.
  State state_before(const Migration& migration) const;

  // What to run to apply everything (of one app when it is given, with what that depends on).
  Plan plan_forwards(const Applied& applied, std::string_view app = {}) const;
  // What to run so that `target` is the app's last applied migration: forwards when it is not
  // applied, else backwards for everything that comes after it or depends on that.
  Plan plan_to(const Applied& applied, const Migration& target) const;
  // Backwards: everything of the app, and what depends on it.
  Plan plan_to_zero(const Applied& applied, std::string_view app) const;

  // Throws MigrationError when a migration is applied before one it depends on.
  void refuse_inconsistency(const Applied& applied, std::string_view alias) const;

 private:
  void collect_ancestors(const Migration& migration, std::set<MigrationKey>& out) const;
  void collect_descendants(const Migration& migration, std::set<MigrationKey>& out) const;
  Plan backwards(const Applied& applied, const std::set<MigrationKey>& keys) const;

  std::map<MigrationKey, Migration> migrations_;
  std::vector<const Migration*> ordered_;
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_GRAPH_H_
