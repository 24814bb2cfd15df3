// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a store holds of its catalog, and whether that fits what else it holds.
//
// A catalog is written with the tables that it names, so the two can differ only where files of the
// store were lost, or came back. To go on with such a one would lose records without a word, give
// a table to two collections, or delete one that is used.
#ifndef QUERN_ENGINE_CATALOG_STORED_CATALOG_H_
#define QUERN_ENGINE_CATALOG_STORED_CATALOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/catalog/catalog_snapshot.h"
#include "storage/store.h"

namespace quern::engine {

struct StoredCatalog {
  bool is_new = false;  // the store holds nothing at all
  CatalogSnapshot::Collections collections{};
  std::vector<std::uint32_t> doomed{};
  // Above every table that was ever given out, as far as can be known: that is named, or has keys.
  std::uint32_t next_table = 1;
  // Why it cannot be used, a clause each; empty when all is well. Names no value.
  std::vector<std::string> faults{};

  // What the faults are about.
  std::vector<std::string> unusable{};     // keys of entries: damaged, or of another's table
  std::vector<std::uint32_t> in_use{};     // of the doomed tables
  std::vector<std::uint32_t> ownerless{};  // tables that have keys
  // By collection, the names of indexes whose table is another's.
  std::map<std::string, std::vector<std::string>> without_table{};
};

// Throws DatabaseError when the store was written in a format that this version does not know.
StoredCatalog read_catalog(storage::Store& store);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_STORED_CATALOG_H_
