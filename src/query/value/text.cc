// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/text.h"

#include <algorithm>

namespace quern::query {

const std::vector<std::string_view> kWhitespace = {
    std::string_view("\0", 1),
    " ",
    "\t",
    "\n",
    "\v",
    "\f",
    "\r",
    "\u00A0",
    "\u1680",
    "\u2000",
    "\u2001",
    "\u2002",
    "\u2003",
    "\u2004",
    "\u2005",
    "\u2006",
    "\u2007",
    "\u2008",
    "\u2009",
    "\u200A",
};

std::size_t code_point_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t code_point_offset(std::string_view text, std::size_t number) {
  std::size_t at = 0;
  while (number > 0 && at < text.size()) {
    at += code_point_size(text[at]);
    --number;
  }
  return std::min(at, text.size());
}

std::vector<std::string_view> code_points(std::string_view text) {
  std::vector<std::string_view> points;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = code_point_size(text[at]);
    points.push_back(text.substr(at, size));
    at += size;
  }
  return points;
}

std::string_view trim(std::string_view text, const std::vector<std::string_view>& characters,
                      bool left, bool right) {
  const auto strip = [&](auto matches, auto remove) {
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view c : characters) {
        if (!text.empty() && matches(c)) {
          remove(c.size());
          again = true;
        }
      }
    }
  };
  if (left) {
    strip([&](std::string_view c) { return text.starts_with(c); },
          [&](std::size_t n) { text.remove_prefix(n); });
  }
  if (right) {
    strip([&](std::string_view c) { return text.ends_with(c); },
          [&](std::size_t n) { text.remove_suffix(n); });
  }
  return text;
}

}  // namespace quern::query
