// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A line of progress that is redrawn on a terminal, and a plain line every second elsewhere.
#ifndef EXAMPLES_CLINIC_PROGRESS_H_
#define EXAMPLES_CLINIC_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "quern/project/command.h"

namespace clinic {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // done and total are in any one unit (bytes of a file); `what` names what is counted
  // ("patients"). now: what the time is.
  Progress(quern::Console& console, std::string what, std::int64_t done_before, std::int64_t total,
           std::function<Clock::time_point()> now = Clock::now);

  // Shows where it is, at most four times a second on a terminal and once a second elsewhere.
  void update(std::int64_t count, std::int64_t done);
  // Removes the line from a terminal, so that something else can be written.
  void clear();
  double seconds() const;

 private:
  quern::Console& console_;
  const std::string what_;
  const std::int64_t done_before_;
  const std::int64_t total_;
  const std::function<Clock::time_point()> now_;
  const Clock::time_point start_ = now_();
  Clock::time_point shown_ = start_;
  bool drawn_ = false;
};

std::string duration_text(double seconds);    // 1:05
std::string grouped(std::int64_t number);     // 12,345
std::string size_text(std::uintmax_t bytes);  // 12.3 MiB

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_PROGRESS_H_
