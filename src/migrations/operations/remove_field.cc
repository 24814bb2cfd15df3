// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "RemoveField", "model": …, "field": member path}: removes the member from the stored
// documents. An encrypted member is removed from the state only: the collection keeps its
// definition, and what is stored stays.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "migrations/operations/common.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class RemoveField final : public MigrationOperation {
 public:
  RemoveField(std::string model, std::string member_path)
      : model_(std::move(model)), path_(std::move(member_path)) {}

  std::string_view kind() const override { return "RemoveField"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model_).append("field", path_);
  }
  std::string describe() const override {
    return fmt::format("Remove field {} from {}", path_, to_lower(model_));
  }
  char sign() const override { return '-'; }
  std::string name_fragment() const override {
    return fmt::format("remove_{}_{}", to_lower(model_), as_fragment(path_));
  }
  std::string model() const override { return model_; }

  void apply_to(State& state, const std::string& app) const override {
    ModelState& model = state.get(app, model_);
    const std::vector<EncryptedMember> before = model.encrypted_paths();
    const auto [parent, name] = split_path(path_);
    std::vector<FieldState>& fields = fields_of(model, parent);
    const std::size_t removed =
        std::erase_if(fields, [&, &name = name](const FieldState& f) { return f.name == name; });
    if (removed == 0) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("{} has no field {}", model.label(), path_));
    }
    model.removed_encrypted.clear();
    const std::vector<EncryptedMember> left = model.encrypted_paths();
    for (const EncryptedMember& field : before) {
      if (std::find(left.begin(), left.end(), field) == left.end()) {
        model.removed_encrypted.push_back(field);
      }
    }
  }
  Outcome run(Database& database, const Step& step) const override {
    remove_field_data(database, step.from.get(step.app, model_), path_);
    return {};
  }
  Outcome undo(Database& database, const Step& step) const override {
    add_field_data(database, step.to.get(step.app, model_), path_);
    return {};
  }

 private:
  std::string model_;
  std::string path_;
};

}  // namespace

OperationPtr remove_field(std::string model, std::string member_path) {
  return std::make_shared<RemoveField>(std::move(model), std::move(member_path));
}

OperationPtr parse_remove_field(bson::View document) {
  expect_members(document, {"model", "field"});
  return remove_field(text_of(document, "model"), text_of(document, "field"));
}

}  // namespace quern::migrations
