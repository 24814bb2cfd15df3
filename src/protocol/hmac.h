// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// HMAC (RFC 2104) over SHA-256 and SHA-512. A key object holds the two hash states after the padded
// key, so that a MAC of a short message costs two compressions; nothing here allocates but the key
// object's own pooled memory.
#ifndef QUERN_PROTOCOL_HMAC_H_
#define QUERN_PROTOCOL_HMAC_H_

#include <cstdint>
#include <initializer_list>
#include <span>

#include "base/secret_bytes.h"

namespace quern::protocol {

inline constexpr std::size_t kSha256Size = 32;
inline constexpr std::size_t kSha512Size = 64;

// Immutable after construction and safe to use from many threads. Keys of up to 64 bytes.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(BytesView key);
  // The MAC of the parts' concatenation. out may not overlap the parts.
  void mac(std::initializer_list<BytesView> parts, std::span<std::uint8_t, kSha256Size> out) const;
  void mac(BytesView message, std::span<std::uint8_t, kSha256Size> out) const {
    mac({message}, out);
  }
  void mac(std::uint64_t message, std::span<std::uint8_t, kSha256Size> out) const;  // LE64

 private:
  SecretArray<64> states_;  // inner, outer: eight 32-bit words each
};

// The same for SHA-512 and keys of up to 128 bytes.
class HmacSha512Key {
 public:
  explicit HmacSha512Key(BytesView key);
  void mac(std::initializer_list<BytesView> parts, std::span<std::uint8_t, kSha512Size> out) const;

 private:
  SecretArray<128> states_;
};

// Of a number (LE64), with a key that is used once.
void hmac_sha256(BytesView key, std::uint64_t message, std::span<std::uint8_t, kSha256Size> out);

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_HMAC_H_
