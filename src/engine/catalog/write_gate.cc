// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/write_gate.h"

#include "quern/base/error.h"

namespace quern::engine {

bool WriteGate::enter(std::optional<Deadline> deadline) {
  for (;;) {
    if ((state_.fetch_add(1, std::memory_order_acquire) & kClosed) == 0) return true;
    leave();
    std::unique_lock lock(mutex_);
    if (!deadline) {
      changed_.wait(lock, [this] { return is_open(); });
    } else if (!changed_.wait_until(lock, *deadline, [this] { return is_open(); })) {
      return false;
    }
  }
}

void WriteGate::leave() {
  const std::uint32_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
  if (before == (kClosed | 1)) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
}

bool WriteGate::close(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if ((state_.fetch_or(kClosed, std::memory_order_acq_rel) & kClosed) != 0) {
    throw Error(ErrorCode::kInternalError, "a gate for writers is closed twice");
  }
  const bool empty = changed_.wait_until(
      lock, deadline, [this] { return state_.load(std::memory_order_acquire) == kClosed; });
  if (!empty) {
    state_.fetch_and(~kClosed, std::memory_order_acq_rel);
    changed_.notify_all();
  }
  return empty;
}

void WriteGate::open() {
  const std::lock_guard lock(mutex_);
  state_.fetch_and(~kClosed, std::memory_order_acq_rel);
  changed_.notify_all();
}

std::optional<GatePass> GatePass::enter(std::shared_ptr<WriteGate> gate,
                                        std::optional<WriteGate::Deadline> deadline) {
  if (!gate->enter(deadline)) return std::nullopt;
  return GatePass(std::move(gate));
}

}  // namespace quern::engine
