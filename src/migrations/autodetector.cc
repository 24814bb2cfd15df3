// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/autodetector.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "migrations/encryption_rules.h"
#include "migrations/operations/common.h"
#include "migrations/operations/convert.h"
#include "migrations/required_value.h"
#include "quern/base/error.h"

namespace quern::migrations {
namespace {

const FieldState* find_named(const std::vector<FieldState>& fields, const std::string& name) {
  const auto it = std::find_if(fields.begin(), fields.end(),
                               [&](const FieldState& field) { return field.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

// The field without its members and without its name: what AlterField and renames are about.
bson::Document shape(FieldState field, bool with_column) {
  field.name = "field";
  if (!with_column) field.column = "field";
  field.fields.clear();
  return field.to_bson();
}

class ModelDiff {
 public:
  ModelDiff(const ModelState& from, const ModelState& to, const Questioner& questioner,
            Changes& changes)
      : from_(from), to_(to), questioner_(questioner), changes_(changes) {}

  void run() {
    const std::vector<std::string> refusals = encryption_refusals(from_, to_);
    if (!refusals.empty()) {
      changes_.refusals.insert(changes_.refusals.end(), refusals.begin(), refusals.end());
      return;
    }
    if (from_.collection != to_.collection) {
      changes_.refusals.push_back(
          fmt::format("the collection of {} cannot be renamed from '{}' to '{}' by a migration "
                      "yet: keep it with "
                      "Meta::db_table.",
                      to_.label(), from_.collection, to_.collection));
      return;
    }
    removed_indexes(from_.indexes, to_.indexes, remove_index);
    removed_indexes(from_.constraints, to_.constraints, remove_constraint);
    fields(from_.fields, to_.fields, "");
    added_indexes(from_.indexes, to_.indexes, add_index);
    added_indexes(from_.constraints, to_.constraints, add_constraint);
  }

 private:
  void emit(OperationPtr operation) {
    changes_.operations[to_.app].push_back(std::move(operation));
  }

  template <class Make>
  void removed_indexes(const std::vector<IndexState>& from, const std::vector<IndexState>& to,
                       Make make) {
    for (const IndexState& index : from) {
      if (std::find(to.begin(), to.end(), index) == to.end()) emit(make(to_.name, index.name));
    }
  }
  template <class Make>
  void added_indexes(const std::vector<IndexState>& from, const std::vector<IndexState>& to,
                     Make make) {
    for (const IndexState& index : to) {
      if (std::find(from.begin(), from.end(), index) == from.end()) emit(make(to_.name, index));
    }
  }

  // Members of one struct: renamed, then removed, added and altered ones.
  void fields(std::vector<FieldState> from, const std::vector<FieldState>& to,
              const std::string& parent) {
    renames(from, to, parent);
    for (const FieldState& old : from) {
      if (!find_named(to, old.name)) removed(old, joined_path(parent, old.name));
    }
    for (const FieldState& field : to) {
      const FieldState* old = find_named(from, field.name);
      if (old) {
        altered(*old, field, parent);
      } else {
        emit(add_field(to_.name, parent, field, value_for(field, joined_path(parent, field.name))));
      }
    }
  }

  // What documents get for a member that its default will not do for: of a struct, one value for
  // each such member and the defaults of the others.
  bson::Value value_for(const FieldState& field, const std::string& path) const {
    if (!needs_value(field)) return {};
    if (field.fields.empty()) return questioner_.value(to_, path, field);
    bson::Builder out;
    for (const FieldState& member : field.fields) {
      const bson::Value value = value_for(member, joined_path(path, member.name));
      const bson::Element fallback = member.attributes["default"];
      if (!value.missing()) {
        out.append(member.column, value);
      } else if (!fallback.missing()) {
        out.append(member.column, fallback.value());
      }
    }
    return bson::Value::of(out.finish());
  }

  void renames(std::vector<FieldState>& from, const std::vector<FieldState>& to,
               const std::string& parent) {
    // The same stored name says that it is the same member: nobody need be asked about those.
    for (const bool keeps_column : {true, false}) {
      for (const FieldState& field : to) {
        if (!find_named(from, field.name)) rename_one(from, to, field, parent, keeps_column);
      }
    }
  }

  // Finds the member that the new `field` was, if there is one.
  void rename_one(std::vector<FieldState>& from, const std::vector<FieldState>& to,
                  const FieldState& field, const std::string& parent, bool keeps_column) {
    for (FieldState& old : from) {
      if (find_named(to, old.name) || shape(old, false) != shape(field, false)) continue;
      const std::string old_path = joined_path(parent, old.name);
      if (keeps_column) {
        if (old.column != field.column) continue;
      } else {
        const bool moves_along = old.column == old.name && field.column == field.name;
        if (!moves_along ||
            !questioner_.renamed(to_, old_path, joined_path(parent, field.name), field.type)) {
          continue;
        }
      }
      const bool pinned = keeps_column && old.column == old.name;
      emit(rename_field(to_.name, old_path, field.name, pinned ? field.column : ""));
      old.name = field.name;
      old.column = field.column;
      return;
    }
  }

  void removed(const FieldState& field, const std::string& path) {
    ModelState alone;
    alone.fields = {field};
    if (alone.has_encrypted()) {
      changes_.warnings.push_back(fmt::format(
          "{}.{} is removed from the model only: what is stored stays encrypted in the collection, "
          "which keeps the field's definition.",
          to_.name, path));
    }
    emit(remove_field(to_.name, path));
  }

  void altered(const FieldState& old, const FieldState& field, const std::string& parent) {
    const std::string path = joined_path(parent, field.name);
    if (shape(old, true) != shape(field, true)) {
      if (!old.encrypted && !can_convert(old, field)) {
        changes_.refusals.push_back(
            conversion_refusal(fmt::format("{}.{}", to_.name, path), old, field));
        return;
      }
      FieldState altered = field;
      altered.fields = old.fields;
      bson::Value value;
      if (old.nullable && !field.nullable) value = value_for(altered, path);
      emit(alter_field(to_.name, parent, std::move(altered), std::move(value)));
    }
    fields(old.fields, field.fields, path);
  }

  const ModelState& from_;
  const ModelState& to_;
  const Questioner& questioner_;
  Changes& changes_;
};

// A model that is gone and one that is new with the same collection: dropping and creating it would
// lose what is stored.
void refuse_shared_collections(const State& from, const State& to, Changes& changes) {
  for (const auto& [label, model] : to.models()) {
    if (from.find(model.app, model.name)) continue;
    for (const auto& [old_label, old] : from.models()) {
      if (old.collection != model.collection || to.find(old.app, old.name)) continue;
      changes.refusals.push_back(fmt::format(
          "{} would take over the collection '{}' of {}: a model cannot be renamed by a migration "
          "yet. Keep the struct's name, or give the new model another Meta::db_table.",
          label, model.collection, old_label));
    }
  }
}

std::string suggest_name(const std::vector<OperationPtr>& operations, bson::Date now) {
  std::vector<std::string> fragments;
  for (const OperationPtr& operation : operations) {
    const std::string fragment = operation->name_fragment();
    if (!fragment.empty()) fragments.push_back(fragment);
  }
  if (fragments.empty()) {
    return fmt::format("auto_{:%Y%m%d_%H%M}", fmt::gmtime(now.milliseconds / 1000));
  }
  constexpr std::size_t kLongest = 52;
  std::string name = fragments.front();
  for (std::size_t i = 1; i < fragments.size(); ++i) {
    if (name.size() + 1 + fragments[i].size() > kLongest) return name + "_and_more";
    name += "_" + fragments[i];
  }
  return name;
}

}  // namespace

Changes detect_changes(const State& from, const State& to, const Questioner& questioner) {
  Changes changes;
  refuse_shared_collections(from, to, changes);
  for (const auto& [label, model] : from.models()) {
    if (!to.find(model.app, model.name)) {
      changes.operations[model.app].push_back(delete_model(model.name));
    }
  }
  for (const auto& [label, model] : to.models()) {
    if (from.find(model.app, model.name)) continue;
    std::vector<OperationPtr>& operations = changes.operations[model.app];
    operations.push_back(create_model(model));
    for (const IndexState& index : model.indexes)
      operations.push_back(add_index(model.name, index));
    for (const IndexState& constraint : model.constraints) {
      operations.push_back(add_constraint(model.name, constraint));
    }
  }
  for (const auto& [label, model] : to.models()) {
    if (const ModelState* old = from.find(model.app, model.name)) {
      ModelDiff(*old, model, questioner, changes).run();
    }
  }
  return changes;
}

Migration make_migration(const Graph& graph, const std::string& app,
                         std::vector<OperationPtr> operations, const std::string& name,
                         bson::Date now) {
  Migration migration;
  int number = 1;
  for (const Migration* other : graph.of_app(app)) {
    const std::string& taken = other->key.name;
    int other_number = 0;
    std::from_chars(taken.data(), taken.data() + taken.size(), other_number);
    number = std::max(number, other_number + 1);
  }
  for (const Migration* leaf : graph.leaves(app)) migration.dependencies.push_back(leaf->key);
  migration.initial = migration.dependencies.empty();
  std::string text = name;
  if (text.empty()) text = migration.initial ? "initial" : suggest_name(operations, now);
  migration.key = {app, fmt::format("{:04}_{}", number, text)};
  migration.operations = std::move(operations);
  return migration;
}

}  // namespace quern::migrations
