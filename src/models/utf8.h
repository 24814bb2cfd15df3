// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Text as models store it: valid UTF-8.
#ifndef QUERN_MODELS_UTF8_H_
#define QUERN_MODELS_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace quern::internal {

inline constexpr const char* kNotUtf8 = "Ensure this value is valid UTF-8.";

// Code points of a UTF-8 text; nothing if it isn't valid UTF-8.
std::optional<std::size_t> code_points(std::string_view text);
// Throws Error(BadValue) that says no more than kNotUtf8.
void expect_utf8(std::string_view text);

}  // namespace quern::internal

#endif  // QUERN_MODELS_UTF8_H_
