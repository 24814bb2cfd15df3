// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// OpenSSL's low-level hash functions are deprecated in favour of EVP, but only they give access to
// the state after the padded key without a heap allocation, for any number of threads at a time. They
// run the same assembly; yet benchmarks/crypto_bench.cc finds an HMAC of 8 bytes, of which an
// encrypted find takes fifty, 1.4 times as dear by copies of EVP_MD contexts (H1) and 1.9 times by
// EVP_MAC (H2).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocol/hmac.h"

#include <openssl/sha.h>

#include <array>
#include <string>

#include "quern/base/error.h"

namespace quern::protocol {
namespace {

struct Sha256 {
  using Context = SHA256_CTX;
  static constexpr std::size_t kBlock = SHA256_CBLOCK;
  static constexpr std::size_t kDigest = kSha256Size;
  static constexpr std::size_t kState = sizeof(Context::h);
  static void init(Context& c) { SHA256_Init(&c); }
  static void update(Context& c, BytesView bytes) { SHA256_Update(&c, bytes.data(), bytes.size()); }
  static void finish(Context& c, std::uint8_t* out) { SHA256_Final(out, &c); }
};

struct Sha512 {
  using Context = SHA512_CTX;
  static constexpr std::size_t kBlock = SHA512_CBLOCK;
  static constexpr std::size_t kDigest = kSha512Size;
  static constexpr std::size_t kState = sizeof(Context::h);
  static void init(Context& c) { SHA512_Init(&c); }
  static void update(Context& c, BytesView bytes) { SHA512_Update(&c, bytes.data(), bytes.size()); }
  static void finish(Context& c, std::uint8_t* out) { SHA512_Final(out, &c); }
};

// A hash context on the stack that leaves nothing behind.
template <class Hash>
struct Scratch {
  typename Hash::Context context;
  ~Scratch() { wipe_memory({reinterpret_cast<std::uint8_t*>(&context), sizeof context}); }

  // Continues after the one block of padded key whose state was kept.
  void resume(const std::uint8_t* state) {
    Hash::init(context);
    std::memcpy(context.h, state, Hash::kState);
    context.Nl = Hash::kBlock * 8;
  }
};

template <class Hash>
void prepare(BytesView key, std::uint8_t* states) {
  if (key.size() > Hash::kBlock) {
    throw Error(ErrorCode::kInternalError,
                "an HMAC key of " + std::to_string(key.size()) + " bytes is too long");
  }
  static constexpr std::uint8_t kPads[] = {0x36, 0x5C};  // inner, outer
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<std::uint8_t, Hash::kBlock> block;
    block.fill(kPads[i]);
    for (std::size_t j = 0; j < key.size(); ++j) block[j] ^= key[j];
    Scratch<Hash> hash;
    Hash::init(hash.context);
    Hash::update(hash.context, block);
    std::memcpy(states + i * Hash::kState, hash.context.h, Hash::kState);
    wipe_memory(block);
  }
}

template <class Hash>
void mac_with(const std::uint8_t* states, std::initializer_list<BytesView> parts,
              std::uint8_t* out) {
  Scratch<Hash> hash;
  hash.resume(states);
  for (const BytesView part : parts) Hash::update(hash.context, part);
  Hash::finish(hash.context, out);
  hash.resume(states + Hash::kState);
  Hash::update(hash.context, {out, Hash::kDigest});
  Hash::finish(hash.context, out);
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
