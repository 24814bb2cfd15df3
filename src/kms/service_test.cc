// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/testing/error_of.h"
#include "quern/base/error.h"

namespace quern::kms {
namespace {

// Wraps by turning every bit over.
class Inverter : public KeyService {
 public:
  Bytes wrap(BytesView data_key, bson::View master_key) override {
    seen = bson::Document(master_key);
    Bytes out(data_key.begin(), data_key.end());
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(~byte);
    if (master_key["lose"]) out.clear();
    return out;
  }
  void unwrap(BytesView wrapped, bson::View master_key, std::span<std::uint8_t> data_key) override {
    seen = bson::Document(master_key);
    std::ranges::transform(wrapped, data_key.begin(),
                           [](std::uint8_t byte) { return static_cast<std::uint8_t>(~byte); });
  }
  bson::Document seen;
};

SecretBytes counting_key() {
  SecretBytes key(kDataKeySize);
  std::iota(key.mutable_bytes().begin(), key.mutable_bytes().end(), std::uint8_t{1});
  return key;
}

TEST(ServiceKms, GivesTheDataKeyToTheServiceAndTakesItBack) {
  const auto service = std::make_shared<Inverter>();
  ServiceKms kms("aws", service);
  const bson::Document options = bson::doc("region", "eu-central-1");
  const WrappedKey wrapped = kms.wrap(counting_key(), options);
  EXPECT_EQ(service->seen, options);
  EXPECT_EQ(wrapped.key_material[0], 0xfe);
  EXPECT_EQ(wrapped.master_key, bson::doc("provider", "aws", "region", "eu-central-1"));
  EXPECT_TRUE(
      equal(kms.unwrap(wrapped.key_material, wrapped.master_key).bytes(), counting_key().bytes()));
  EXPECT_EQ(service->seen, wrapped.master_key);
}

TEST(ServiceKms, RefusesAWrappedKeyThatIsEmpty) {
  ServiceKms kms("aws", std::make_shared<Inverter>());
  const Error error = error_of([&] { kms.wrap(counting_key(), bson::doc("lose", true)); });
  EXPECT_TRUE(error.is(ErrorCode::kBadValue)) << error.what();
}

}  // namespace
}  // namespace quern::kms
