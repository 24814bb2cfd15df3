// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The protocol's two authenticated encryptions. Both write
//
//   +-----------+----------------------------+----------+
//   | IV  (16)  | S = AES-256-CBC, PKCS#7    | T  (32)  |
//   +-----------+----------------------------+----------+
//
// and hold their key in prepared form. They differ in the MAC and in which part of the 96-byte key
// does what. A ciphertext that is too short, was changed, or belongs to other associated data
// throws Error(OperationFailed) before anything is deciphered; the MAC is compared in constant
// time. Immutable and safe to use from many threads.
#ifndef QUERN_CRYPTO_AEAD_H_
#define QUERN_CRYPTO_AEAD_H_

#include <cstdint>
#include <span>

#include "base/random.h"
#include "protocol/ciphertext.h"
#include "protocol/hmac.h"

namespace quern::crypto {

inline constexpr std::size_t kKeySize = 96;  // of a data key and of a local key-encryption key

// AEAD_AES_256_CBC_HMAC_SHA_512 (draft-mcgrew-aead-aes-cbc-hmac-sha2-05 with 32-byte tag): CSFLE
// values and the local wrapping of data keys. Key: MAC key [0,32), cipher key [32,64), IV key
// [64,96). T = HMAC-SHA-512(MAC key, AAD | IV | S | be64(8·|AAD|))[0,32).
class Fle1Aead {
 public:
  explicit Fle1Aead(BytesView key);  // 96 bytes, else Error(BadValue)

  // out has protocol::aead_size(plaintext.size()) bytes. An empty plaintext throws Error(BadValue).
  void encrypt(protocol::Iv iv, BytesView aad, BytesView plaintext,
               std::span<std::uint8_t> out) const;
  Bytes encrypt(RandomSource& random, BytesView aad, BytesView plaintext) const;
  // The IV that makes equal plaintexts encrypt equally:
  // HMAC-SHA-512(IV key, AAD | be64(8·|AAD|) | plaintext)[0,16).
  void deterministic_iv(BytesView aad, BytesView plaintext,
                        std::span<std::uint8_t, protocol::kIvSize> out) const;
  Bytes decrypt(BytesView aad, BytesView ciphertext) const;
  SecretBytes decrypt_secret(BytesView aad, BytesView ciphertext) const;

 private:
  void tag(BytesView aad, BytesView iv_and_s,
           std::span<std::uint8_t, protocol::kSha512Size> out) const;

  protocol::HmacSha512Key mac_;
  protocol::HmacSha512Key iv_;
  protocol::KeyedCipher encrypt_;
  protocol::KeyedCipher decrypt_;
};

// The AEAD of Queryable Encryption 2. Key: cipher key [0,32), MAC key [32,64); [64,96) is the token
// key, not used here. T = HMAC-SHA-256(MAC key, AAD | IV | S).
class Fle2Aead {
 public:
  explicit Fle2Aead(BytesView key);

  void encrypt(protocol::Iv iv, BytesView aad, BytesView plaintext,
               std::span<std::uint8_t> out) const;
  Bytes decrypt(BytesView aad, BytesView ciphertext) const;

 private:
  protocol::HmacSha256Key mac_;
  protocol::KeyedCipher encrypt_;
  protocol::KeyedCipher decrypt_;
};

}  // namespace quern::crypto

#endif  // QUERN_CRYPTO_AEAD_H_
