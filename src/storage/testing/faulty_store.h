// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: a store that fails when it is told to. It passes everything on to another store, and
// counts: the n-th read, write or commit throws what a broken medium would make it throw.
#ifndef QUERN_STORAGE_TESTING_FAULTY_STORE_H_
#define QUERN_STORAGE_TESTING_FAULTY_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "storage/store.h"

namespace quern::storage {

// Shared by a test and the store that it has handed over. Thread-safe.
class InjectedFaults {
 public:
  enum class Kind { kRead, kWrite, kCommit, kSync };

  // The n-th call of that kind from now on fails, n = 1 being the next; it and, if lasting, all
  // after it.
  void fail(Kind kind, std::int64_t n, bool lasting = false);
  void heal();
  // Calls of that kind so far.
  std::int64_t count(Kind kind) const { return counters_[static_cast<int>(kind)].load(); }

  // Counts a call. Throws DatabaseError(InternalError) if it is to fail.
  void pass(Kind kind);

 private:
  static constexpr int kKinds = 4;
  std::atomic<std::int64_t> counters_[kKinds] = {};
  std::atomic<std::int64_t> fail_at_[kKinds] = {};  // 0: never
  std::atomic<bool> lasting_[kKinds] = {};
};

std::unique_ptr<Store> make_faulty_store(std::unique_ptr<Store> store,
                                         std::shared_ptr<InjectedFaults> faults);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_TESTING_FAULTY_STORE_H_
