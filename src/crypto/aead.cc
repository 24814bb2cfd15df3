// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "quern/base/error.h"

namespace quern::crypto {

using protocol::aead_size;
using protocol::CipherMode;
using protocol::Iv;
using protocol::kAesBlockSize;
using protocol::KeyedCipher;
using protocol::kIvSize;
using protocol::kSha512Size;
using protocol::kTagSize;

namespace {

BytesView key_part(BytesView key, std::size_t part) {
  if (key.size() != kKeySize) {
    throw Error(ErrorCode::kBadValue,
                "a key needs 96 bytes, this one has " + std::to_string(key.size()));
  }
  return key.subspan(part * 32, 32);
}

// The length of the associated data in bits, as 8 big-endian bytes.
std::array<std::uint8_t, 8> bit_length(BytesView aad) {
  std::array<std::uint8_t, 8> bytes;
  store_le(bytes.data(), __builtin_bswap64(std::uint64_t{aad.size()} * 8));
  return bytes;
}

// Writes IV | S; the tag is the caller's.
void encrypt_padded(const KeyedCipher& cipher, Iv iv, BytesView plaintext,
                    std::span<std::uint8_t> out) {
  if (plaintext.empty()) {
    throw Error(ErrorCode::kBadValue, "an empty plaintext cannot be encrypted");
  }
  if (out.size() != aead_size(plaintext.size())) {
    throw Error(ErrorCode::kInternalError, "the room for a ciphertext has a wrong size");
  }
  std::memcpy(out.data(), iv.data(), kIvSize);
  const std::span<std::uint8_t> s = out.subspan(kIvSize, out.size() - kIvSize - kTagSize);
  std::memcpy(s.data(), plaintext.data(), plaintext.size());
  const std::size_t padding = s.size() - plaintext.size();
  std::memset(s.data() + plaintext.size(), static_cast<int>(padding), padding);
  cipher.run(iv, s, s);
}

struct Parts {
  Iv iv;
  BytesView s;
  BytesView tag;
  BytesView authenticated() const { return {iv.data(), kIvSize + s.size()}; }
};

Parts split(BytesView ciphertext) {
  if (ciphertext.size() < aead_size(1) || ciphertext.size() % kAesBlockSize != 0) {
    throw Error(ErrorCode::kOperationFailed,
                "a ciphertext of " + std::to_string(ciphertext.size()) +
                    " bytes is damaged: too short, or not made of whole blocks");
  }
  const std::size_t s = ciphertext.size() - kIvSize - kTagSize;
  return {Iv(ciphertext.data(), kIvSize), ciphertext.subspan(kIvSize, s),
          ciphertext.last(kTagSize)};
}

void check_tag(BytesView expected, BytesView found) {
  if (!constant_time_equal(expected, found)) {
    throw Error(ErrorCode::kOperationFailed,
                "HMAC validation failure: the ciphertext was changed, or belongs to another key or "
                "another place");
  }
}

std::size_t without_padding(BytesView padded) {
  const std::size_t padding = padded.back();
  if (padding == 0 || padding > kAesBlockSize) {
    throw Error(ErrorCode::kOperationFailed, "a deciphered value ends in malformed padding");
  }
  return padded.size() - padding;
}

Bytes decipher(const KeyedCipher& cipher, const Parts& parts) {
  Bytes plaintext(parts.s.size());
  cipher.run(parts.iv, parts.s, plaintext);
  plaintext.resize(without_padding(plaintext));
  return plaintext;
}

}  // namespace

Fle1Aead::Fle1Aead(BytesView key)
    : mac_(key_part(key, 0)),
      iv_(key_part(key, 2)),
      encrypt_(CipherMode::kCbcEncrypt, key_part(key, 1)),
      decrypt_(CipherMode::kCbcDecrypt, key_part(key, 1)) {}

void Fle1Aead::tag(BytesView aad, BytesView iv_and_s,
                   std::span<std::uint8_t, kSha512Size> out) const {
  const auto bits = bit_length(aad);
  mac_.mac({aad, iv_and_s, bits}, out);
}

void Fle1Aead::encrypt(Iv iv, BytesView aad, BytesView plaintext,
                       std::span<std::uint8_t> out) const {
  encrypt_padded(encrypt_, iv, plaintext, out);
  std::array<std::uint8_t, kSha512Size> full;
  tag(aad, out.first(out.size() - kTagSize), full);
  std::memcpy(out.last(kTagSize).data(), full.data(), kTagSize);
}

Bytes Fle1Aead::encrypt(RandomSource& random, BytesView aad, BytesView plaintext) const {
  std::array<std::uint8_t, kIvSize> iv;
  random.fill(iv);
  Bytes out(aead_size(plaintext.size()));
  encrypt(iv, aad, plaintext, out);
  return out;
}

void Fle1Aead::deterministic_iv(BytesView aad, BytesView plaintext,
                                std::span<std::uint8_t, kIvSize> out) const {
  const auto bits = bit_length(aad);
  std::array<std::uint8_t, kSha512Size> full;
  iv_.mac({aad, bits, plaintext}, full);
  std::memcpy(out.data(), full.data(), kIvSize);
}

Bytes Fle1Aead::decrypt(BytesView aad, BytesView ciphertext) const {
  const Parts parts = split(ciphertext);
  std::array<std::uint8_t, kSha512Size> full;
  tag(aad, parts.authenticated(), full);
  check_tag(BytesView(full).first(kTagSize), parts.tag);
  return decipher(decrypt_, parts);
}

SecretBytes Fle1Aead::decrypt_secret(BytesView aad, BytesView ciphertext) const {
  const Parts parts = split(ciphertext);
  std::array<std::uint8_t, kSha512Size> full;
  tag(aad, parts.authenticated(), full);
  check_tag(BytesView(full).first(kTagSize), parts.tag);
  SecretBytes padded(parts.s.size());
  decrypt_.run(parts.iv, parts.s, padded.mutable_bytes());
  return SecretBytes::copy_of(padded.bytes().first(without_padding(padded.bytes())));
}

Fle2Aead::Fle2Aead(BytesView key)
    : mac_(key_part(key, 1)),
      encrypt_(CipherMode::kCbcEncrypt, key_part(key, 0)),
      decrypt_(CipherMode::kCbcDecrypt, key_part(key, 0)) {}

void Fle2Aead::encrypt(Iv iv, BytesView aad, BytesView plaintext,
                       std::span<std::uint8_t> out) const {
  encrypt_padded(encrypt_, iv, plaintext, out);
  mac_.mac({aad, out.first(out.size() - kTagSize)},
           std::span<std::uint8_t, kTagSize>(out.last(kTagSize)));
}

Bytes Fle2Aead::decrypt(BytesView aad, BytesView ciphertext) const {
  const Parts parts = split(ciphertext);
  std::array<std::uint8_t, kTagSize> expected;
  mac_.mac({aad, parts.authenticated()}, expected);
  check_tag(expected, parts.tag);
  return decipher(decrypt_, parts);
}

}  // namespace quern::crypto
