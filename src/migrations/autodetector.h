// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Compares the state of the migrations with the state of the compiled models and makes the
// operations that lead from one to the other.
#ifndef QUERN_MIGRATIONS_AUTODETECTOR_H_
#define QUERN_MIGRATIONS_AUTODETECTOR_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "migrations/graph.h"
#include "migrations/state.h"

namespace quern::migrations {

// Answers what cannot be known from the two states.
struct Questioner {
  // Whether a member that is gone is the one that is new. Member paths, and the new one's type.
  std::function<bool(const ModelState& model, const std::string& old_path,
                     const std::string& new_path, const std::string& type)>
      renamed = [](const ModelState&, const std::string&, const std::string&, const std::string&) {
        return false;
      };
  // What documents that are there get for a member that is new, or that may be null no more, where
  // its default will not do (required_value.h). Nothing: the default.
  std::function<bson::Value(const ModelState& model, const std::string& path,
                            const FieldState& field)>
      value =
          [](const ModelState&, const std::string&, const FieldState&) { return bson::Value(); };
};

struct Changes {
  std::map<std::string, std::vector<OperationPtr>> operations;  // by app
  std::vector<std::string> warnings;
  std::vector<std::string> refusals;  // of changes that cannot be made; then nothing else is of use
};

Changes detect_changes(const State& from, const State& to, const Questioner& questioner = {});

// The migration that holds an app's operations, after the app's last one. An empty name: one made
// of the operations. now names migrations whose operations have no name of their own.
Migration make_migration(const Graph& graph, const std::string& app,
                         std::vector<OperationPtr> operations, const std::string& name,
                         bson::Date now);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_AUTODETECTOR_H_
