// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/interruption.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "migrations/migration_error.h"

namespace quern::migrations {
namespace {

using Paths = std::set<std::string>;

void collect(const std::vector<FieldState>& fields, const std::string& prefix, Paths& out) {
  for (const FieldState& field : fields) {
    const std::string path = prefix + field.column;
    out.insert(path);
    collect(field.fields, path + ".", out);
  }
}

Paths stored_paths(const ModelState& model) {
  Paths out;
  collect(model.fields, "", out);
  return out;
}

Paths without(const Paths& a, const Paths& b) {
  Paths out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

}  // namespace

void refuse_reused_names(const Migration& migration, const State& state, bool backwards) {
  std::vector<State> states = {state};
  for (const OperationPtr& operation : migration.operations) {
    states.push_back(states.back());
    operation->apply_to(states.back(), migration.key.app);
  }
  std::vector<const MigrationOperation*> operations;
  for (const OperationPtr& operation : migration.operations) operations.push_back(operation.get());
  if (backwards) {
    std::reverse(states.begin(), states.end());
    std::reverse(operations.begin(), operations.end());
  }
  // Which operation emptied a stored name, by model and name.
  std::map<std::pair<std::string, std::string>, const MigrationOperation*> emptied;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::string model = operations[i]->model();
    const ModelState* from = states[i].find(migration.key.app, model);
    const ModelState* to = states[i + 1].find(migration.key.app, model);
    if (!from || !to) continue;
    const Paths before = stored_paths(*from);
    const Paths after = stored_paths(*to);
    for (const std::string& path : without(after, before)) {
      const auto found = emptied.find({model, path});
      if (found == emptied.end()) continue;
      const std::string undo = backwards ? "Undo " : "";
      throw MigrationError(fmt::format(
          "{}: \"{}{}\" fills the stored name '{}', which \"{}{}\" empties: if the migration were "
          "interrupted between them and run again, what is stored there would be lost. Put the "
          "later one into a migration of its own",
          migration.key.to_string(), undo, operations[i]->describe(), path, undo,
          found->second->describe()));
    }
    for (const std::string& path : without(before, after)) {
      emptied.emplace(std::pair(model, path), operations[i]);
    }
  }
}

void refuse_reused_names(const Plan& plan, const Graph& graph) {
  for (const PlanStep& step : plan) {
    refuse_reused_names(*step.migration, graph.state_before(*step.migration), step.backwards);
  }
}

}  // namespace quern::migrations
