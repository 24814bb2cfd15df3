// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "CreateModel", "model": …, "collection": …, "fields": […]}
#include <fmt/format.h>

#include <memory>

#include "migrations/operations/common.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class CreateModel final : public MigrationOperation {
 public:
  explicit CreateModel(ModelState model) : model_(std::move(model)) {}

  std::string_view kind() const override { return "CreateModel"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model_.name).append("collection", model_.collection).open_array("fields");
    for (const FieldState& field : model_.fields) out.push(field.to_bson());
    out.close();
  }
  std::string describe() const override {
    std::string text = "Create model " + model_.name;
    std::vector<std::string> paths;
    for (const EncryptedMember& field : model_.encrypted_paths())
      paths.push_back(field.member_path);
    if (!paths.empty()) {
      text += fmt::format(" ({} encrypted field{}: {})", paths.size(), paths.size() == 1 ? "" : "s",
                          fmt::join(paths, ", "));
    }
    return text;
  }
  char sign() const override { return '+'; }
  std::string name_fragment() const override { return to_lower(model_.name); }
  std::string model() const override { return model_.name; }

  void apply_to(State& state, const std::string& app) const override {
    ModelState model = model_;
    model.app = app;
    state.add(std::move(model));
  }
  Outcome run(Database& database, const Step& step) const override {
    return create_collection(database, step.to.get(step.app, model_.name));
  }
  Outcome undo(Database& database, const Step& step) const override {
    drop_collection(database, step.from.get(step.app, model_.name));
    return {};
  }

 private:
  ModelState model_;
};

}  // namespace

OperationPtr create_model(ModelState model) {
  return std::make_shared<CreateModel>(std::move(model));
}

OperationPtr parse_create_model(bson::View document) {
  expect_members(document, {"model", "collection", "fields"});
  ModelState model;
  model.name = text_of(document, "model");
  model.collection = text_of(document, "collection");
  if (!document["fields"].is_array()) {
    throw Error(ErrorCode::kFailedToParse, "CreateModel needs \"fields\" that are an array");
  }
  for (const bson::Element& field : document["fields"].as_array()) {
    if (!field.is_document()) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("CreateModel needs objects as \"fields\": {} is none", field.key()));
    }
    model.fields.push_back(FieldState::parse(field.as_document()));
  }
  return create_model(std::move(model));
}

}  // namespace quern::migrations
