// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "crypto/testing/fixtures.h"
#include "quern/base/error.h"

namespace quern::crypto {
namespace {

using namespace protocol;

using testing::counting_bytes;
using testing::PinnedRandom;

const Bytes kIv = counting_bytes(0xA0, 16);
const Bytes kAad = counting_bytes(0x20, 16);
const Bytes kHello = from_hex("0600000068656c6c6f00");

Iv golden_iv() { return Iv(kIv.data(), kIvSize); }

template <class Aead>
Bytes encrypt(const Aead& aead, BytesView aad, BytesView plaintext) {
  Bytes out(aead_size(plaintext.size()));
  aead.encrypt(golden_iv(), aad, plaintext, out);
  return out;
}

// What decrypting does: "" when it works, else the error's code name.
template <class Aead>
std::string outcome(const Aead& aead, BytesView aad, BytesView ciphertext) {
  try {
    aead.decrypt(aad, ciphertext);
    return "";
  } catch (const Error& error) {
    return error.code_name();
  }
}

TEST(Fle2Aead, HasTheGoldenBytes) {
  const Fle2Aead aead(testing::user_key_bytes());
  const Bytes ciphertext = encrypt(aead, kAad, kHello);
  EXPECT_EQ(to_hex(ciphertext),
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf68aac8239d75188445bf3fe35ca0374a"
            "3cca808386720d4e2fd8e8a33bae814fb1de54180fab7fc181851dc71ed8e230");
  EXPECT_EQ(aead.decrypt(kAad, ciphertext), kHello);
}

TEST(Fle1Aead, WrapsAKeyIntoTheGoldenBytes) {
  const Fle1Aead aead(Bytes(96));
  PinnedRandom random(kIv);
  const Bytes wrapped = aead.encrypt(random, {}, testing::index_key_bytes());
  ASSERT_EQ(wrapped.size(), 160u);
  EXPECT_EQ(to_hex(BytesView(wrapped).first(32)),
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaffc0296cc85a7cff93dc319c5fe6e420a");
  std::array<std::uint8_t, 32> digest;
  SHA256(wrapped.data(), wrapped.size(), digest.data());
  EXPECT_EQ(to_hex(digest), "25ae9edb9bee1a0eae0f3ea030aa4eeb172a0123542de1ea9f78872e9da3e06e");
  EXPECT_TRUE(equal(aead.decrypt_secret({}, wrapped).bytes(), testing::index_key_bytes()));
}

template <class Aead>
class AnyAead : public ::testing::Test {
 protected:
  Aead aead{testing::user_key_bytes()};
};
using Aeads = ::testing::Types<Fle1Aead, Fle2Aead>;
TYPED_TEST_SUITE(AnyAead, Aeads);

TYPED_TEST(AnyAead, RoundTripsEveryLengthAroundABlock) {
  for (std::size_t size = 1; size <= 70; ++size) {
    const Bytes plaintext = counting_bytes(1, size);
    const Bytes ciphertext = encrypt(this->aead, kAad, plaintext);
    EXPECT_EQ(ciphertext.size(), 16 + 16 * (size / 16 + 1) + 32);
    EXPECT_EQ(this->aead.decrypt(kAad, ciphertext), plaintext);
  }
}

TYPED_TEST(AnyAead, EveryChangedBitIsNoticed) {
  const Bytes ciphertext = encrypt(this->aead, kAad, kHello);
  for (std::size_t bit = 0; bit < ciphertext.size() * 8; ++bit) {
    Bytes changed = ciphertext;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_EQ(outcome(this->aead, kAad, changed), "OperationFailed") << bit;
  }
}

TYPED_TEST(AnyAead, EveryTruncationAndExtensionIsNoticed) {
  Bytes ciphertext = encrypt(this->aead, kAad, counting_bytes(0, 40));
  for (std::size_t size = 0; size < ciphertext.size(); ++size) {
    EXPECT_EQ(outcome(this->aead, kAad, BytesView(ciphertext).first(size)), "OperationFailed")
        << size;
  }
  ciphertext.insert(ciphertext.end(), 16, 0);
  EXPECT_EQ(outcome(this->aead, kAad, ciphertext), "OperationFailed");
}

TYPED_TEST(AnyAead, OtherAssociatedDataAndOtherKeysAreNoticed) {
  const Bytes ciphertext = encrypt(this->aead, kAad, kHello);
  EXPECT_EQ(outcome(this->aead, counting_bytes(0x21, 16), ciphertext), "OperationFailed");
  EXPECT_EQ(outcome(this->aead, BytesView(kAad).first(15), ciphertext), "OperationFailed");
  EXPECT_EQ(outcome(TypeParam(testing::index_key_bytes()), kAad, ciphertext), "OperationFailed");
}

TYPED_TEST(AnyAead, EmptyPlaintextsAndWrongKeySizesAreRefused) {
  EXPECT_THROW(encrypt(this->aead, kAad, {}), Error);
  EXPECT_THROW(TypeParam(Bytes(95)), Error);
  EXPECT_THROW(TypeParam(Bytes(32)), Error);
}

TEST(Fle1Aead, DeterministicIvsDependOnPlaintextAndAssociatedData) {
  const Fle1Aead aead(testing::user_key_bytes());
  std::array<std::uint8_t, 16> a;
  std::array<std::uint8_t, 16> b;
  aead.deterministic_iv(kAad, kHello, a);
  aead.deterministic_iv(kAad, kHello, b);
  EXPECT_EQ(a, b);
  aead.deterministic_iv(kAad, counting_bytes(0, 10), b);
  EXPECT_NE(a, b);
  aead.deterministic_iv(counting_bytes(0, 16), kHello, b);
  EXPECT_NE(a, b);
}

TEST(Ctr, NeedsMoreThanAnIv) {
  const Bytes token(32);
  Bytes out;
  EXPECT_THROW(ctr_decrypt(token, Bytes(16), out), Error);
  EXPECT_THROW(ctr_decrypt(token, {}, out), Error);
}

}  // namespace
}  // namespace quern::crypto
