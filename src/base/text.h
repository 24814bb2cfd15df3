// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Small things about text.
#ifndef QUERN_BASE_TEXT_H_
#define QUERN_BASE_TEXT_H_

#include <string>
#include <string_view>

namespace quern {

// ASCII letters in lower case, whatever the locale; other bytes as they are.
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

}  // namespace quern

#endif  // QUERN_BASE_TEXT_H_
