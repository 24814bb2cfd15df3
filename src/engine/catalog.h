// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which collections and indexes exist. Readers take a snapshot: an immutable map behind one atomic
// pointer, so that no command waits for a schema change to find its collection. Schema changes are
// serialised, written in one storage transaction, and then published as a new snapshot.
// The persisted form is described in docs/format/catalog.md.
#ifndef QUERN_ENGINE_CATALOG_H_
#define QUERN_ENGINE_CATALOG_H_

#include <atomic>
#include <chrono>
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
  const Collection* find(const Namespace& ns) const;
  // Collections of one database, in the order of their names.
  std::vector<const Collection*> collections(std::string_view database) const;
  std::vector<std::string> databases() const;
  std::uint64_t epoch() const { return epoch_; }

 private:
  friend class Catalog;
  Collections collections_;
  std::uint64_t epoch_ = 0;
};

// Thread-safe. Schema changes wait for the writers of their collection to finish, and throw
// LockTimeout (24) if that takes longer than five seconds.
class Catalog {
 public:
  // Reads what is stored, or writes an empty catalog into an empty store. Throws DatabaseError when
  // the store was written in a format that this version does not know. Finishes what a kill
  // interrupted: entries of dropped and half-built tables are removed.
  explicit Catalog(storage::Store& store);

  std::shared_ptr<const CatalogSnapshot> snapshot() const {
    return std::atomic_load_explicit(&snapshot_, std::memory_order_acquire);
  }

  // Creates a collection; options are those of the create command as listCollections shows them,
  // already checked. Throws NamespaceExists when it is there with other options; with the same, it
  // returns false and changes nothing. Throws InvalidNamespace.
  bool create(const Namespace& ns, bson::View options);
  // Removes the collection, its indexes and all their entries. False when there is none.
  bool drop(const Namespace& ns);
  // Gives the collection another name in the same database, keeping its records and indexes.
  // Throws NamespaceNotFound or NamespaceExists.
  void rename(const Namespace& from, const Namespace& to);
  // Adds indexes, built from the collection's records, all or none. specs are complete and checked
  // (engine/index_spec.h), and name no existing index. Throws DuplicateKeyError, NamespaceNotFound.
  void create_indexes(const Namespace& ns, const std::vector<bson::Document>& specs);
  // Throws NamespaceNotFound, IndexNotFound.
  void drop_indexes(const Namespace& ns, const std::vector<std::string>& names);
  // Replaces the options (collMod) and the specifications of the indexes named by spec.name.
  void modify(const Namespace& ns, bson::View options, const std::vector<bson::Document>& specs);
  // Remembers that an index holds several keys for a document, durably before the first such entry
  // is. Called by a writer inside the collection's gate.
  void set_multikey(const Collection& collection, const Index& index);

 private:
  class Change;

  void load();
  void purge(const std::vector<std::uint32_t>& tables);
  void build(const Collection& collection, const Index& index);

  storage::Store& store_;
  std::mutex
      mutex_;  // held while a change is written and published; never while waiting for a gate
  std::shared_ptr<const CatalogSnapshot> snapshot_;
  std::uint32_t next_table_ = 1;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_H_
