// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which collections and indexes exist. Readers take a snapshot: an immutable map behind one atomic
// pointer, so that no command waits for a schema change to find its collection. Schema changes are
// serialised, written in one storage transaction, and then published as a new snapshot.
// The persisted form is described in docs/format/catalog.md.
#ifndef QUERN_ENGINE_CATALOG_CATALOG_H_
#define QUERN_ENGINE_CATALOG_CATALOG_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog/catalog_snapshot.h"
#include "engine/catalog/collection.h"
#include "quern/command/namespace.h"
#include "storage/store.h"

namespace quern {
class RandomSource;
}

namespace quern::engine {

class Access;

// How many indexes a collection has, with that on _id.
struct IndexCounts {
  std::int32_t before = 0;
  std::int32_t after = 0;
};

// Thread-safe. A schema change of a collection waits for its writers and for other changes, at most
// five seconds, then throws LockTimeout (24); the operation that it belongs to, if it is given, may
// have less time. What it requires of the collection is checked, and what it makes of it decided,
// while nobody else can change it.
class Catalog {
 public:
  // Reads what is stored, or writes an empty catalog into an empty store. Throws DatabaseError when
  // the store was written in a format that this version does not know. Finishes what a kill
  // interrupted: entries of dropped and half-built tables are removed.
  Catalog(storage::Store& store, RandomSource& random);

  // Takes no lock while the catalog is as the calling thread saw it last.
  std::shared_ptr<const CatalogSnapshot> snapshot() const;

  // Creates a collection; options are those of the create command as listCollections shows them,
  // already checked. Throws NamespaceExists when it is there with other options; with the same, it
  // returns false and changes nothing. Throws InvalidNamespace.
  bool create(const Namespace& ns, bson::View options);
  // Removes the collection, its indexes and all their entries, and returns what is gone; null when
  // there is no such collection. Throws CollectionUUIDMismatch (361) if it is not the one with that
  // uuid.
  std::shared_ptr<const Collection> drop(const Namespace& ns, Access* operation = nullptr,
                                         const std::optional<Uuid>& uuid = {});
  // Removes all collections of the database in one step.
  void drop_database(std::string_view database, Access* operation = nullptr);
  // Gives the collection another name in the same database, keeping its records and indexes. With
  // drop_target a collection that has that name goes, in the same step. Throws NamespaceNotFound,
  // NamespaceExists, InvalidNamespace, and IllegalOperation when either is encrypted.
  void rename(const Namespace& from, const Namespace& to, bool drop_target = false,
              Access* operation = nullptr);
  // Adds those of the indexes that the collection does not have, built from its records, all or
  // none. specs are complete (engine/catalog/index_spec.h). Throws what new_index_specs and
  // qe::check_index throw, DuplicateKeyError, NamespaceNotFound.
  IndexCounts create_indexes(const Namespace& ns, const std::vector<bson::Document>& specs,
                             Access* operation = nullptr);
  // Builds an index anew from the records and puts it in the place of the one that there is, behind
  // the others. Throws NamespaceNotFound, IndexNotFound, DuplicateKeyError.
  void rebuild_index(const Namespace& ns, std::string_view name);
  // Removes the indexes that choose names. Throws NamespaceNotFound, IndexNotFound.
  using ChooseIndexes = std::function<std::vector<std::string>(const Collection&)>;
  IndexCounts drop_indexes(const Namespace& ns, const ChooseIndexes& choose,
                           Access* operation = nullptr);
  // Replaces the options (collMod) and the specifications of the indexes named by spec.name. Throws
  // NamespaceNotFound, IndexNotFound.
  struct Modification {
    bson::Document options;
    std::vector<bson::Document> index_specs;
  };
  using Decide = std::function<Modification(const Collection&)>;
  void modify(const Namespace& ns, const Decide& decide, Access* operation = nullptr);
  // Remembers that an index holds several keys for a document, durably before the first such entry
  // is. Called by a writer inside the collection's gate.
  void set_multikey(const Collection& collection, const Index& index);

 private:
  class Change;

  void load();
  void publish(std::shared_ptr<const CatalogSnapshot> snapshot);
  void purge(const std::vector<std::uint32_t>& tables);
  void build(const Collection& collection, const Index& index, Access* operation);
  // The collection gets the indexes that are kept and, behind them, new ones; the caller has it
  // locked. Tables of others that it had are given, and emptied.
  void build_indexes(const Collection& source, std::vector<std::shared_ptr<const Index>> kept,
                     const std::vector<bson::Document>& specs,
                     const std::vector<std::uint32_t>& replaced, Access* operation);

  storage::Store& store_;
  RandomSource& random_;
  std::mutex
      mutex_;  // held while a change is written and published; never while waiting for a gate
  std::shared_ptr<const CatalogSnapshot> snapshot_;  // by std::atomic_load and _store, which lock
  std::atomic<std::uint64_t> epoch_ = 0;             // the snapshot's, stored after it
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CATALOG_H_
