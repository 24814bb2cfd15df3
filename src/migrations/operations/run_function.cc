// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "RunFunction", "forwards": name, "backwards": name or null}: a function that the project
// registered for the app.
#include <fmt/format.h>

#include <memory>

#include "migrations/operations/common.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class RunFunction final : public MigrationOperation {
 public:
  RunFunction(std::string forwards, std::string backwards)
      : forwards_(std::move(forwards)), backwards_(std::move(backwards)) {}

  std::string_view kind() const override { return "RunFunction"; }
  void append_to(bson::Builder& out) const override {
    out.append("forwards", forwards_);
    if (backwards_.empty()) {
      out.append("backwards", bson::Null{});
    } else {
      out.append("backwards", backwards_);
    }
  }
  std::string describe() const override { return "Run function " + forwards_; }
  char sign() const override { return 'f'; }
  std::string name_fragment() const override { return ""; }
  std::string model() const override { return ""; }
  bool reversible() const override { return !backwards_.empty(); }
  std::string function(bool backwards) const override { return backwards ? backwards_ : forwards_; }

  void apply_to(State&, const std::string&) const override {}
  Outcome run(Database& database, const Step& step) const override {
    database.run_function(step.app, forwards_, step.from);
    return {};
  }
  Outcome undo(Database& database, const Step& step) const override {
    database.run_function(step.app, backwards_, step.from);
    return {};
  }

 private:
  std::string forwards_;
  std::string backwards_;
};

}  // namespace

OperationPtr run_function(std::string forwards, std::string backwards) {
  return std::make_shared<RunFunction>(std::move(forwards), std::move(backwards));
}

OperationPtr parse_run_function(bson::View document) {
  expect_members(document, {"forwards", "backwards"});
  const bson::Element backwards = document["backwards"];
  const bool one_way = backwards.missing() || backwards.is_null();
  return run_function(text_of(document, "forwards"), one_way ? "" : text_of(document, "backwards"));
}

}  // namespace quern::migrations
