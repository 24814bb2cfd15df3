// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// BSON ObjectId: 4 bytes seconds since 1970 (big endian), 5 bytes random per process, 3 bytes
// counter.
#ifndef QUERN_BASE_OBJECT_ID_H_
#define QUERN_BASE_OBJECT_ID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "quern/base/bytes.h"
#include "quern/base/export.h"

namespace quern {

class QUERN_EXPORT ObjectId {
 public:
  static constexpr std::size_t kSize = 12;

  constexpr ObjectId() = default;

  static ObjectId generate();                    // unique across processes and threads
  static ObjectId from_bytes(BytesView bytes);   // throws Error(BadValue) unless 12 bytes
  static ObjectId parse(std::string_view text);  // 24 hex digits; throws Error(BadValue)

  BytesView bytes() const noexcept { return bytes_; }
  std::string to_string() const { return to_hex(bytes_); }

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

}  // namespace quern

#endif  // QUERN_BASE_OBJECT_ID_H_
