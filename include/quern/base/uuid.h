// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A 16-byte universally unique identifier (RFC 4122), as BSON binary subtype 4 stores it.
#ifndef QUERN_BASE_UUID_H_
#define QUERN_BASE_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quern/base/bytes.h"
#include "quern/base/export.h"

namespace quern {

class QUERN_EXPORT Uuid {
 public:
  static constexpr std::size_t kSize = 16;

  constexpr Uuid() = default;

  static Uuid random();                      // version 4
  static Uuid from_bytes(BytesView bytes);   // throws Error(InvalidUUID) unless 16 bytes
  static Uuid parse(std::string_view text);  // 32 hex digits, hyphens optional; throws BadValue

  BytesView bytes() const noexcept { return bytes_; }
  std::string to_string() const;  // 8-4-4-4-12

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

}  // namespace quern

template <>
struct std::hash<quern::Uuid> {
  std::size_t operator()(const quern::Uuid& id) const noexcept {
    return quern::load_le<std::uint64_t>(id.bytes().data()) ^
           quern::load_le<std::uint64_t>(id.bytes().data() + 8);
  }
};

#endif  // QUERN_BASE_UUID_H_
