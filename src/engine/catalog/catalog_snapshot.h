// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which collections there are at one moment.
#ifndef QUERN_ENGINE_CATALOG_CATALOG_SNAPSHOT_H_
#define QUERN_ENGINE_CATALOG_CATALOG_SNAPSHOT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/collection.h"
#include "quern/command/namespace.h"

namespace quern::engine {

// Immutable, shared by whoever looks.
class CatalogSnapshot {
 public:
  using Collections = std::map<std::string, std::shared_ptr<const Collection>, std::less<>>;

  // The collection "db.coll", or null. Lives as long as the snapshot.
  const Collection* find(std::string_view ns) const;
  const Collection* find(const Namespace& ns) const;
  // Collections of one database, in the order of their names.
  std::vector<const Collection*> collections(std::string_view database) const;
  std::vector<std::string> databases() const;
  const Collections& all() const { return collections_; }
  // One more with each change. No two catalogs of a process share an epoch.
  std::uint64_t epoch() const { return epoch_; }
  // Tables from this number on were given out later: they hold nothing that is as old as the
  // snapshot.
  std::uint32_t next_table() const { return next_table_; }

 private:
  friend class Catalog;
  Collections collections_;
  std::uint64_t epoch_ = 0;
  std::uint32_t next_table_ = 1;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CATALOG_SNAPSHOT_H_
