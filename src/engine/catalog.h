// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which collections and indexes exist. Readers take a snapshot: an immutable map behind one atomic
// pointer, so that no command takes a lock to find its collection. Schema changes are serialised,
// written in one storage transaction, and then published as a new snapshot.
// The persisted form is described in docs/format/catalog.md.
#ifndef QUERN_ENGINE_CATALOG_H_
#define QUERN_ENGINE_CATALOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection.h"
#include "quern/command/namespace.h"
#include "storage/store.h"

namespace quern::engine {

// Immutable, shared by whoever looks.
class CatalogSnapshot {
 public:
  using Collections = std::map<std::string, std::shared_ptr<const Collection>, std::less<>>;

  // The collection "db.coll", or null. Lives as long as the snapshot.
  const Collection* find(std::string_view ns) const;
  const Collection* find(const Namespace& ns) const { return find(ns.to_string()); }
  // Collections of one database, in the order of their names.
  std::vector<const Collection*> collections(std::string_view database) const;
  std::vector<std::string> databases() const;
  std::uint64_t epoch() const { return epoch_; }

 private:
  friend class Catalog;
  Collections collections_;
  std::uint64_t epoch_ = 0;
};

// Thread-safe.
class Catalog {
 public:
  // Reads what is stored, or writes an empty catalog into an empty store. Throws DatabaseError when
  // the store was written in a format that this version does not know.
  explicit Catalog(storage::Store& store);

  std::shared_ptr<const CatalogSnapshot> snapshot() const {
    return std::atomic_load_explicit(&snapshot_, std::memory_order_acquire);
  }

  // Creates a collection; options are those of the create command as listCollections shows them.
  // Throws NamespaceExists when it is there, unless its options are the same (then false) and
  // InvalidNamespace, or what the options deserve.
  bool create(const Namespace& ns, bson::View options);
  // Removes the collection, its indexes and all their entries. False when there is none.
  bool drop(const Namespace& ns);
  // Gives the collection another name in the same database, keeping its records; waits for writers.
  // Throws NamespaceNotFound or NamespaceExists.
  void rename(const Namespace& from, const Namespace& to);
  // Adds indexes, built from the collection's records, all or none. specs are complete (key, name,
  // …). Throws DuplicateKey and the like, and IndexNotFound, …
  void create_indexes(const Namespace& ns, const std::vector<bson::Document>& specs);
  void drop_indexes(const Namespace& ns, const std::vector<std::string>& names);
  // Replaces the collection's options (collMod).
  void set_options(const Namespace& ns, bson::View options);
  // Remembers, before the first entry is written, that an index holds several keys for a document.
  void set_multikey(const Namespace& ns, std::string_view index);

 private:
  void load();
  void publish(CatalogSnapshot::Collections collections);
  void replace(storage::Transaction& transaction, const Collection& collection);
  std::uint32_t allocate_table(storage::Transaction& transaction);

  storage::Store& store_;
  std::mutex mutex_;  // serialises schema changes
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::uint32_t next_table_ = 0;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_H_
