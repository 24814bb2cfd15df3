// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "RenameField", "model": …, "field": member path, "to": new name, "column": stored name}:
// the stored member moves along when it carries the member's name and "column" is left out.
#include <fmt/format.h>

#include "migrations/data_change.h"
#include "migrations/encryption_rules.h"
#include "migrations/operations/common.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class RenameField final : public MigrationOperation {
 public:
  RenameField(std::string model, std::string member_path, std::string new_name, std::string column)
      : model_(std::move(model)),
        path_(std::move(member_path)),
        to_(std::move(new_name)),
        column_(std::move(column)) {}

  std::string_view kind() const override { return "RenameField"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model_).append("field", path_).append("to", to_);
    if (!column_.empty()) out.append("column", column_);
  }
  std::string describe() const override {
    return fmt::format("Rename field {} on {} to {}", path_, to_lower(model_), to_);
  }
  char sign() const override { return '~'; }
  std::string name_fragment() const override {
    return fmt::format("rename_{}_{}_{}", as_fragment(path_), to_lower(model_), to_lower(to_));
  }
  std::string model() const override { return model_; }

  void apply_to(State& state, const std::string& app) const override {
    ModelState& model = state.get(app, model_);
    const ModelState before = model;
    FieldState* field = model.find(path_);
    if (!field) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("{} has no field {}", model.label(), path_));
    }
    if (!column_.empty()) {
      field->column = column_;
    } else if (field->column == field->name) {
      field->column = to_;
    }
    field->name = to_;
    const std::string parent = split_path(path_).first;
    refuse_taken_names(model, parent, fields_of(model, parent), *field);
    refuse_encryption_changes(before, model);
  }
  Outcome run(Database& database, const Step& step) const override {
    move(database, step, path_, joined_path(split_path(path_).first, to_));
    return {};
  }
  Outcome undo(Database& database, const Step& step) const override {
    move(database, step, joined_path(split_path(path_).first, to_), path_);
    return {};
  }

 private:
  void move(Database& database, const Step& step, const std::string& old_path,
            const std::string& new_path) const {
    const ModelState& before = step.from.get(step.app, model_);
    const ModelState& after = step.to.get(step.app, model_);
    const StoredPath stored = stored_path(before, old_path);
    const std::string& new_column = after.find(new_path)->column;
    if (stored.columns.back() == new_column) return;
    rename_member(database, after.collection, stored, new_column);
  }

  std::string model_;
  std::string path_;
  std::string to_;
  std::string column_;
};

}  // namespace

OperationPtr rename_field(std::string model, std::string member_path, std::string new_name,
                          std::string column) {
  return std::make_shared<RenameField>(std::move(model), std::move(member_path),
                                       std::move(new_name), std::move(column));
}

OperationPtr parse_rename_field(bson::View document) {
  expect_members(document, {"model", "field", "to", "column"});
  return rename_field(text_of(document, "model"), text_of(document, "field"),
                      text_of(document, "to"),
                      document.contains("column") ? text_of(document, "column") : "");
}

}  // namespace quern::migrations
