// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The two forms of ciphertext in payloads and stored values:
//
//   AEAD   IV(16) | AES-256-CBC, PKCS#7 | tag(32)   under a data key: only a client makes or reads it
//   CTR    IV(16) | AES-256-CTR                     under a token; no MAC
#ifndef QUERN_PROTOCOL_CIPHERTEXT_H_
#define QUERN_PROTOCOL_CIPHERTEXT_H_

#include <cstdint>
#include <span>

#include "protocol/cipher.h"

namespace quern::protocol {

inline constexpr std::size_t kIvSize = kAesBlockSize;
inline constexpr std::size_t kTagSize = 32;

// Bytes of the AEAD ciphertext of a plaintext of that size: 16 + 16·(size/16 + 1) + 32.
constexpr std::size_t aead_size(std::size_t plaintext) {
  return kIvSize + (plaintext / kAesBlockSize + 1) * kAesBlockSize + kTagSize;
}

// IV(16) | AES-256-CTR(token, IV, plaintext). out has 16 more bytes than plaintext.
void ctr_encrypt(BytesView token, Iv iv, BytesView plaintext, std::span<std::uint8_t> out);
// The inverse; out has 16 bytes less. Throws Error(BadValue) unless there are more than 16.
void ctr_decrypt(BytesView token, BytesView ciphertext, std::span<std::uint8_t> out);

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_CIPHERTEXT_H_
