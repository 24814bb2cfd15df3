// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace quern::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOnTerminal{200};
constexpr milliseconds kElsewhere{30'000};
constexpr std::string_view kClearLine = "\r\033[K";

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string duration(std::int64_t seconds) {
  if (seconds >= 7200) return fmt::format("{} hours", seconds / 3600);
  if (seconds >= 120) return fmt::format("{} minutes", seconds / 60);
  return fmt::format("{} second{}", seconds, seconds == 1 ? "" : "s");
}

}  // namespace

std::string progress_text(std::int64_t done, std::int64_t total, milliseconds elapsed) {
  std::string text = fmt::format("{} of {} documents", with_commas(done), with_commas(total));
  if (elapsed.count() <= 0 || done <= 0) return text;
  const double rate = static_cast<double>(done) * 1000 / static_cast<double>(elapsed.count());
  const std::int64_t left = std::max<std::int64_t>(total - done, 0);
  return text + fmt::format(", {} a second, {} left",
                            with_commas(std::max<std::int64_t>(static_cast<std::int64_t>(rate), 1)),
                            duration(static_cast<std::int64_t>(static_cast<double>(left) / rate)));
}

void ProgressLine::start(std::string text) {
  text_ = std::move(text);
  interrupted_ = false;
  done_ = 0;
  console_.out << text_ << std::flush;
}

void ProgressLine::update(std::int64_t done, std::int64_t total) {
  const auto now = clock_.now();
  if (done_ == 0 || done < done_) began_ = shown_ = now;
  done_ = done;
  const bool terminal = console_.out_is_terminal;
  if (now - shown_ < (terminal ? kOnTerminal : kElsewhere)) return;
  shown_ = now;
  interrupted_ = true;
  const std::string text =
      progress_text(done, total, std::chrono::duration_cast<milliseconds>(now - began_));
  if (terminal) {
    console_.out << kClearLine << text_ << ' ' << text << std::flush;
  } else {
    console_.out << "\n    " << text << std::flush;
  }
}

void ProgressLine::finish(const std::string& result) {
  if (interrupted_) console_.out << (console_.out_is_terminal ? kClearLine : "\n") << text_;
  console_.out << result << std::endl;
  interrupted_ = false;
}

}  // namespace quern::internal
