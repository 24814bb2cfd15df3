// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

namespace quern {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::now(); }
  std::chrono::sys_time<std::chrono::milliseconds> wall_now() override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

Clock& Clock::system() {
  static SystemClock clock;
  return clock;
}

}  // namespace quern
