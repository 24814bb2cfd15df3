// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/operations/index_operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "migrations/operations/common.h"

namespace quern::migrations {
namespace {

const IndexState& find_index(const ModelState& model, IndexList list, const std::string& name) {
  const std::vector<IndexState>& indexes = model.*list;
  const auto it = std::find_if(indexes.begin(), indexes.end(),
                               [&](const IndexState& index) { return index.name == name; });
  if (it == indexes.end()) {
    throw Error(ErrorCode::kFailedToParse,
                fmt::format("{} has no index or constraint {}", model.label(), name));
  }
  return *it;
}

}  // namespace

std::string AddIndexed::name_fragment() const {
  return to_lower(model_) + "_" + as_fragment(index_.name);
}

void AddIndexed::apply_to(State& state, const std::string& app) const {
  ModelState& model = state.get(app, model_);
  for (const EncryptedMember& encrypted : model.encrypted_paths()) {
    for (const bson::Element& part : index_.key) {
      if (part.key() == encrypted.path || part.key().starts_with(encrypted.path + ".")) {
        throw NotSupported(
            fmt::format("index {} of {} is on the encrypted field {}: MongoDB cannot "
                        "index encrypted fields",
                        index_.name, model.label(), encrypted.path));
      }
    }
  }
  (model.*list_).push_back(index_);
}

Outcome AddIndexed::run(Database& database, const Step& step) const {
  create_index(database, step.to.get(step.app, model_), index_);
  return {};
}

Outcome AddIndexed::undo(Database& database, const Step& step) const {
  drop_index(database, step.from.get(step.app, model_), index_.name);
  return {};
}

void RemoveIndexed::append_to(bson::Builder& out) const {
  out.append("model", model_).append("name", name_);
}

std::string RemoveIndexed::name_fragment() const {
  return fmt::format("remove_{}_{}", to_lower(model_), as_fragment(name_));
}

void RemoveIndexed::apply_to(State& state, const std::string& app) const {
  ModelState& model = state.get(app, model_);
  find_index(model, list_, name_);
  std::erase_if(model.*list_, [&](const IndexState& index) { return index.name == name_; });
}

Outcome RemoveIndexed::run(Database& database, const Step& step) const {
  drop_index(database, step.from.get(step.app, model_), name_);
  return {};
}

Outcome RemoveIndexed::undo(Database& database, const Step& step) const {
  const ModelState& model = step.to.get(step.app, model_);
  create_index(database, model, find_index(model, list_, name_));
  return {};
}

}  // namespace quern::migrations
