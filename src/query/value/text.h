// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// UTF-8 text as the string operators see it: bytes and code points. Arguments are valid UTF-8.
#ifndef QUERN_QUERY_VALUE_TEXT_H_
#define QUERN_QUERY_VALUE_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern::query {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
// Bytes of the code point that begins with c.
inline std::size_t code_point_size(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
std::size_t code_point_count(std::string_view text);
// Byte offset of the code point with that number; the size of text when there are fewer.
std::size_t code_point_offset(std::string_view text, std::size_t number);

// What $trim removes when it isn't told: white space and NUL.
extern const std::vector<std::string_view> kWhitespace;
std::vector<std::string_view> code_points(std::string_view text);
std::string_view trim(std::string_view text, const std::vector<std::string_view>& characters,
                      bool left, bool right);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_TEXT_H_
