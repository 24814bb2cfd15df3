// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What colours mean in the output of the commands.
#ifndef QUERN_PROJECT_PAINT_H_
#define QUERN_PROJECT_PAINT_H_

#include <fmt/color.h>

#include <string>
#include <string_view>

namespace quern::internal {

enum class Paint { kError, kWarning, kNote, kGood, kHeading };

// The text in the colour; as it is where there are no colours.
inline std::string painted(Paint paint, std::string_view text, bool has_colours) {
  if (!has_colours) return std::string(text);
  const auto style = [&] {
    switch (paint) {
      case Paint::kError:
        return fmt::emphasis::bold | fmt::fg(fmt::terminal_color::red);
      case Paint::kWarning:
        return fmt::emphasis::bold | fmt::fg(fmt::terminal_color::yellow);
      case Paint::kNote:
        return fmt::text_style(fmt::fg(fmt::terminal_color::cyan));
      case Paint::kGood:
        return fmt::text_style(fmt::fg(fmt::terminal_color::green));
      case Paint::kHeading:
        break;
    }
    return fmt::text_style(fmt::emphasis::bold);
  }();
  return fmt::format(style, "{}", text);
}

}  // namespace quern::internal

#endif  // QUERN_PROJECT_PAINT_H_
