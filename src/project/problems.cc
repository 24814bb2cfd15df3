// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/problems.h"

#include <fmt/format.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern {

void Problems::add(std::string_view path, std::string_view text) {
  problems_.push_back({line_of(std::string(path)), std::string(path), std::string(text)});
}

void Problems::add_missing(std::string_view owner, std::string_view key, std::string_view advice) {
  const std::string path = fmt::format("{}.{}", owner, key);
  const bool is_there = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& other) {
    return other.path == path || other.path.starts_with(path + ".");
  });
  if (is_there) return;
  add(owner, fmt::format("is missing the \"{}\" value{}", key,
                         advice.empty() ? "." : fmt::format(": {}", advice)));
}

bool Problems::has_at(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(),
                     [&](const Problem& problem) { return problem.path == path; });
}

int Problems::line_of(std::string path) const {
  while (true) {
    if (const auto it = lines_.find(path); it != lines_.end()) return it->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return 0;
    path.resize(dot);
  }
}

void Problems::throw_if_any(std::string_view source) const {
  if (problems_.empty()) return;
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::string text =
      fmt::format("{}: {} problem{}", source, sorted.size(), sorted.size() == 1 ? "" : "s");
  for (const Problem& problem : sorted) {
    text += "\n  ";
    if (problem.line > 0) text += fmt::format("line {}: ", problem.line);
    if (!problem.path.empty()) text += problem.path + ": ";
    text += problem.text;
  }
  throw ImproperlyConfigured(text);
}

}  // namespace quern
