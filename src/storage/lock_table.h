// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which keys are being written, and which were written since some transaction's snapshot: the
// concurrency control of the store, first writer wins.
//
// A transaction takes the lock of every key before it writes it. The lock is refused, never waited
// for, when another transaction holds it, or when the key was committed after the snapshot of the
// one that asks. Keys are known by a 64-bit hash; two that share one conflict without need, which
// costs a retry and nothing else.
//
// How a late commit is recognised. Commits are stamped by a counter, after their data is in the
// store and before their locks are released. A snapshot notes the counter before it is taken: what
// was stamped up to then is in the snapshot, so a key with a later stamp may not be, and conflicts.
// Stamps are kept only while there is a snapshot that is older.
#ifndef QUERN_STORAGE_LOCK_TABLE_H_
#define QUERN_STORAGE_LOCK_TABLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>

namespace quern::storage {

// Thread-safe.
class LockTable {
 public:
  using Hash = std::uint64_t;
  using Owner = std::uint64_t;  // a running transaction; never 0
  using Stamp = std::uint64_t;

  static constexpr Stamp kNoSnapshot = ~Stamp{0};

  LockTable() = default;
  LockTable(const LockTable&) = delete;
  LockTable& operator=(const LockTable&) = delete;

  // To be called before a snapshot is taken for writing; end_snapshot when its transaction ends.
  Stamp begin_snapshot();
  void end_snapshot(Stamp snapshot);

  enum class Outcome { kAcquired, kHeld, kConflict };
  // kHeld: the owner had it already.
  Outcome acquire(Hash key, Owner owner, Stamp snapshot);

  // To be called after the commit's data is in the store.
  void release_committed(std::span<const Hash> keys);
  void release(std::span<const Hash> keys);

  // For tests: keys that are locked or remembered.
  std::size_t size() const;

 private:
  struct Entry {
    Owner owner = 0;
    Stamp stamp = 0;
  };
  // Part of the table, so that threads rarely wait for each other.
  struct Stripe {
    // Forgets commits up to that stamp, if enough entries have come together to be worth it.
    void prune(Stamp oldest);

    mutable std::mutex mutex;
    std::unordered_map<Hash, Entry> entries;
    std::size_t prune_at = 256;
  };

  static constexpr std::size_t kStripes = 64;
  Stripe& stripe(Hash key) { return stripes_[key % kStripes]; }
  void release(std::span<const Hash> keys, Stamp stamp);

  std::array<Stripe, kStripes> stripes_;
  std::atomic<Stamp> clock_ = 1;
  std::atomic<std::size_t> snapshot_count_ = 0;
  std::atomic<Stamp> oldest_snapshot_ = kNoSnapshot;
  std::mutex snapshots_mutex_;
  std::multiset<Stamp> snapshots_;
};

// A 64-bit hash of a key.
LockTable::Hash lock_hash(const void* data, std::size_t size);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_LOCK_TABLE_H_
