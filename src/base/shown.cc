// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/shown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quern {
namespace {

struct Character {
  std::size_t size;    // in bytes
  std::uint32_t code;  // 0 with size 1: no UTF-8, unless it is the NUL
};

// The first one of a text.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t size = lead < 0xC2   ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return {1, 0};
  std::uint32_t code = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {1, 0};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < kLeast[size] || code > 0x10FFFF || surrogate) return {1, 0};
  return {size, code};
}

bool is_control(std::uint32_t code) {
  return (code < 0x20 && code != '\n') || (code >= 0x7F && code <= 0x9F) || code == 0xAD ||
         code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x2069) || code == 0xFEFF;
}

}  // namespace

std::string without_controls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [size, code] = first_character(text);
    const auto lead = static_cast<std::uint8_t>(text.front());
    if (size == 1 && lead >= 0x80) {
      out += fmt::format("\\x{:02x}", lead);
    } else if (is_control(code)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string shown_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$';
  };
  if (!name.empty() && std::ranges::all_of(name, is_plain)) return std::string(name);
  std::string text = "\"";
  for (const char c : name) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return without_controls(text += '"');
}

std::string shown_path(std::string_view dotted) {
  std::string out;
  while (true) {
    const std::size_t dot = dotted.find('.');
    out += shown_name(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    out += '.';
    dotted.remove_prefix(dot + 1);
  }
}

}  // namespace quern
