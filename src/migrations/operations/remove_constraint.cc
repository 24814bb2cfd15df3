// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "RemoveConstraint", "model": …, "name": …}
#include <fmt/format.h>

#include "migrations/operations/common.h"
#include "migrations/operations/index_operations.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class RemoveConstraint final : public RemoveIndexed {
 public:
  RemoveConstraint(std::string model, std::string name)
      : RemoveIndexed(std::move(model), std::move(name), &ModelState::constraints) {}

  std::string_view kind() const override { return "RemoveConstraint"; }
  std::string describe() const override {
    return fmt::format("Remove constraint {} from model {}", name(), to_lower(model()));
  }
};

}  // namespace

OperationPtr remove_constraint(std::string model, std::string name) {
  return std::make_shared<RemoveConstraint>(std::move(model), std::move(name));
}

OperationPtr parse_remove_constraint(bson::View document) {
  expect_members(document, {"model", "name"});
  return remove_constraint(text_of(document, "model"), text_of(document, "name"));
}

}  // namespace quern::migrations
