// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Gives the space back that purged ranges take.
//
// Deleting a range only writes down that it is deleted; what lies there goes when its tables are
// compacted, which may be never. A thread compacts the tables that such a deletion lies in, until
// there is none: the tables themselves say so, also after a crash. What an open snapshot still sees
// stays until it is closed; the thread then tries again.
#ifndef QUERN_STORAGE_ROCKS_RECLAIMER_H_
#define QUERN_STORAGE_ROCKS_RECLAIMER_H_

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace quern::storage {

class RocksReclaimer {
 public:
  // Begins with what an earlier process has left. db must outlive this.
  explicit RocksReclaimer(rocksdb::DB& db);
  ~RocksReclaimer();
  RocksReclaimer(const RocksReclaimer&) = delete;
  RocksReclaimer& operator=(const RocksReclaimer&) = delete;

  // A range was deleted. Thread-safe.
  void wake();

  // False once a flush has failed here: RocksDB may not be asked to flush that memory table again,
  // since it aborts on range deletions that it has cut up before. What the table holds is in the
  // log.
  bool may_flush() const { return !flush_failed_; }

  // Ends the thread; the destructor does too.
  void stop();

 private:
  void run();
  // Whether tables with deleted ranges may remain. fresh: a deletion may still be in memory.
  bool reclaim(bool fresh);

  rocksdb::DB& db_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> flush_failed_ = false;
  std::thread thread_;
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_RECLAIMER_H_
