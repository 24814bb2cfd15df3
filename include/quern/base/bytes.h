// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Borrowed and owned bytes, little-endian loads and stores, hexadecimal and base64 text.
#ifndef QUERN_BASE_BYTES_H_
#define QUERN_BASE_BYTES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "quern/base/export.h"

namespace quern {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

static_assert(std::endian::native == std::endian::little, "Quern supports little-endian machines");

template <class T>
requires std::is_trivially_copyable_v<T> T load_le(const std::uint8_t* from)
noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
requires std::is_trivially_copyable_v<T>
void store_le(std::uint8_t* to, T value) noexcept { std::memcpy(to, &value, sizeof value); }

inline BytesView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline bool equal(BytesView a, BytesView b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Lower-case hexadecimal. from_hex throws Error(BadValue) on an odd length or a foreign character.
QUERN_EXPORT std::string to_hex(BytesView bytes);
QUERN_EXPORT Bytes from_hex(std::string_view text);

// RFC 4648 base64 with padding. from_base64 throws Error(BadValue) on malformed text.
QUERN_EXPORT std::string to_base64(BytesView bytes);
QUERN_EXPORT Bytes from_base64(std::string_view text);

}  // namespace quern

#endif  // QUERN_BASE_BYTES_H_
