// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// OpenSSL's low-level hash functions are deprecated in favour of EVP, but only they give access to
// the state after the padded key without a heap allocation, for any number of threads at a time.
// They run the same assembly; yet benchmarks/crypto_bench.cc finds an HMAC of 8 bytes, of which an
// encrypted find takes fifty, at least 1.4 times as dear by copies of EVP_MD contexts (H1) and 1.9
// by EVP_MAC (H2).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocol/hmac.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "quern/base/error.h"

namespace quern::protocol {
namespace {

struct Sha256 {
  using Context = SHA256_CTX;
  static constexpr std::size_t kBlock = SHA256_CBLOCK;
  static constexpr std::size_t kDigest = kSha256Size;
  static constexpr std::size_t kState = sizeof(Context::h);
  static constexpr std::size_t kLength = 8;
  static void init(Context& c) { SHA256_Init(&c); }
  static void transform(Context& c, const std::uint8_t* block) { SHA256_Transform(&c, block); }
  static void update(Context& c, BytesView bytes) { SHA256_Update(&c, bytes.data(), bytes.size()); }
  static void finish(Context& c, std::uint8_t* out) { SHA256_Final(out, &c); }
};

struct Sha512 {
  using Context = SHA512_CTX;
  static constexpr std::size_t kBlock = SHA512_CBLOCK;
  static constexpr std::size_t kDigest = kSha512Size;
  static constexpr std::size_t kState = sizeof(Context::h);
  static constexpr std::size_t kLength = 16;
  static void init(Context& c) { SHA512_Init(&c); }
  static void transform(Context& c, const std::uint8_t* block) { SHA512_Transform(&c, block); }
  static void update(Context& c, BytesView bytes) { SHA512_Update(&c, bytes.data(), bytes.size()); }
  static void finish(Context& c, std::uint8_t* out) { SHA512_Final(out, &c); }
};

// A hash at work on the stack, which leaves nothing behind.
template <class Hash>
struct Scratch {
  static constexpr std::size_t kRoom = Hash::kBlock - 1 - Hash::kLength;

  typename Hash::Context context;
  std::array<std::uint8_t, Hash::kBlock> block;
  ~Scratch() { wipe_memory({reinterpret_cast<std::uint8_t*>(this), sizeof *this}); }

  // Continues after the one block of padded key whose state was kept.
  void resume(const std::uint8_t* state) {
    Hash::init(context);
    std::memcpy(context.h, state, Hash::kState);
    context.Nl = Hash::kBlock * 8;
  }

  // The digest of a message after the block of padded key, when the first size bytes of this->block
  // are all of it: at most kRoom. What the hash functions' finish does, without their buffering,
  // which costs as much as the hash itself where the processor has instructions for that.
  void digest(const std::uint8_t* state, std::size_t size, std::uint8_t* out) {
    block[size] = 0x80;
    std::fill(block.begin() + size + 1, block.end() - 2, std::uint8_t{0});
    const std::size_t bits = 8 * (Hash::kBlock + size);
    block[Hash::kBlock - 2] = static_cast<std::uint8_t>(bits >> 8);
    block[Hash::kBlock - 1] = static_cast<std::uint8_t>(bits);
    std::memcpy(context.h, state, Hash::kState);
    Hash::transform(context, block.data());
    for (const auto word : context.h) {
      for (std::size_t shift = 8 * sizeof word; shift != 0; shift -= 8) {
        *out++ = static_cast<std::uint8_t>(word >> (shift - 8));
      }
    }
  }
};

template <class Hash>
void prepare(BytesView key, std::uint8_t* states) {
  if (key.size() > Hash::kBlock) {
    throw Error(ErrorCode::kInternalError,
                "an HMAC key of " + std::to_string(key.size()) + " bytes is too long");
  }
  static constexpr std::uint8_t kPads[] = {0x36, 0x5C};  // inner, outer
  Scratch<Hash> hash;
  for (std::size_t i = 0; i < 2; ++i) {
    hash.block.fill(kPads[i]);
    for (std::size_t j = 0; j < key.size(); ++j) hash.block[j] ^= key[j];
    Hash::init(hash.context);
    Hash::transform(hash.context, hash.block.data());
    std::memcpy(states + i * Hash::kState, hash.context.h, Hash::kState);
  }
}

template <class Hash>
void mac_with(const std::uint8_t* states, std::initializer_list<BytesView> parts,
              std::uint8_t* out) {
  Scratch<Hash> hash;
  std::size_t size = 0;
  for (const BytesView part : parts) size += part.size();
  if (size <= hash.kRoom) {
    std::uint8_t* at = hash.block.data();
    for (const BytesView part : parts) at = std::copy(part.begin(), part.end(), at);
    hash.digest(states, size, hash.block.data());
  } else {
    hash.resume(states);
    for (const BytesView part : parts) Hash::update(hash.context, part);
    Hash::finish(hash.context, hash.block.data());
  }
  hash.digest(states + Hash::kState, Hash::kDigest, out);
}

}  // namespace

HmacSha256Key::HmacSha256Key(BytesView key) {
  prepare<Sha256>(key, states_.mutable_bytes().data());
}

void HmacSha256Key::mac(std::initializer_list<BytesView> parts,
                        std::span<std::uint8_t, kSha256Size> out) const {
  mac_with<Sha256>(states_.bytes().data(), parts, out.data());
}

void HmacSha256Key::mac(std::uint64_t message, std::span<std::uint8_t, kSha256Size> out) const {
  std::uint8_t bytes[8];
  store_le(bytes, message);
  mac({bytes}, out);
}

HmacSha512Key::HmacSha512Key(BytesView key) {
  prepare<Sha512>(key, states_.mutable_bytes().data());
}

void HmacSha512Key::mac(std::initializer_list<BytesView> parts,
                        std::span<std::uint8_t, kSha512Size> out) const {
  mac_with<Sha512>(states_.bytes().data(), parts, out.data());
}

void hmac_sha256(BytesView key, std::uint64_t message, std::span<std::uint8_t, kSha256Size> out) {
  std::uint8_t bytes[8];
  store_le(bytes, message);
  std::array<std::uint8_t, 2 * Sha256::kState> states;
  prepare<Sha256>(key, states.data());
  mac_with<Sha256>(states.data(), {bytes}, out.data());
  wipe_memory(states);
}

}  // namespace quern::protocol
