// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Keeps schema changes and writes of one collection apart: any number of writers inside, or one
// schema change. Entering costs one atomic addition. A writer may enter in one thread and leave in
// another, as the statements of a transaction do.
#ifndef QUERN_ENGINE_WRITE_GATE_H_
#define QUERN_ENGINE_WRITE_GATE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace quern::engine {

// Thread-safe.
class WriteGate {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Waits while the gate is closed; false when that takes longer than the deadline.
  bool enter(Deadline deadline);
  void leave();

  // Keeps new writers out and waits for those inside to leave; false (and open again) when that
  // takes longer than the deadline.
  bool close(Deadline deadline);
  void open();

 private:
  static constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;

  std::atomic<std::uint32_t> state_ = 0;  // kClosed, and the number of writers
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_WRITE_GATE_H_
