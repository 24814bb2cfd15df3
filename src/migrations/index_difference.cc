// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/index_difference.h"

#include <fmt/format.h>

#include "quern/bson/compare.h"
#include "quern/command/reply.h"

namespace quern::migrations {
namespace {

bool same(bson::ValueView a, bson::ValueView b) {
  return a.missing() == b.missing() && (a.missing() || bson::compare(a, b) == 0);
}

bool same_keys(bson::View a, bson::View b) {
  auto at = b.begin();
  for (const bson::Element& part : a) {
    if (at == b.end() || (*at).key() != part.key() || !same((*at).value(), part.value())) {
      return false;
    }
    ++at;
  }
  return at == b.end();
}

// Whether a document of listIndexes is that index, whatever its name.
bool is_index(bson::View stored, const IndexState& wanted) {
  if (!stored["key"].is_document() || !same_keys(wanted.key, stored["key"].as_document())) {
    return false;
  }
  for (const bson::Element& option : wanted.options.view()) {
    if (!same(stored[option.key()].value(), option.value())) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> missing_indexes(Database& database, const ModelState& model) {
  std::vector<bson::Document> stored;
  const bson::Document list = bson::doc("listIndexes", model.collection);
  try {
    for_each(database.plain_runner(), database.name(), list, [&](bson::View index) {
      stored.emplace_back(index);
      return true;
    });
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kNamespaceNotFound)) throw;
    return {};
  }
  std::vector<std::string> out;
  const auto look_for = [&](const std::vector<IndexState>& wanted, std::string_view kind,
                            std::string_view effect) {
    for (const IndexState& index : wanted) {
      bool found = false;
      bool name_taken = false;
      for (const bson::Document& other : stored) {
        found = found || is_index(other, index);
        name_taken =
            name_taken || (other["name"].is_string() && other["name"].as_string() == index.name);
      }
      if (found) continue;
      out.push_back(fmt::format(
          "the collection {}.{} {} the {} {} of the model, so that {}. {}unapply the migration "
          "that makes it, and apply it again",
          database.name(), model.collection,
          name_taken ? "has another index under the name of" : "lacks", kind, index.name, effect,
          name_taken ? "Drop the other one, "
                     : "It was dropped, or allow_migrate of a router skipped it: "));
    }
  };
  look_for(model.indexes, "index", "queries on it read every document");
  look_for(model.constraints, "unique constraint", "equal values are not refused");
  return out;
}

}  // namespace quern::migrations
