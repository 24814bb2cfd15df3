// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// P10: what a payload costs above the primitives that it cannot do without. The floor is the sum of
// the primitives' counts times their cost, all measured in the same run.
// H1 to H3: what OpenSSL's current interfaces would make of the MACs that payloads consist of.
// P1 to P4: the same payloads made by libmongocrypt, where $LIBMONGOCRYPT_SO names the library.
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "base/random.h"
#include "benchmarks/harness.h"
#include "benchmarks/libmongocrypt.h"
#include "crypto/decrypt.h"
#include "crypto/encrypt.h"
#include "crypto/testing/payloads.h"
#include "protocol/server_tokens.h"
#include "quern/bson/document.h"

namespace quern::bench {
namespace {

using namespace quern::crypto;
using namespace quern::protocol;

// A round is short, so that on a busy machine most rounds run undisturbed.
constexpr int kOperations = 500;
constexpr int kRounds = 201;

SecretBytes random_key_bytes() {
  SecretBytes key(kKeySize);
  random_bytes(key.mutable_bytes());
  return key;
}

Contender contender(std::string name, std::function<void()> once, int operations = kOperations) {
  return {std::move(name),
          [once = std::move(once), operations] {
            for (int i = 0; i < operations; ++i) once();
          },
          static_cast<double>(operations)};
}

void against_floor() {
  const auto key = std::make_shared<const DataKey>(random_key_bytes());
  const Uuid id = Uuid::random();
  const bson::Value value = bson::Value::of("123-45-6789");
  const BytesView data = value.view().bytes();
  RandomSource& random = RandomSource::system();

  const HmacSha256Key hmac_key(Bytes(32, 1));
  const KeyedCipher cbc(CipherMode::kCbcEncrypt, Bytes(32, 2));
  const KeyedCipher ctr(CipherMode::kCtr, Bytes(32, 3));
  const Bytes fresh(32, 4);
  std::array<std::uint8_t, 32> mac{};
  std::array<std::uint8_t, 16> iv{};
  Bytes block(32);
  const Bytes authenticated(16 + 16 + 16);

  const std::vector<double> t = interleave(
      {
          contender("HMAC-SHA-256, prepared key, 16 bytes",
                    [&] {
                      hmac_key.mac(data, mac);
                      keep(mac);
                    }),
          contender("HMAC-SHA-256, new key, 8 bytes",
                    [&] {
                      hmac_sha256(fresh, 7, mac);
                      keep(mac);
                    }),
          contender("HMAC-SHA-256, prepared key, 64 bytes",
                    [&] {
                      hmac_key.mac({iv, authenticated}, mac);
                      keep(mac);
                    }),
          contender("AES-256-CTR, prepared key, 32 bytes",
                    [&] {
                      ctr.run(iv, mac, block);
                      keep(block);
                    }),
          contender("AES-256-CBC, prepared key, 16 bytes",
                    [&] {
                      cbc.run(iv, BytesView(mac).first(16), std::span(block).first(16));
                      keep(block);
                    }),
          contender("16 random bytes",
                    [&] {
                      random.fill(iv);
                      keep(iv);
                    }),
          contender(
              "equality insert payload",
              [&] { keep(insert_equality_payload(*key, id, *key, id, value.view(), 8, random)); }),
          contender("equality find payload",
                    [&] { keep(find_equality_payload(*key, value.view(), 8)); }),
          contender("unindexed value",
                    [&] { keep(unindexed_value(*key, id, value.view(), random)); }),
      },
      kRounds);
  const double prepared = t[0], once = t[1], mac64 = t[2], ctr32 = t[3], cbc16 = t[4], draw = t[5];
  const double seal = mac64 + cbc16 + draw;
  const double insert_floor = 3 * prepared + 2 * once + ctr32 + 2 * draw + seal;
  const double find_floor = 3 * prepared;
  std::printf("  floors: insert %.1f ns, find %.1f ns, unindexed %.1f ns\n", insert_floor * 1e9,
              find_floor * 1e9, seal * 1e9);
  const double ratios[] = {t[6] / insert_floor, t[7] / find_floor, t[8] / seal};
  std::printf("  above its floor: insert %.2fx, find %.2fx, unindexed %.2fx\n", ratios[0],
              ratios[1], ratios[2]);
  print_ratio("P10", *std::max_element(std::begin(ratios), std::end(ratios)), 1.6);
}

// HMAC-SHA-256 of 8 bytes, as most of the protocol's are, by EVP: with contexts that stand after
// the padded key and are copied, as one key of many threads needs it, and by EVP_MAC, whose context
// no two threads may share, so that this is the least that it can cost.
void against_evp() {
  using Md = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;
  using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  using Mac = std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)>;
  using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;
  const auto expect = [](int result) {
    if (result != 1) throw std::runtime_error("OpenSSL failed");
  };

  const Bytes key(kKeySize, 1);
  const Bytes message(8, 7);
  std::array<std::uint8_t, 32> mac{};
  std::array<std::uint8_t, 32> ours{};
  const HmacSha256Key prepared(BytesView(key).first(32));
  prepared.mac(message, ours);

  const Md sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
  const auto start = [&](EVP_MD_CTX* context, std::uint8_t pad) {
    std::array<std::uint8_t, 64> block;
    block.fill(pad);
    for (std::size_t i = 0; i < 32; ++i) block[i] ^= key[i];
    expect(EVP_DigestInit_ex2(context, sha256.get(), nullptr));
    expect(EVP_DigestUpdate(context, block.data(), block.size()));
  };
  const auto finish = [&](EVP_MD_CTX* context, BytesView bytes) {
    expect(EVP_DigestUpdate(context, bytes.data(), bytes.size()));
    expect(EVP_DigestFinal_ex(context, mac.data(), nullptr));
  };
  const MdContext inner(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const MdContext outer(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const MdContext work(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  start(inner.get(), 0x36);
  start(outer.get(), 0x5C);
  const auto by_copies = [&] {
    expect(EVP_MD_CTX_copy_ex(work.get(), inner.get()));
    finish(work.get(), message);
    expect(EVP_MD_CTX_copy_ex(work.get(), outer.get()));
    finish(work.get(), mac);
  };
  const auto by_new_key = [&] {
    start(work.get(), 0x36);
    finish(work.get(), message);
    start(work.get(), 0x5C);
    finish(work.get(), mac);
  };

  const Mac hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
  const MacContext context(EVP_MAC_CTX_new(hmac.get()), EVP_MAC_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  expect(EVP_MAC_init(context.get(), key.data(), 32, parameters));
  const auto by_mac = [&] {
    std::size_t size = 0;
    expect(EVP_MAC_init(context.get(), nullptr, 0, nullptr));
    expect(EVP_MAC_update(context.get(), message.data(), message.size()));
    expect(EVP_MAC_final(context.get(), mac.data(), &size, mac.size()));
  };

  for (const std::function<void()>& way :
       {std::function<void()>(by_copies), std::function<void()>(by_new_key),
        std::function<void()>(by_mac)}) {
    way();
    if (mac != ours) throw std::runtime_error("OpenSSL gives another MAC than Quern");
  }
  const std::vector<double> t = interleave(
      {
          contender("HMAC-SHA-256, 8 bytes, prepared key", [&] { prepared.mac(message, mac); }),
          contender("  the same by copies of EVP_MD contexts", by_copies),
          contender("  the same by EVP_MAC", by_mac),
          contender("HMAC-SHA-256, 8 bytes, new key",
                    [&] { hmac_sha256(BytesView(key).first(32), 7, mac); }),
          contender("  the same by EVP_MD", by_new_key),
      },
      kRounds);
  print_ratio("H1", t[1] / t[0], 1.2);
  print_ratio("H2", t[2] / t[0], 1.2);
  print_ratio("H3", t[4] / t[3], 1);
}

void against_libmongocrypt() {
  static constexpr std::pair<const char*, double> kGoals[] = {
      {"P1", 5}, {"P2", 4}, {"P3", 4}, {"P4", 2.5}};
  const char* library = std::getenv("LIBMONGOCRYPT_SO");
  if (library == nullptr) {
    for (const auto& [name, goal] : kGoals) {
      print_skipped(name, "LIBMONGOCRYPT_SO names no library to compare with");
    }
    return;
  }
  const SecretBytes bytes = random_key_bytes();
  const Uuid id = Uuid::random();
  const DataKey key(bytes);
  Libmongocrypt peer(library, Bytes(96, 1), id, bytes.bytes());
  std::printf("  libmongocrypt %s\n", peer.version().c_str());
  RandomSource& random = RandomSource::system();
  const bson::Document document = bson::doc("v", "123-45-6789");
  const bson::ValueView value = document["v"];

  const Libmongocrypt::Options insert{.algorithm = "Indexed", .contention = 8};
  const Libmongocrypt::Options find{
      .algorithm = "Indexed", .query_type = "equality", .contention = 8};
  const Libmongocrypt::Options unindexed{.algorithm = "Unindexed"};
  const Libmongocrypt::Options deterministic{.algorithm =
                                                 "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"};

  // Both must do the same work: what has no randomness must be equal.
  const auto blob_of = [](const Bytes& reply) {
    const BytesView blob = bson::View(reply.data())["v"].as_binary().bytes;
    return Bytes(blob.begin(), blob.end());
  };
  if (blob_of(peer.encrypt(document, find)) != find_equality_payload(key, value, 8) ||
      blob_of(peer.encrypt(document, deterministic)) != csfle_deterministic_value(key, id, value)) {
    throw std::runtime_error("libmongocrypt gives other bytes than Quern");
  }

  const std::vector<double> t = interleave(
      {
          contender(
              "libmongocrypt: equality insert payload",
              [&] { keep(peer.encrypt(document, insert)); }, 2000),
          contender(
              "Quern:         equality insert payload",
              [&] { keep(insert_equality_payload(key, id, key, id, value, 8, random)); }, 100),
          contender(
              "libmongocrypt: equality find payload", [&] { keep(peer.encrypt(document, find)); },
              2000),
          contender(
              "Quern:         equality find payload",
              [&] { keep(find_equality_payload(key, value, 8)); }, 100),
          contender(
              "libmongocrypt: unindexed value", [&] { keep(peer.encrypt(document, unindexed)); },
              100),
          contender(
              "Quern:         unindexed value",
              [&] { keep(unindexed_value(key, id, value, random)); }, 2000),
          contender(
              "libmongocrypt: deterministic value",
              [&] { keep(peer.encrypt(document, deterministic)); }, 100),
          contender(
              "Quern:         deterministic value",
              [&] { keep(csfle_deterministic_value(key, id, value)); }, 100),
      },
      kRounds);
  for (std::size_t i = 0; i < std::size(kGoals); ++i) {
    print_ratio(kGoals[i].first, t[2 * i] / t[2 * i + 1], kGoals[i].second);
  }
}

}  // namespace
}  // namespace quern::bench

int main() {
  try {
    quern::bench::against_floor();
    quern::bench::against_evp();
    quern::bench::against_libmongocrypt();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crypto_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
