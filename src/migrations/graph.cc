// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "migrations/migration_error.h"

namespace quern::migrations {

Graph::Graph(std::vector<Migration> migrations) {
  for (Migration& migration : migrations) {
    const MigrationKey key = migration.key;
    migrations_.emplace(key, std::move(migration));
  }
  enum class Mark { kNew, kOpen, kDone };
  std::map<MigrationKey, Mark> marks;
  const std::function<void(const Migration&)> visit = [&](const Migration& migration) {
    Mark& mark = marks[migration.key];
    if (mark == Mark::kDone) return;
    if (mark == Mark::kOpen) {
      throw MigrationError(
          fmt::format("the dependencies of migration {} are circular", migration.key.to_string()));
    }
    mark = Mark::kOpen;
    for (const MigrationKey& key : migration.dependencies) {
      const Migration* dependency = find(key);
      if (!dependency) {
        throw MigrationError(
            fmt::format("Migration {} dependencies reference nonexistent parent node {}",
                        migration.key.to_string(), key.to_string()));
      }
      visit(*dependency);
    }
    marks[migration.key] = Mark::kDone;
    ordered_.push_back(&migration);
  };
  for (const auto& [key, migration] : migrations_) visit(migration);
}

const Migration* Graph::find(const MigrationKey& key) const {
  const auto it = migrations_.find(key);
  return it == migrations_.end() ? nullptr : &it->second;
}

std::vector<const Migration*> Graph::of_app(std::string_view app) const {
  std::vector<const Migration*> out;
  std::copy_if(ordered_.begin(), ordered_.end(), std::back_inserter(out),
               [&](const Migration* migration) { return migration->key.app == app; });
  return out;
}

std::vector<const Migration*> Graph::leaves(std::string_view app) const {
  std::vector<const Migration*> out = of_app(app);
  const std::vector<const Migration*> all = out;
  std::erase_if(out, [&](const Migration* migration) {
    return std::any_of(all.begin(), all.end(), [&](const Migration* other) {
      const auto& needs = other->dependencies;
      return std::find(needs.begin(), needs.end(), migration->key) != needs.end();
    });
  });
  return out;
}

void Graph::refuse_conflicts() const {
  std::set<std::string> apps;
  for (const auto& [key, migration] : migrations_) apps.insert(key.app);
  for (const std::string& app : apps) {
    const std::vector<const Migration*> last = leaves(app);
    if (last.size() < 2) continue;
    std::vector<std::string> names;
    for (const Migration* migration : last) names.push_back(migration->key.name);
    throw MigrationError(
        fmt::format("Conflicting migrations detected; multiple leaf nodes in the migration "
                    "graph: ({} in {}).\nTo fix them make one depend on the other: edit its "
                    "\"dependencies\".",
                    fmt::join(names, ", "), app));
  }
}

const Migration& Graph::match(std::string_view app, std::string_view prefix) const {
  const Migration* found = nullptr;
  for (const Migration* migration : of_app(app)) {
    if (migration->key.name == prefix) return *migration;
    if (!migration->key.name.starts_with(prefix)) continue;
    if (found) {
      throw Error(ErrorCode::kBadValue,
                  fmt::format("More than one migration matches '{}' in app '{}'. Please be more "
                              "specific.",
                              prefix, app));
    }
    found = migration;
  }
  if (!found) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("Cannot find a migration matching '{}' from app '{}'.", prefix, app));
  }
  return *found;
}

State Graph::state() const {
  State state;
  for (const Migration* migration : ordered_) migration->apply_to(state);
  return state;
}

State Graph::state_before(const Migration& migration) const {
  State state;
  for (const Migration* other : ordered_) {
    if (other == &migration) break;
    other->apply_to(state);
  }
  return state;
}

void Graph::collect_ancestors(const Migration& migration, std::set<MigrationKey>& out) const {
  if (!out.insert(migration.key).second) return;
  for (const MigrationKey& key : migration.dependencies) collect_ancestors(*find(key), out);
}

void Graph::collect_descendants(const Migration& migration, std::set<MigrationKey>& out) const {
  if (!out.insert(migration.key).second) return;
  for (const Migration* other : ordered_) {
    const auto& needs = other->dependencies;
    if (std::find(needs.begin(), needs.end(), migration.key) != needs.end()) {
      collect_descendants(*other, out);
    }
  }
}

Plan Graph::plan_forwards(const Applied& applied, std::string_view app) const {
  std::set<MigrationKey> wanted;
  for (const Migration* migration : ordered_) {
    if (app.empty() || migration->key.app == app) collect_ancestors(*migration, wanted);
  }
  Plan plan;
  for (const Migration* migration : ordered_) {
    if (wanted.contains(migration->key) && !applied.contains(migration->key)) {
      plan.push_back({migration, false});
    }
  }
  return plan;
}

Plan Graph::plan_to(const Applied& applied, const Migration& target) const {
  if (applied.contains(target.key)) {
    std::set<MigrationKey> undone;
    for (const Migration* migration : of_app(target.key.app)) {
      const auto& needs = migration->dependencies;
      if (std::find(needs.begin(), needs.end(), target.key) != needs.end()) {
        collect_descendants(*migration, undone);
      }
    }
    return backwards(applied, undone);
  }
  std::set<MigrationKey> wanted;
  collect_ancestors(target, wanted);
  Plan plan;
  for (const Migration* migration : ordered_) {
    if (wanted.contains(migration->key) && !applied.contains(migration->key)) {
      plan.push_back({migration, false});
    }
  }
  return plan;
}

Plan Graph::plan_to_zero(const Applied& applied, std::string_view app) const {
  std::set<MigrationKey> undone;
  for (const Migration* migration : of_app(app)) collect_descendants(*migration, undone);
  return backwards(applied, undone);
}

Plan Graph::backwards(const Applied& applied, const std::set<MigrationKey>& keys) const {
  Plan plan;
  for (auto it = ordered_.rbegin(); it != ordered_.rend(); ++it) {
    if (keys.contains((*it)->key) && applied.contains((*it)->key)) plan.push_back({*it, true});
  }
  return plan;
}

void Graph::refuse_inconsistency(const Applied& applied, std::string_view alias) const {
  for (const MigrationKey& key : applied) {
    const Migration* migration = find(key);
    if (!migration) continue;
    for (const MigrationKey& dependency : migration->dependencies) {
      if (!applied.contains(dependency)) {
        throw MigrationError(
            fmt::format("Migration {} is applied before its dependency {} on database '{}'.",
                        key.to_string(), dependency.to_string(), alias));
      }
    }
  }
}

}  // namespace quern::migrations
