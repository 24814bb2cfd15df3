// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// AES-256 in the two modes of the protocol, over OpenSSL. The algorithms are fetched once for the
// process. No authentication here: see crypto/aead.h.
#ifndef QUERN_PROTOCOL_CIPHER_H_
#define QUERN_PROTOCOL_CIPHER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "base/secret_bytes.h"

struct evp_cipher_ctx_st;

namespace quern::protocol {

inline constexpr std::size_t kAesKeySize = 32;
inline constexpr std::size_t kAesBlockSize = 16;
using Iv = std::span<const std::uint8_t, kAesBlockSize>;

enum class CipherMode { kCbcEncrypt, kCbcDecrypt, kCtr };

// One key in one mode. Safe to use from many threads at once: each call borrows a context that
// already knows the key from a small set, and makes one when all are in use. The contexts, and the
// key schedules in them (which begin with the key), lie in OpenSSL's heap memory: it is neither
// locked nor left out of core dumps, since the only way to AES instructions leads through it. They
// are wiped with the object.
class KeyedCipher {
 public:
  KeyedCipher(CipherMode mode, BytesView key);
  ~KeyedCipher();
  KeyedCipher(const KeyedCipher&) = delete;
  KeyedCipher& operator=(const KeyedCipher&) = delete;

  // Whole blocks for CBC (no padding is added or removed), any length for CTR; out is as long as in
  // and may be the same memory. CTR counts the IV up as one 128-bit big-endian integer.
  void run(Iv iv, BytesView in, std::span<std::uint8_t> out) const;

 private:
  using Context = evp_cipher_ctx_st;
  Context* borrow() const;
  void give_back(Context* context) const;

  static constexpr std::size_t kSlots = 8;
  struct alignas(64) Slot {
    std::atomic<Context*> context{nullptr};
  };

  CipherMode mode_;
  SecretArray<kAesKeySize> key_;
  mutable std::array<Slot, kSlots> slots_;
};

// CTR with a key that is used once or seldom, such as a token that came with a payload.
void aes256_ctr(BytesView key, Iv iv, BytesView in, std::span<std::uint8_t> out);

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_CIPHER_H_
