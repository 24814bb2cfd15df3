// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, with padding) between buffers of the caller's: for keys, which lie in locked
// memory and leave no copy elsewhere. to_base64 and from_base64 (quern/base/bytes.h) for all else.
#ifndef QUERN_BASE_BASE64_H_
#define QUERN_BASE_BASE64_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "quern/base/bytes.h"

namespace quern {

constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// text has room for base64_size(bytes.size()) characters and a terminating NUL, which is written.
void encode_base64(BytesView bytes, std::span<std::uint8_t> text);

// The number of bytes that text stands for; nothing if it is malformed. bytes has room for three
// for each four characters, also those that padding takes away.
std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace quern

#endif  // QUERN_BASE_BASE64_H_
