// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Everything that a running engine is made of: store, catalog, sessions, client cursors, and a
// thread that ends what nobody uses any more.
#ifndef QUERN_ENGINE_SESSION_ENGINE_H_
#define QUERN_ENGINE_SESSION_ENGINE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/random_ids.h"
#include "engine/catalog/catalog.h"
#include "engine/session/compaction_locks.h"
#include "engine/session/cursors.h"
#include "engine/session/engine_options.h"
#include "engine/session/session.h"
#include "storage/store.h"

namespace quern::engine {

// The source that the options name, or the system's.
RandomSource& random_of(const EngineOptions& options);

// Thread-safe.
class Engine {
 public:
  Engine(std::unique_ptr<storage::Store> store, EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  storage::Store& store() { return *store_; }
  Catalog& catalog() { return catalog_; }
  Sessions& sessions() { return sessions_; }
  Cursors& cursors() { return cursors_; }
  qe::CompactionLocks& compaction_locks() { return compaction_locks_; }
  Clock& clock() { return *clock_; }
  RandomSource& random() { return *random_; }
  ObjectIdGenerator& object_ids() { return object_ids_; }
  // A point of the engine's clock, which may be a test's, as one of the system's: what condition
  // variables take.
  std::optional<TimePoint> system_time(std::optional<TimePoint> time);
  const EngineOptions& options() const { return options_; }

  // Ends cursors, transactions and sessions whose time is over. The engine's thread does so every
  // second; tests with a clock of their own call it.
  void expire();

 private:
  void keep_house();

  EngineOptions options_;
  Clock* clock_;
  RandomSource* random_;
  ObjectIdGenerator object_ids_;
  std::unique_ptr<storage::Store> store_;
  Catalog catalog_;
  Cursors cursors_;
  Sessions sessions_;
  qe::CompactionLocks compaction_locks_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread housekeeper_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_ENGINE_H_
