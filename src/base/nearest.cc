// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace quern {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  // Rows i-2, i-1 and i of the table of distances between prefixes.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = to_lower(a[i - 1]) == to_lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && to_lower(a[i - 1]) == to_lower(b[j - 2]) &&
          to_lower(a[i - 2]) == to_lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view text, std::span<const std::string_view> names) {
  const std::string_view* best = nullptr;
  // Never every character of the text.
  std::size_t best_distance = std::min(text.size(), std::max<std::size_t>(1, text.size() / 3) + 1);
  for (const std::string_view& name : names) {
    const std::size_t d = distance(text, name);
    if (d < best_distance) {
      best = &name;
      best_distance = d;
    }
  }
  return best ? std::optional<std::string>(*best) : std::nullopt;
}

std::optional<std::string> nearest(std::string_view text, std::span<const std::string> names) {
  return nearest(text, std::vector<std::string_view>(names.begin(), names.end()));
}

}  // namespace quern
