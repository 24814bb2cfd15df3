// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/lock_table.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace quern::storage {

void LockTable::Stripe::prune(Stamp oldest) {
  if (entries.size() < prune_at) return;
  std::erase_if(entries, [oldest](const auto& entry) {
    return entry.second.owner == 0 && entry.second.stamp <= oldest;
  });
  prune_at = 2 * entries.size() + 256;
}

LockTable::Stamp LockTable::begin_snapshot() {
  const std::lock_guard lock(snapshots_mutex_);
  // Counted before the counter is read: whoever commits from here on sees that it has to stamp.
  snapshot_count_.fetch_add(1);
  const Stamp snapshot = clock_.load();
  snapshots_.insert(snapshot);
  oldest_snapshot_.store(*snapshots_.begin());
  return snapshot;
}

void LockTable::end_snapshot(Stamp snapshot) {
  const std::lock_guard lock(snapshots_mutex_);
  snapshots_.erase(snapshots_.find(snapshot));
  oldest_snapshot_.store(snapshots_.empty() ? kNoSnapshot : *snapshots_.begin());
  snapshot_count_.fetch_sub(1);
}

LockTable::Outcome LockTable::acquire(Hash key, Owner owner, Stamp snapshot) {
  Stripe& stripe = this->stripe(key);
  const std::lock_guard lock(stripe.mutex);
  const auto [at, added] = stripe.entries.try_emplace(key);
  Entry& entry = at->second;
  if (!added) {
    if (entry.owner == owner) return Outcome::kHeld;
    if (entry.owner != 0 || entry.stamp > snapshot) return Outcome::kConflict;
  }
  entry.owner = owner;
  if (added) stripe.prune(oldest_snapshot_.load());
  return Outcome::kAcquired;
}

void LockTable::release_committed(std::span<const Hash> keys) {
  release(keys, snapshot_count_.load() == 0 ? 0 : clock_.fetch_add(1) + 1);
}

void LockTable::release(std::span<const Hash> keys) { release(keys, 0); }

void LockTable::release(std::span<const Hash> keys, Stamp stamp) {
  const Stamp oldest = oldest_snapshot_.load();
  for (const Hash key : keys) {
    Stripe& stripe = this->stripe(key);
    const std::lock_guard lock(stripe.mutex);
    const auto at = stripe.entries.find(key);
    at->second.owner = 0;
    if (stamp != 0) at->second.stamp = stamp;
    if (at->second.stamp <= oldest) stripe.entries.erase(at);
  }
}

std::size_t LockTable::size() const {
  std::size_t total = 0;
  for (const Stripe& stripe : stripes_) {
    const std::lock_guard lock(stripe.mutex);
    total += stripe.entries.size();
  }
  return total;
}

LockTable::Hash lock_hash(const void* data, std::size_t size) {
  return std::hash<std::string_view>()({static_cast<const char*>(data), size});
}

}  // namespace quern::storage
