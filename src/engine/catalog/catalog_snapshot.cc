// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/catalog_snapshot.h"

#include <cstring>
#include <set>

namespace quern::engine {

const Collection* CatalogSnapshot::find(std::string_view ns) const {
  const auto at = collections_.find(ns);
  return at == collections_.end() ? nullptr : at->second.get();
}

const Collection* CatalogSnapshot::find(const Namespace& ns) const {
  char text[256];
  const std::size_t size = ns.database.size() + 1 + ns.collection.size();
  if (size > sizeof text) return find(ns.to_string());
  std::memcpy(text, ns.database.data(), ns.database.size());
  text[ns.database.size()] = '.';
  std::memcpy(text + ns.database.size() + 1, ns.collection.data(), ns.collection.size());
  return find(std::string_view(text, size));
}

std::vector<const Collection*> CatalogSnapshot::collections(std::string_view database) const {
  std::string prefix(database);
  prefix.push_back('.');
  std::vector<const Collection*> result;
  for (auto at = collections_.lower_bound(prefix);
       at != collections_.end() && at->first.starts_with(prefix); ++at) {
    result.push_back(at->second.get());
  }
  return result;
}

std::vector<std::string> CatalogSnapshot::databases() const {
  std::set<std::string> names;
  for (const auto& [ns, collection] : collections_) names.insert(collection->ns().database);
  return {names.begin(), names.end()};
}

}  // namespace quern::engine
