// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/bytes.h"

#include "base/base64.h"
#include "quern/base/error.h"

namespace quern {

std::string to_hex(BytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

namespace {

std::uint8_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  throw Error(ErrorCode::kBadValue, "hexadecimal text holds a character other than 0-9, a-f, A-F");
}

}  // namespace

Bytes from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    throw Error(ErrorCode::kBadValue, "hexadecimal text must have an even number of digits");
  }
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
  }
  return bytes;
}

std::string to_base64(BytesView bytes) {
  std::string text(base64_size(bytes.size()) + 1, '\0');
  encode_base64(bytes, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.pop_back();
  return text;
}

Bytes from_base64(std::string_view text) {
  Bytes bytes(text.size() / 4 * 3);
  const auto size = decode_base64(text, bytes);
  if (!size) throw Error(ErrorCode::kBadValue, "malformed base64 text");
  bytes.resize(*size);
  return bytes;
}

}  // namespace quern
