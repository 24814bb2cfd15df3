// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {"op": "AddIndex", "model": …, "index": {"name": …, "key": {path: 1}, …}}
#include <fmt/format.h>

#include "migrations/operations/common.h"
#include "migrations/operations/index_operations.h"
#include "migrations/operations/table.h"

namespace quern::migrations {
namespace {

class AddIndex final : public AddIndexed {
 public:
  AddIndex(std::string model, IndexState state)
      : AddIndexed(std::move(model), std::move(state), &ModelState::indexes) {}

  std::string_view kind() const override { return "AddIndex"; }
  void append_to(bson::Builder& out) const override {
    out.append("model", model()).append("index", index().to_bson());
  }
  std::string describe() const override {
    std::vector<std::string> paths;
    for (const bson::Element& part : index().key) paths.emplace_back(part.key());
    return fmt::format("Create index {} on field(s) {} of model {}", index().name,
                       fmt::join(paths, ", "), to_lower(model()));
  }
};

}  // namespace

OperationPtr add_index(std::string model, IndexState index) {
  return std::make_shared<AddIndex>(std::move(model), std::move(index));
}

OperationPtr parse_add_index(bson::View document) {
  expect_members(document, {"model", "index"});
  return add_index(text_of(document, "model"), IndexState::parse(document_of(document, "index")));
}

}  // namespace quern::migrations
