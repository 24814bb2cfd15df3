// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/commands/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace quern::internal {
namespace {

constexpr std::int64_t kStep = 500;
constexpr std::size_t kBarWidth = 30;

}  // namespace

Progress::Progress(Console& console, std::string what, std::int64_t total)
    : console_(console), what_(std::move(what)), total_(total) {}

Progress::~Progress() {
  if (width_ != 0) console_.out << '\r' << std::string(width_, ' ') << '\r' << std::flush;
}

void Progress::count(std::int64_t done) {
  if (!console_.out_is_terminal || (shown_ != 0 && done < shown_ + kStep)) return;
  shown_ = done;
  std::string text = fmt::format("{}: {}", what_, done);
  if (total_ > 0) {
    const auto filled = static_cast<std::size_t>(std::min(done, total_)) * kBarWidth /
                        static_cast<std::size_t>(total_);
    text = fmt::format("[{:<{}}] {} of {}", std::string(filled, '#'), kBarWidth, text, total_);
  }
  console_.out << '\r' << fmt::format("{:<{}}", text, width_) << std::flush;
  width_ = std::max(width_, text.size());
}

}  // namespace quern::internal
