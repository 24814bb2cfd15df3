// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// "Did you mean …?"
#ifndef QUERN_BASE_NEAREST_H_
#define QUERN_BASE_NEAREST_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quern {

// The name that is closest to text, by the number of characters to insert, remove, replace or swap
// (Damerau-Levenshtein, ignoring case); nothing when none is close.
std::optional<std::string> nearest(std::string_view text, std::span<const std::string_view> names);
std::optional<std::string> nearest(std::string_view text, std::span<const std::string> names);

}  // namespace quern

#endif  // QUERN_BASE_NEAREST_H_
