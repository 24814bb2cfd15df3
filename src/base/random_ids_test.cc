// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/random_ids.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

class Counting : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0xA0;
};

TEST(RandomUuid, IsTheBytesWithVersionAndVariantSet) {
  Counting random;
  EXPECT_EQ(random_uuid(random).to_string(), "a0a1a2a3-a4a5-46a7-a8a9-aaabacadaeaf");
}

TEST(ObjectIdGenerator, CountsFromARandomNumberBehindTimeAndRandomBytes) {
  Counting random;
  ObjectIdGenerator ids(random);
  EXPECT_EQ(ids.next().to_string().substr(8), "a0a1a2a3a4a7a6a5");
  EXPECT_EQ(ids.next().to_string().substr(8), "a0a1a2a3a4a7a6a6");
}

}  // namespace
}  // namespace quern
