// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the streams of a query read through. It belongs to the operation that made it until a client
// cursor keeps it; then it owns the snapshot, and each getMore lends it its own operation.
#ifndef QUERN_ENGINE_SESSION_QUERY_CONTEXT_H_
#define QUERN_ENGINE_SESSION_QUERY_CONTEXT_H_

#include <memory>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/session/operation.h"
#include "storage/store.h"

namespace quern::engine {

// What reads through a context and holds something of the store meanwhile, such as an iterator,
// which keeps memory tables and files from being freed.
class RestingPlace {
 public:
  virtual ~RestingPlace() = default;
  // Lets it go, until the next read.
  virtual void rest() = 0;
};

// Not thread-safe.
class QueryContext {
 public:
  QueryContext(Operation& operation, storage::Reader& reader)
      : operation_(&operation), reader_(&reader) {}

  storage::Reader& reader() const { return *reader_; }
  Operation& operation() const { return *operation_; }
  // Takes the operation's snapshot over, so that it lives on; not that of a session's transaction.
  void keep();
  // Between batches nothing is held but the snapshot: all that read through it rest.
  void enter(RestingPlace& place) { places_.push_back(&place); }
  void leave(RestingPlace& place) { std::erase(places_, &place); }
  void rest() {
    for (RestingPlace* place : places_) place->rest();
  }
  // The operation that reads from now on.
  void lend(Operation& operation) { operation_ = &operation; }

 private:
  Operation* operation_;
  storage::Reader* reader_;
  std::unique_ptr<storage::Reader> owned_;
  std::vector<std::shared_ptr<const CatalogSnapshot>> catalogs_;
  std::vector<RestingPlace*> places_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_QUERY_CONTEXT_H_
