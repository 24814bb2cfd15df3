// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/retry.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

#include "base/random.h"
#include "engine/session/engine.h"

namespace quern::engine {

// Between nothing and 2^attempt times 20 microseconds, at most 20 milliseconds: random, so that two
// that met don't meet again.
void back_off(Operation& operation, int attempt) {
  operation.check_interrupt_now();
  if (attempt < 2) return std::this_thread::yield();
  std::uint8_t bytes[4];
  operation.engine().random().fill(bytes);
  const std::uint32_t limit = std::min(20u << std::min(attempt, 10), 20'000u);
  std::chrono::nanoseconds pause = std::chrono::microseconds(load_le<std::uint32_t>(bytes) % limit);
  if (const auto deadline = operation.deadline()) {
    pause = std::min<std::chrono::nanoseconds>(pause, *deadline - operation.engine().clock().now());
  }
  std::this_thread::sleep_for(pause);
}

}  // namespace quern::engine
