// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "AddField", "model": …, "parent": member path, "field": {…}, "value": …}: gives documents
// that lack the member the value; left out: its default. "parent" is left out for a member of the
// model itself.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "migrations/data_change.h"
#include "migrations/encryption_rules.h"
#include "migrations/operations/common.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class AddField final : public MigrationOperation {
 public:
  AddField(std::string model, std::string parent, FieldState field, bson::Value value)
      : model_(std::move(model)),
        parent_(std::move(parent)),
        field_(std::move(field)),
        value_(std::move(value)) {}

  std::string_view kind() const override { return "AddField"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model_);
    if (!parent_.empty()) out.append("parent", parent_);
    out.append("field", field_.to_bson());
    if (!value_.missing()) out.append("value", value_);
  }
  std::string describe() const override {
    return fmt::format("Add field {} to {}", member_path(), to_lower(model_));
  }
  char sign() const override { return '+'; }
  std::string name_fragment() const override {
    return to_lower(model_) + "_" + as_fragment(member_path());
  }
  std::string model() const override { return model_; }

  void apply_to(State& state, const std::string& app) const override {
    ModelState& model = state.get(app, model_);
    const ModelState before = model;
    std::vector<FieldState>& fields = fields_of(model, parent_);
    refuse_taken_names(model, parent_, fields, field_);
    fields.push_back(field_);
    // An encrypted member that was removed and comes back as it was, perhaps under another name.
    const std::vector<EncryptedMember> removed = std::exchange(model.removed_encrypted, {});
    const std::vector<EncryptedMember> live = model.encrypted_paths();
    std::copy_if(removed.begin(), removed.end(), std::back_inserter(model.removed_encrypted),
                 [&](const EncryptedMember& field) {
                   return std::none_of(live.begin(), live.end(), [&](const EncryptedMember& other) {
                     return other.path == field.path;
                   });
                 });
    refuse_encryption_changes(before, model);
  }
  Outcome run(Database& database, const Step& step) const override {
    const ModelState& model = step.to.get(step.app, model_);
    if (value_.missing()) {
      add_field_data(database, model, member_path());
    } else {
      add_member(database, model.collection, stored_path(model, member_path()), value_);
    }
    return {};
  }
  Outcome undo(Database& database, const Step& step) const override {
    remove_field_data(database, step.from.get(step.app, model_), member_path());
    return {};
  }

 private:
  std::string member_path() const { return joined_path(parent_, field_.name); }

  std::string model_;
  std::string parent_;
  FieldState field_;
  bson::Value value_;
};

}  // namespace

OperationPtr add_field(std::string model, std::string parent, FieldState field, bson::Value value) {
  return std::make_shared<AddField>(std::move(model), std::move(parent), std::move(field),
                                    std::move(value));
}

OperationPtr parse_add_field(bson::View document) {
  expect_members(document, {"model", "parent", "field", "value"});
  FieldState field = FieldState::parse(document_of(document, "field"));
  bson::Value value = value_of(document, field);
  return add_field(text_of(document, "model"),
                   document.contains("parent") ? text_of(document, "parent") : "", std::move(field),
                   std::move(value));
}

}  // namespace quern::migrations
