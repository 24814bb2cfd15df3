// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "AddConstraint", "model": …, "constraint": {"name": …, "key": {path: 1}, …}}
#include <fmt/format.h>

#include "migrations/operations/common.h"
#include "migrations/operations/index_operations.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class AddConstraint final : public AddIndexed {
 public:
  AddConstraint(std::string model, IndexState state)
      : AddIndexed(std::move(model), std::move(state), &ModelState::constraints) {}

  std::string_view kind() const override { return "AddConstraint"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model()).append("constraint", index().to_bson());
  }
  std::string describe() const override {
    std::vector<std::string> paths;
    for (const bson::Element& part : index().key) paths.emplace_back(part.key());
    return fmt::format("Create constraint {} on field(s) {} of model {}", index().name,
                       fmt::join(paths, ", "), to_lower(model()));
  }
};

}  // namespace

OperationPtr add_constraint(std::string model, IndexState constraint) {
  return std::make_shared<AddConstraint>(std::move(model), std::move(constraint));
}

OperationPtr parse_add_constraint(bson::View document) {
  expect_members(document, {"model", "constraint"});
  return add_constraint(text_of(document, "model"),
                        IndexState::parse(document_of(document, "constraint")));
}

}  // namespace quern::migrations
