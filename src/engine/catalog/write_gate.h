// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Keeps schema changes and writes of one collection apart: any number of writers inside, or one
// schema change. Entering costs one atomic addition. A writer may enter in one thread and leave in
// another, as the statements of a transaction do.
#ifndef QUERN_ENGINE_CATALOG_WRITE_GATE_H_
#define QUERN_ENGINE_CATALOG_WRITE_GATE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace quern::engine {

// Thread-safe. Writers use it through GatePass.
class WriteGate {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Keeps new writers out and waits for those inside to leave; false (and open again) when that
  // takes longer than the deadline. Only one schema change at a time may close a gate
  // (TableState::schema_changes): writers would wait for the one, then for the next.
  bool close(Deadline deadline);
  void open();

 private:
  friend class GatePass;
  static constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;

  bool enter(std::optional<Deadline> deadline);
  void leave();
  bool is_open() const { return (state_.load(std::memory_order_acquire) & kClosed) == 0; }

  std::atomic<std::uint32_t> state_ = 0;  // kClosed, and the number of writers
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A writer's stay inside a gate.
class GatePass {
 public:
  // Waits while the gate is closed; nothing when that takes longer than the deadline, if there is
  // one.
  static std::optional<GatePass> enter(std::shared_ptr<WriteGate> gate,
                                       std::optional<WriteGate::Deadline> deadline);
  GatePass(GatePass&&) noexcept = default;
  GatePass& operator=(GatePass&&) = delete;
  ~GatePass() {
    if (gate_) gate_->leave();
  }

  bool is_for(const WriteGate& gate) const { return gate_.get() == &gate; }

 private:
  explicit GatePass(std::shared_ptr<WriteGate> gate) : gate_(std::move(gate)) {}
  std::shared_ptr<WriteGate> gate_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_WRITE_GATE_H_
