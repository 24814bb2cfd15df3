// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The clock as a seam, so that tests can move time.
#ifndef QUERN_BASE_CLOCK_H_
#define QUERN_BASE_CLOCK_H_

#include <chrono>

namespace quern {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point now() = 0;                  // for time-outs
  virtual std::chrono::sys_time<std::chrono::milliseconds> wall_now() = 0;  // for stored dates

  static Clock& system();
};

}  // namespace quern

#endif  // QUERN_BASE_CLOCK_H_
