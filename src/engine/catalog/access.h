// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What collections and the catalog need of the operation that uses them: the store as it sees it,
// and when it must stop.
#ifndef QUERN_ENGINE_CATALOG_ACCESS_H_
#define QUERN_ENGINE_CATALOG_ACCESS_H_

#include <chrono>
#include <optional>

#include "storage/store.h"

namespace quern::engine {

class Collection;
class Index;

// Not thread-safe.
class Access {
 public:
  virtual storage::Store& store() const = 0;
  // One snapshot of the store, or the transaction inside a write body.
  virtual storage::Reader& reader() = 0;
  // Only inside a write body.
  virtual storage::WriteTransaction& transaction() = 0;

  // Waits until no schema change runs on the collection and keeps them out until the transaction
  // ends. Throws WriteConflict when the collection object is out of date, and what
  // check_interrupt() throws.
  virtual void enter(const Collection& collection) = 0;
  // Before the first entry of an index that has several keys for a document.
  virtual void set_multikey(const Collection& collection, const Index& index) = 0;

  // Throws MaxTimeMSExpired (50), or NoSuchTransaction (251) when the time of the session's
  // transaction is over. Cheap; call it once a document in loops.
  virtual void check_interrupt() = 0;
  // The point of the system's clock when the operation must have ended, if there is one.
  virtual std::optional<std::chrono::steady_clock::time_point> system_deadline() const = 0;

 protected:
  ~Access() = default;
};

// Throws MaxTimeMSExpired (50).
[[noreturn]] void throw_max_time_expired();

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_ACCESS_H_
