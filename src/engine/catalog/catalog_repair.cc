// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/catalog_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/random_ids.h"
#include "engine/catalog/catalog.h"
#include "engine/catalog/catalog_entry.h"
#include "engine/catalog/stored_catalog.h"
#include "engine/catalog/table_state.h"
#include "quern/base/error.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

// Documents, each under the key of its _id, and not the entries of an index.
bool holds_records(storage::Reader& reader, std::uint32_t table) try {
  const storage::TableRange range(table);
  const auto iterator = reader.iterator(range);
  iterator->seek(range.lower());
  if (!iterator->valid()) return false;
  const bson::Element id = bson::View::parse(iterator->value())["_id"];
  return id && equal(record_id_of(id).bytes(), iterator->key().subspan(storage::kTableSize));
} catch (const DatabaseError&) {
  throw;  // of the medium
} catch (const Error&) {
  return false;
}

class CatalogRepair {
 public:
  CatalogRepair(storage::Store& store, RandomSource& random) : store_(store), random_(random) {}

  std::vector<std::string> run() {
    make_fit();
    rebuild_indexes();
    return std::move(losses_);
  }

 private:
  template <class... Args>
  void lost(fmt::format_string<Args...> text, Args&&... args) {
    losses_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  void make_fit() {
    const StoredCatalog stored = read_catalog(store_);
    std::uint32_t next_table = stored.next_table;
    const auto transaction = store_.begin();
    const auto put = [&](const std::string& key, const bson::Document& value) {
      transaction->put(as_bytes(key), value.view().bytes());
    };
    put(format_key(), bson::doc("version", kCatalogFormatVersion));
    for (const std::string& key : stored.unusable) {
      transaction->remove(as_bytes(key));
      if (key.size() > kNameAt && key[kNameAt - 1] == kCollectionKind) {
        lost("The name, options and indexes of the collection '{}' are given up",
             key.substr(kNameAt));
      }
    }
    for (const std::uint32_t table : stored.in_use)
      transaction->remove(as_bytes(doomed_key(table)));
    for (const auto& [ns, names] : stored.without_table) {
      const Collection& collection = *stored.collections.at(ns);
      auto indexes = collection.indexes();
      for (auto& index : indexes) {
        if (std::ranges::find(names, index->name()) == names.end()) continue;
        index = std::make_shared<const Index>(bson::Document(index->spec()), next_table++,
                                              index->multikey());
      }
      put(collection_key(collection.ns()),
          entry_of(Collection(collection.ns(), collection.uuid(), collection.table(),
                              bson::Document(collection.options()), std::move(indexes),
                              collection.state())));
    }
    for (const std::uint32_t table : stored.ownerless) {
      if (holds_records(*transaction, table)) {
        const Namespace ns{kLostAndFound, fmt::format("table_{}", table)};
        put(collection_key(ns),
            entry_of(Collection(ns, random_uuid(random_), table, bson::Document(), {},
                                std::make_shared<TableState>())));
        lost("Documents of a collection whose name is lost are now in '{}'", ns.to_string());
      } else {
        put(doomed_key(table), bson::Document());
      }
    }
    put(next_table_key(), bson::doc("next", std::int64_t{next_table}));
    transaction->commit();
  }

  void rebuild_indexes() {
    Catalog catalog(store_, random_);
    const auto before = catalog.snapshot();
    for (const auto& [name, collection] : before->all()) {
      for (const auto& index : collection->indexes()) {
        try {
          catalog.rebuild_index(collection->ns(), index->name());
        } catch (const Error& error) {
          if (error.is(ErrorCode::kInternalError)) throw;  // of the medium
          catalog.drop_indexes(collection->ns(), [&](const Collection&) {
            return std::vector<std::string>{index->name()};
          });
          lost(
              "The index '{}' of '{}' is given up, since documents that are there now do not "
              "allow it ({}): mend them and create it again",
              index->name(), name, error.code_name());
        }
      }
    }
  }

  static constexpr std::size_t kNameAt = storage::kTableSize + 1;

  storage::Store& store_;
  RandomSource& random_;
  std::vector<std::string> losses_;
};

}  // namespace

std::vector<std::string> repair_catalog(storage::Store& store, RandomSource& random) {
  return CatalogRepair(store, random).run();
}

}  // namespace quern::engine
