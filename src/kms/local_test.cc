// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "kms/local.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <numeric>

#include "base/testing/error_of.h"
#include "quern/base/error.h"

namespace quern::kms {
namespace {

using ::testing::HasSubstr;

// a0, a1, …, as many as are asked for.
class CountingRandom : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::iota(out.begin(), out.end(), std::uint8_t{0xa0});
  }
};

SecretBytes counting_key(std::uint8_t first) {
  SecretBytes key(96);
  std::iota(key.mutable_bytes().begin(), key.mutable_bytes().end(), first);
  return key;
}

TEST(LocalKms, WrapsAsTheProtocolDoes) {
  CountingRandom random;
  LocalKms kms(SecretBytes(96), "local", random);
  const WrappedKey wrapped = kms.wrap(counting_key(0), {});
  ASSERT_EQ(wrapped.key_material.size(), 160u);
  EXPECT_EQ(to_hex(BytesView(wrapped.key_material).first(32)),
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaffc0296cc85a7cff93dc319c5fe6e420a");
  std::uint8_t digest[32];
  ASSERT_TRUE(EVP_Q_digest(nullptr, "SHA256", nullptr, wrapped.key_material.data(),
                           wrapped.key_material.size(), digest, nullptr));
  EXPECT_EQ(to_hex(digest), "25ae9edb9bee1a0eae0f3ea030aa4eeb172a0123542de1ea9f78872e9da3e06e");
  EXPECT_EQ(wrapped.master_key, bson::doc("provider", "local"));
}

TEST(LocalKms, UnwrapsWhatItWrapped) {
  LocalKms kms(counting_key(7));
  const WrappedKey wrapped = kms.wrap(counting_key(0), {});
  EXPECT_TRUE(
      equal(kms.unwrap(wrapped.key_material, wrapped.master_key).bytes(), counting_key(0).bytes()));
}

TEST(LocalKms, WrappingTwiceGivesDifferentBytes) {
  LocalKms kms(counting_key(7));
  EXPECT_NE(kms.wrap(counting_key(0), {}).key_material, kms.wrap(counting_key(0), {}).key_material);
}

TEST(LocalKms, AnotherMasterKeyIsAnAuthenticationFailure) {
  LocalKms kms(counting_key(7));
  LocalKms other(counting_key(8));
  const WrappedKey wrapped = kms.wrap(counting_key(0), {});
  const Error error = error_of([&] { other.unwrap(wrapped.key_material, wrapped.master_key); });
  EXPECT_TRUE(error.is(ErrorCode::kAuthenticationFailed));
  EXPECT_THAT(error.what(), HasSubstr("is not the one that wrapped it"));
}

TEST(LocalKms, OneChangedBitIsAnAuthenticationFailure) {
  LocalKms kms(counting_key(7));
  const WrappedKey wrapped = kms.wrap(counting_key(0), {});
  for (std::size_t i = 0; i < wrapped.key_material.size(); ++i) {
    Bytes altered = wrapped.key_material;
    altered[i] ^= 0x10;
    EXPECT_TRUE(error_of([&] {
                  kms.unwrap(altered, wrapped.master_key);
                }).is(ErrorCode::kAuthenticationFailed))
        << "byte " << i;
  }
}

TEST(LocalKms, MaterialOfAnotherLengthIsDamaged) {
  LocalKms kms(counting_key(7));
  for (const std::size_t size : {0, 1, 159, 161}) {
    EXPECT_TRUE(error_of([&] { kms.unwrap(Bytes(size), {}); }).is(ErrorCode::kFailedToParse));
  }
}

TEST(LocalKms, TakesItsKeyAsBase64Text) {
  const std::string text = to_base64(counting_key(7).bytes()) + "\n";
  LocalKms from_text(SecretBytes::copy_of(as_bytes(text)));
  LocalKms from_bytes(counting_key(7));
  const WrappedKey wrapped = from_text.wrap(counting_key(0), {});
  EXPECT_TRUE(equal(from_bytes.unwrap(wrapped.key_material, {}).bytes(), counting_key(0).bytes()));
}

TEST(LocalKms, RefusesKeysOfAnotherLengthWithoutShowingThem) {
  const std::string secret = "hunter2hunter2";
  const Error error = error_of([&] { LocalKms kms(SecretBytes::copy_of(as_bytes(secret))); });
  EXPECT_THAT(error.what(), HasSubstr("must be 96 bytes"));
  EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("hunter2")));
}

TEST(LocalKms, RefusesBase64WithForeignCharacters) {
  std::string text = to_base64(counting_key(7).bytes());
  text[5] = '*';
  EXPECT_THROW(LocalKms kms(SecretBytes::copy_of(as_bytes(text))), ImproperlyConfigured);
}

TEST(LocalKms, HasNoMasterKeyOptions) {
  LocalKms kms(counting_key(7));
  const Error error =
      error_of([&] { kms.wrap(counting_key(0), bson::doc("region", "eu-central-1")); });
  EXPECT_TRUE(error.is(ErrorCode::kBadValue));
  EXPECT_THAT(error.what(), HasSubstr("'region'"));
}

TEST(LocalKms, WrapsDataKeysOnly) {
  LocalKms kms(counting_key(7));
  EXPECT_TRUE(error_of([&] { kms.wrap(SecretBytes(32), {}); }).is(ErrorCode::kBadValue));
}

}  // namespace
}  // namespace quern::kms
