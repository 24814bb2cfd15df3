// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// std::timed_mutex, made of a condition variable: ThreadSanitizer knows how that waits until a time
// of the steady clock.
#ifndef QUERN_ENGINE_CATALOG_TIMED_MUTEX_H_
#define QUERN_ENGINE_CATALOG_TIMED_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace quern::engine {

// Use it through std::unique_lock.
class TimedMutex {
 public:
  void lock() {
    std::unique_lock lock(mutex_);
    unlocked_.wait(lock, [this] { return !locked_; });
    locked_ = true;
  }
  bool try_lock() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(locked_, true);
  }
  bool try_lock_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!unlocked_.wait_until(lock, deadline, [this] { return !locked_; })) return false;
    locked_ = true;
    return true;
  }
  void unlock() {
    const std::lock_guard lock(mutex_);
    locked_ = false;
    unlocked_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable unlocked_;
  bool locked_ = false;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_TIMED_MUTEX_H_
