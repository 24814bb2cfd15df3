// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "AlterField", "model": …, "parent": member path, "field": {…}, "value": …}: what a member
// is. Stored values are moved when its column changes, widened when its number type does, and filled
// with the value, or else the default, when it may no longer be null. Nested members have operations of their own: "field" gives
// them as they were.
#include <fmt/format.h>

#include "migrations/data_change.h"
#include "migrations/encryption_rules.h"
#include "migrations/migration_error.h"
#include "migrations/operations/common.h"
#include "migrations/operations/convert.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class AlterField final : public MigrationOperation {
 public:
  AlterField(std::string model, std::string parent, FieldState field, bson::Value value)
      : model_(std::move(model)),
        parent_(std::move(parent)),
        field_(std::move(field)),
        value_(std::move(value)) {}

  std::string_view kind() const override { return "AlterField"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model_);
    if (!parent_.empty()) out.append("parent", parent_);
    out.append("field", field_.to_bson());
    if (!value_.missing()) out.append("value", value_);
  }
  std::string describe() const override {
    return fmt::format("Alter field {} on {}", member_path(), to_lower(model_));
  }
  char sign() const override { return '~'; }
  std::string name_fragment() const override {
    return fmt::format("alter_{}_{}", to_lower(model_), as_fragment(member_path()));
  }
  std::string model() const override { return model_; }

  void apply_to(State& state, const std::string& app) const override {
    ModelState& model = state.get(app, model_);
    const ModelState before = model;
    FieldState* field = model.find(member_path());
    if (!field) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("{} has no field {}", model.label(), member_path()));
    }
    if (!field->encrypted && !can_convert(*field, field_)) {
      throw NotSupported(conversion_refusal(model.label() + "." + member_path(), *field, field_));
    }
    *field = field_;
    refuse_taken_names(model, parent_, fields_of(model, parent_), *field);
    refuse_encryption_changes(before, model);
  }
  Outcome run(Database& database, const Step& step) const override {
    return change(database, step);
  }
  Outcome undo(Database& database, const Step& step) const override {
    return change(database, step);
  }
  bool reversible() const override { return true; }

 private:
  std::string member_path() const { return joined_path(parent_, field_.name); }

  Outcome change(Database& database, const Step& step) const {
    const ModelState& before = step.from.get(step.app, model_);
    const ModelState& after = step.to.get(step.app, model_);
    const StoredPath old_path = stored_path(before, member_path());
    const StoredPath new_path = stored_path(after, member_path());
    const FieldState& old_field = *before.find(member_path());
    const FieldState& new_field = *after.find(member_path());
    const bson::Element fallback = new_field.attributes["default"];
    const bson::ValueView value = value_.missing() ? fallback.value() : value_.view();
    const bool fills = old_field.nullable && !new_field.nullable && !value.missing();
    if (old_field.encrypted) {
      // Without a value it is not stored at all: null would be no ciphertext.
      if (fills) add_member(database, after.collection, new_path, value);
      return {};
    }
    const bool retypes = old_field.type != new_field.type;
    if (retypes) refuse_misfits(database, after, old_path, new_field.type);
    if (old_field.column != new_field.column) {
      rename_member(database, after.collection, old_path, new_field.column);
    }
    if (retypes || fills) {
      convert_member(database, after.collection, new_path, [&](bson::ValueView stored) {
        if (stored.missing() || stored.is_null()) {
          return fills ? bson::Value(value) : bson::Value();
        }
        return retypes ? converted(stored, new_field.type) : bson::Value();
      });
    }
    return {};
  }

  // Backwards a type gets narrower: nothing is changed if a value does not fit.
  void refuse_misfits(Database& database, const ModelState& model, const StoredPath& path,
                      const std::string& type) const {
    std::int64_t misfits = 0;
    convert_member(database, model.collection, path, [&](bson::ValueView stored) {
      const bool stays = stored.missing() || stored.is_null() || bson::alias(stored.type()) == type;
      if (!stays && converted(stored, type).missing()) ++misfits;
      return bson::Value();
    });
    if (misfits == 0) return;
    throw MigrationError(fmt::format(
        "{} stored value{} of {}.{} {} not fit the type {}: nothing was changed. Change "
        "or remove them first.",
        misfits, misfits == 1 ? "" : "s", model.label(), member_path(),
        misfits == 1 ? "does" : "do", type));
  }

  std::string model_;
  std::string parent_;
  FieldState field_;
  bson::Value value_;
};

}  // namespace

OperationPtr alter_field(std::string model, std::string parent, FieldState field,
                         bson::Value value) {
  return std::make_shared<AlterField>(std::move(model), std::move(parent), std::move(field),
                                      std::move(value));
}

OperationPtr parse_alter_field(bson::View document) {
  expect_members(document, {"model", "parent", "field", "value"});
  FieldState field = FieldState::parse(document_of(document, "field"));
  bson::Value value = value_of(document, field);
  return alter_field(text_of(document, "model"),
                     document.contains("parent") ? text_of(document, "parent") : "",
                     std::move(field), std::move(value));
}

}  // namespace quern::migrations
