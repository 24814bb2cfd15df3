// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/durability_setting.h"

#include <charconv>

#include "quern/base/error.h"

namespace quern {

storage::Durability parse_durability(std::string_view text) {
  using Mode = storage::Durability::Mode;
  if (text.empty()) return {};
  if (text == "always") return {.mode = Mode::kAlways};
  if (text == "never") return {.mode = Mode::kNever};
  int milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || std::string_view(end, text.data() + text.size()) != "ms" ||
      milliseconds < 1) {
    throw ImproperlyConfigured("must be \"always\", \"never\" or a time such as \"100ms\"");
  }
  return {.mode = Mode::kInterval, .interval = std::chrono::milliseconds(milliseconds)};
}

}  // namespace quern
