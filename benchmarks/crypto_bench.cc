// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// P10: what a payload costs above the primitives that it cannot do without. The floor is the sum of
// the primitives' counts times their cost, all measured in the same run.
#include <array>
#include <cstdio>
#include <memory>

#include "base/random.h"
#include "benchmarks/harness.h"
#include "crypto/decrypt.h"
#include "crypto/encrypt.h"
#include "crypto/server_tokens.h"
#include "quern/bson/document.h"

namespace quern::bench {
namespace {

using namespace quern::crypto;

constexpr int kOperations = 20000;

std::shared_ptr<const DataKey> random_key() {
  SecretBytes key(kKeySize);
  random_bytes(key.mutable_bytes());
  return std::make_shared<const DataKey>(key);
}

Contender contender(std::string name, std::function<void()> once) {
  return {std::move(name),
          [once = std::move(once)] {
            for (int i = 0; i < kOperations; ++i) once();
          },
          kOperations};
}

void run() {
  const auto key = random_key();
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

  const std::vector<double> t = interleave({
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
      contender("unindexed value", [&] { keep(unindexed_value(*key, id, value.view(), random)); }),
  });
  const double prepared = t[0], once = t[1], mac64 = t[2], ctr32 = t[3], cbc16 = t[4], draw = t[5];
  const double seal = mac64 + cbc16 + draw;
  const double insert_floor = 3 * prepared + 2 * once + ctr32 + 2 * draw + seal;
  const double find_floor = 3 * prepared;
  std::printf("  floors: insert %.1f ns, find %.1f ns, unindexed %.1f ns\n", insert_floor * 1e9,
              find_floor * 1e9, seal * 1e9);
  print_ratio("P10-insert", t[6] / insert_floor, 1.6);
  print_ratio("P10-find", t[7] / find_floor, 1.6);
  print_ratio("P10-unindexed", t[8] / seal, 1.6);
}

}  // namespace
}  // namespace quern::bench

int main() {
  quern::bench::run();
  return 0;
}
