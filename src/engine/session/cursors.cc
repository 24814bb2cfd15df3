// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/cursors.h"

#include <vector>

#include "base/random.h"
#include "quern/base/error.h"

namespace quern::engine {

std::int64_t Cursors::add(std::unique_ptr<ClientCursor> cursor) {
  const std::lock_guard lock(mutex_);
  if (cursors_.size() >= limit_) {
    throw DatabaseError(ErrorCode::kExceededMemoryLimit,
                        "too many open cursors, " + std::to_string(limit_) +
                            ": read each to its end, or end it with killCursors; one that nobody "
                            "asks ends by itself after a while");
  }
  for (;;) {
    std::uint8_t bytes[8];
    random_.fill(bytes);
    const auto id = static_cast<std::int64_t>(load_le<std::uint64_t>(bytes) >> 1);
    if (id == 0 || cursors_.contains(id)) continue;
    cursor->id = id;
    cursors_[id] = std::move(cursor);
    return id;
  }
}

std::unique_ptr<ClientCursor> Cursors::take(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = cursors_.find(id);
  if (at == cursors_.end()) {
    throw DatabaseError(ErrorCode::kCursorNotFound,
                        "cursor id " + std::to_string(id) + " not found");
  }
  if (!at->second) {
    throw DatabaseError(static_cast<std::int32_t>(12051),
                        "cursor id " + std::to_string(id) + " is already in use");
  }
  return std::move(at->second);
}

void Cursors::give_back(std::unique_ptr<ClientCursor> cursor) {
  std::unique_ptr<ClientCursor> dead;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  const std::int64_t id = cursor->id;
  if (killed_.erase(id) != 0) {
    cursors_.erase(id);
    dead = std::move(cursor);
  } else {
    cursors_[id] = std::move(cursor);
  }
}

void Cursors::forget(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  cursors_.erase(id);
  killed_.erase(id);
}

bool Cursors::kill(std::int64_t id) noexcept {
  std::unique_ptr<ClientCursor> dead;
  const std::lock_guard lock(mutex_);
  const auto at = cursors_.find(id);
  if (at == cursors_.end()) return false;
  if (!at->second) return killed_.insert(id).second;
  dead = std::move(at->second);
  cursors_.erase(at);
  return true;
}

void Cursors::expire(std::chrono::steady_clock::time_point now, std::chrono::seconds timeout) {
  std::vector<std::unique_ptr<ClientCursor>> dead;
  const std::lock_guard lock(mutex_);
  for (auto at = cursors_.begin(); at != cursors_.end();) {
    if (at->second && now - at->second->last_use >= timeout) {
      dead.push_back(std::move(at->second));
      at = cursors_.erase(at);
    } else {
      ++at;
    }
  }
}

void Cursors::kill_all() {
  const std::lock_guard lock(mutex_);
  cursors_.clear();
  killed_.clear();
}

std::size_t Cursors::size() const {
  const std::lock_guard lock(mutex_);
  return cursors_.size();
}

}  // namespace quern::engine
