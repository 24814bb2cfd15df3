// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a schema change holds while it decides and while it is carried out: its turn among the
// schema changes of its collections, and their closed gates.
#ifndef QUERN_ENGINE_CATALOG_SCHEMA_LOCK_H_
#define QUERN_ENGINE_CATALOG_SCHEMA_LOCK_H_

#include <memory>
#include <mutex>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/table_state.h"
#include "quern/command/namespace.h"

namespace quern::engine {

class Access;

// Keeps writers and other schema changes out of some collections while it lives: what find() shows
// stays current. Names without a collection are not held: one may be created.
//
// Waits for its turn, then for the writers inside. A transaction may stay inside for long, so new
// writers are kept out only for spells of it, and let in between; the spells grow until they
// outlast the short writes of a busy collection.
class SchemaLock {
 public:
  // Throws LockTimeout (24) after five seconds, MaxTimeMSExpired (50) when the operation, if there
  // is one, has less time.
  SchemaLock(const Catalog& catalog, std::vector<Namespace> names, Access* operation);
  ~SchemaLock() { open(); }
  SchemaLock(const SchemaLock&) = delete;
  SchemaLock& operator=(const SchemaLock&) = delete;

  // Null when there is no such collection.
  std::shared_ptr<const Collection> find(const Namespace& ns) const;
  // Throws NamespaceNotFound (26).
  const Collection& required(const Namespace& ns) const;

 private:
  // They return null, or the collection that others did not leave before the deadline.
  const Namespace* take_turn(const Catalog& catalog, WriteGate::Deadline deadline);
  const Namespace* close_in_spells(WriteGate::Deadline deadline);
  const Namespace* close(WriteGate::Deadline deadline);
  void open();

  std::vector<Namespace> names_;
  std::shared_ptr<const CatalogSnapshot> snapshot_;  // keeps the collections and their states
  std::vector<std::unique_lock<TimedMutex>> turns_;
  std::vector<WriteGate*> closed_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_SCHEMA_LOCK_H_
