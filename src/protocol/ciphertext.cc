// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/ciphertext.h"

#include <cstring>

#include "quern/base/error.h"

namespace quern::protocol {

void ctr_encrypt(BytesView token, Iv iv, BytesView plaintext, std::span<std::uint8_t> out) {
  if (out.size() != kIvSize + plaintext.size()) {
    throw Error(ErrorCode::kInternalError, "the room for a ciphertext has a wrong size");
  }
  std::memcpy(out.data(), iv.data(), kIvSize);
  aes256_ctr(token, iv, plaintext, out.subspan(kIvSize));
}

void ctr_decrypt(BytesView token, BytesView ciphertext, std::span<std::uint8_t> out) {
  if (ciphertext.size() <= kIvSize || out.size() != ciphertext.size() - kIvSize) {
    throw Error(ErrorCode::kBadValue, "a ciphertext must be longer than its IV of 16 bytes");
  }
  aes256_ctr(token, Iv(ciphertext.data(), kIvSize), ciphertext.subspan(kIvSize), out);
}

}  // namespace quern::protocol
