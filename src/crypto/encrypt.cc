// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/encrypt.h"

#include <array>

#include "crypto/sealing.h"

namespace quern::crypto {

std::uint64_t uniform(std::uint64_t bound, RandomSource& random) {
  const std::uint64_t biased = -bound % bound;  // 2^64 mod bound
  std::uint64_t drawn;
  do {
    std::array<std::uint8_t, 8> bytes;
    random.fill(bytes);
    drawn = load_le<std::uint64_t>(bytes.data());
  } while (drawn < biased);
  return drawn % bound;
}

Bytes csfle_deterministic_value(const DataKey& key, const Uuid& key_id, bson::ValueView value) {
  constexpr auto kSubtype = bson::BlobSubtype::kDeterministicValue;
  check_encryptable(value, kSubtype, " deterministically");
  std::array<std::uint8_t, protocol::SealedValue::kHeaderSize> head;
  protocol::SealedValue::write_head(kSubtype, key_id, value.type(), head);
  IvBytes iv;
  key.csfle().deterministic_iv(head, value.bytes(), iv);
  return seal(kSubtype, key_id, key.csfle(), iv, value);
}

Bytes csfle_random_value(const DataKey& key, const Uuid& key_id, bson::ValueView value,
                         RandomSource& random) {
  constexpr auto kSubtype = bson::BlobSubtype::kRandomValue;
  check_encryptable(value, kSubtype, "");
  return seal(kSubtype, key_id, key.csfle(), draw_iv(random), value);
}

}  // namespace quern::crypto
