// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/progress.h"

#include <fmt/format.h>

#include <cmath>
#include <ostream>

namespace clinic {

Progress::Progress(quern::Console& console, std::string what, std::int64_t done_before,
                   std::int64_t total, std::function<Clock::time_point()> now)
    : console_(console),
      what_(std::move(what)),
      done_before_(done_before),
      total_(total),
      now_(std::move(now)) {}

double Progress::seconds() const { return std::chrono::duration<double>(now_() - start_).count(); }

void Progress::update(std::int64_t count, std::int64_t done) {
  const auto now = now_();
  const std::chrono::milliseconds pause(console_.out_is_terminal ? 250 : 1000);
  if (now - shown_ < pause) return;
  shown_ = now;
  const double elapsed = seconds();
  const auto advanced = static_cast<double>(done - done_before_);
  const auto left = static_cast<double>(total_ - done);
  const std::string text = fmt::format(
      "{} {}  {}%  {}/s  ETA {}", grouped(count), what_, total_ > 0 ? done * 100 / total_ : 100,
      grouped(static_cast<std::int64_t>(static_cast<double>(count) / elapsed)),
      advanced > 0 ? duration_text(elapsed * left / advanced) : "?");
  if (console_.out_is_terminal) {
    console_.out << "\r\033[K" << text << std::flush;
    drawn_ = true;
  } else {
    console_.out << text << std::endl;
  }
}

void Progress::clear() {
  if (drawn_) console_.out << "\r\033[K" << std::flush;
  drawn_ = false;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t start = text.starts_with('-') ? 1 : 0;
  for (std::size_t i = text.size(); i > start + 3;) text.insert(i -= 3, ",");
  return text;
}

std::string size_text(std::uintmax_t bytes) {
  if (bytes < 10 * 1024) return fmt::format("{} bytes", bytes);
  if (bytes < 10 * 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1024 / 1024);
}

}  // namespace clinic
