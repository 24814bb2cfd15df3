// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/random_ids.h"

#include <algorithm>
#include <ctime>

namespace quern {

Uuid random_uuid(RandomSource& random) {
  std::array<std::uint8_t, Uuid::kSize> bytes;
  random.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // RFC 4122 variant
  return Uuid::from_bytes(bytes);
}

ObjectIdGenerator::ObjectIdGenerator(RandomSource& random) {
  random.fill(random_);
  std::array<std::uint8_t, 4> start{};
  random.fill(start);
  counter_ = load_le<std::uint32_t>(start.data());
}

ObjectId ObjectIdGenerator::next() {
  const auto seconds = static_cast<std::uint32_t>(std::time(nullptr));
  const std::uint32_t count = counter_.fetch_add(1, std::memory_order_relaxed);
  std::array<std::uint8_t, ObjectId::kSize> bytes;
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
  std::copy(random_.begin(), random_.end(), bytes.begin() + 4);
  for (int i = 0; i < 3; ++i) bytes[9 + i] = static_cast<std::uint8_t>(count >> (16 - 8 * i));
  return ObjectId::from_bytes(bytes);
}

}  // namespace quern
