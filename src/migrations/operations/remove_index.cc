// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "RemoveIndex", "model": …, "name": …}
#include <fmt/format.h>

#include "migrations/operations/common.h"
#include "migrations/operations/index_operations.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class RemoveIndex final : public RemoveIndexed {
 public:
  RemoveIndex(std::string model, std::string name)
      : RemoveIndexed(std::move(model), std::move(name), &ModelState::indexes) {}

  std::string_view kind() const override { return "RemoveIndex"; }
  std::string describe() const override {
    return fmt::format("Remove index {} from {}", name(), to_lower(model()));
  }
};

}  // namespace

OperationPtr remove_index(std::string model, std::string name) {
  return std::make_shared<RemoveIndex>(std::move(model), std::move(name));
}

OperationPtr parse_remove_index(bson::View document) {
  expect_members(document, {"model", "name"});
  return remove_index(text_of(document, "model"), text_of(document, "name"));
}

}  // namespace quern::migrations
