// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "DeleteModel", "model": …}: drops the collection and its state collections. The data keys
// stay in the vault.
#include "migrations/operations/common.h"

#include <memory>

#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class DeleteModel final : public MigrationOperation {
 public:
  explicit DeleteModel(std::string model) : model_(std::move(model)) {}

  std::string_view kind() const override { return "DeleteModel"; }
  void append_to(bson::Builder& out) const override { out.append("model", model_); }
  std::string describe() const override { return "Delete model " + model_; }
  char sign() const override { return '-'; }
  std::string name_fragment() const override { return "delete_" + to_lower(model_); }
  std::string model() const override { return model_; }

  void apply_to(State& state, const std::string& app) const override { state.remove(app, model_); }
  Outcome run(Database& database, const Step& step) const override {
    drop_collection(database, step.from.get(step.app, model_));
    return {};
  }
  Outcome undo(Database& database, const Step& step) const override {
    const ModelState& model = step.to.get(step.app, model_);
    const Outcome outcome = create_collection(database, model);
    for (const IndexState& index : model.indexes) create_index(database, model, index);
    for (const IndexState& constraint : model.constraints) {
      create_index(database, model, constraint);
    }
    return outcome;
  }

 private:
  std::string model_;
};

}  // namespace

OperationPtr delete_model(std::string model) {
  return std::make_shared<DeleteModel>(std::move(model));
}

OperationPtr parse_delete_model(bson::View document) {
  expect_members(document, {"model"});
  return delete_model(text_of(document, "model"));
}

}  // namespace quern::migrations
