// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/hmac.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/random.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

// OpenSSL's one-shot HMAC, as the oracle.
Bytes oracle(const EVP_MD* hash, BytesView key, BytesView message) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(hash)));
  HMAC(hash, key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(),
       nullptr);
  return out;
}

Bytes random(std::size_t size) {
  Bytes bytes(size);
  random_bytes(bytes);
  return bytes;
}

TEST(HmacSha256, AgreesWithOpenSslForEveryLength) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const Bytes key = random(32);
    const Bytes message = random(size);
    std::array<std::uint8_t, 32> mac;
    HmacSha256Key(key).mac(message, mac);
    EXPECT_EQ(Bytes(mac.begin(), mac.end()), oracle(EVP_sha256(), key, message)) << size;
  }
}

TEST(HmacSha512, AgreesWithOpenSslForEveryLength) {
  for (std::size_t size = 0; size <= 300; ++size) {
    const Bytes key = random(32);
    const Bytes message = random(size);
    std::array<std::uint8_t, 64> mac;
    HmacSha512Key(key).mac({message}, mac);
    EXPECT_EQ(Bytes(mac.begin(), mac.end()), oracle(EVP_sha512(), key, message)) << size;
  }
}

TEST(HmacSha256, PartsAreConcatenated) {
  const HmacSha256Key key(random(32));
  const Bytes message = random(150);
  const BytesView view(message);
  std::array<std::uint8_t, 32> whole;
  std::array<std::uint8_t, 32> parts;
  key.mac(message, whole);
  key.mac({view.first(3), {}, view.subspan(3, 70), view.subspan(73)}, parts);
  EXPECT_EQ(whole, parts);
}

TEST(HmacSha256, NumbersAreEightLittleEndianBytes) {
  const Bytes key = random(32);
  std::array<std::uint8_t, 32> number;
  std::array<std::uint8_t, 32> bytes;
  hmac_sha256(key, 0x0102, number);
  HmacSha256Key(key).mac(from_hex("0201000000000000"), bytes);
  EXPECT_EQ(number, bytes);
  HmacSha256Key(key).mac(std::uint64_t{0x0102}, number);
  EXPECT_EQ(number, bytes);
}

TEST(HmacSha256, KeysLongerThanABlockAreRefused) {
  EXPECT_NO_THROW(HmacSha256Key(Bytes(64)));
  EXPECT_THROW(HmacSha256Key(Bytes(65)), Error);
}

}  // namespace
}  // namespace quern::protocol
