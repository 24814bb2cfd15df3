// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How far a migration is with the documents that it changes: on a terminal one line that is written
// over, elsewhere a line every half a minute.
#ifndef QUERN_PROJECT_PROGRESS_LINE_H_
#define QUERN_PROJECT_PROGRESS_LINE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "quern/project/command.h"

namespace quern::internal {

// Borrows the console and the clock.
class ProgressLine {
 public:
  explicit ProgressLine(Console& console, Clock& clock = Clock::system())
      : console_(console), clock_(clock) {}

  // Starts a line of text that further ones belong to: "  Applying myapp.0002_more...".
  void start(std::string text);
  // The next count begins when done is less than before.
  void update(std::int64_t done, std::int64_t total);
  // Ends it: " OK" follows the text.
  void finish(const std::string& result);

 private:
  Console& console_;
  Clock& clock_;
  std::string text_;
  bool interrupted_ = false;  // the text is no longer what the cursor stands behind
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point shown_;
};

// "12,000 of 60,000 documents, 3,400 a second, 14 seconds left"
std::string progress_text(std::int64_t done, std::int64_t total, std::chrono::milliseconds elapsed);

}  // namespace quern::internal

#endif  // QUERN_PROJECT_PROGRESS_LINE_H_
