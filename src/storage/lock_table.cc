// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/lock_table.h"

#include <functional>
#include <string_view>
#include <utility>

namespace quern::storage {

LockTable::Entry* LockTable::Stripe::find(Hash key) {
  const std::size_t mask = entries_.size() - 1;
  for (std::size_t i = slot(key);; i = (i + 1) & mask) {
    if (entries_[i].key == key) return &entries_[i];
    if (entries_[i].key == 0) return nullptr;
  }
}

LockTable::Entry& LockTable::Stripe::insert(Hash key) {
  if (2 * (count_ + 1) > entries_.size()) rehash(2 * entries_.size());
  const std::size_t mask = entries_.size() - 1;
  std::size_t i = slot(key);
  while (entries_[i].key != 0) i = (i + 1) & mask;
  ++count_;
  entries_[i] = {key, 0, 0};
  return entries_[i];
}

void LockTable::Stripe::erase(Entry* entry) {
  const std::size_t mask = entries_.size() - 1;
  auto hole = static_cast<std::size_t>(entry - entries_.data());
  for (std::size_t i = (hole + 1) & mask; entries_[i].key != 0; i = (i + 1) & mask) {
    // An entry may fill the hole unless the hole lies before the slot where its search begins.
    const std::size_t home = slot(entries_[i].key);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      entries_[hole] = entries_[i];
      hole = i;
    }
  }
  entries_[hole] = {};
  --count_;
}

void LockTable::Stripe::rehash(std::size_t capacity) {
  std::vector<Entry> old(capacity);
  old.swap(entries_);
  count_ = 0;
  for (const Entry& entry : old) {
    if (entry.key != 0) insert(entry.key) = entry;
  }
}

void LockTable::Stripe::prune(Stamp oldest) {
  if (count_ < prune_at_) return;
  std::vector<Entry> old(entries_.size());
  old.swap(entries_);
  count_ = 0;
  for (const Entry& entry : old) {
    if (entry.key != 0 && (entry.owner != 0 || entry.stamp > oldest)) insert(entry.key) = entry;
  }
  prune_at_ = 2 * count_ + 256;
}

LockTable::LockTable() = default;

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
  Entry* entry = stripe.find(key);
  if (entry == nullptr) {
    stripe.prune(oldest_snapshot_.load());
    stripe.insert(key).owner = owner;
    return Outcome::kAcquired;
  }
  if (entry->owner == owner) return Outcome::kHeld;
  if (entry->owner != 0 || entry->stamp > snapshot) return Outcome::kConflict;
  entry->owner = owner;
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
    Entry* entry = stripe.find(key);
    entry->owner = 0;
    if (stamp != 0) entry->stamp = stamp;
    if (entry->stamp <= oldest) stripe.erase(entry);
  }
}

std::size_t LockTable::size() const {
  std::size_t total = 0;
  for (const Stripe& stripe : stripes_) {
    const std::lock_guard lock(stripe.mutex);
    total += stripe.size();
  }
  return total;
}

LockTable::Hash lock_hash(const void* data, std::size_t size) {
  const std::uint64_t hash = std::hash<std::string_view>()({static_cast<const char*>(data), size});
  return hash == 0 ? 1 : hash;
}

}  // namespace quern::storage
