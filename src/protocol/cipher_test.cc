// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/cipher.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

// NIST SP 800-38A, appendix F: key, first two plaintext blocks.
const Bytes kKey = from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
const Bytes kPlain = from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");

Iv iv_of(const Bytes& bytes) { return Iv(bytes.data(), kAesBlockSize); }

TEST(KeyedCipher, CbcMatchesNistBothWays) {
  const Bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");
  Bytes bytes(kPlain.size());
  KeyedCipher(CipherMode::kCbcEncrypt, kKey).run(iv_of(iv), kPlain, bytes);
  EXPECT_EQ(to_hex(bytes), "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d");
  KeyedCipher(CipherMode::kCbcDecrypt, kKey).run(iv_of(iv), bytes, bytes);
  EXPECT_EQ(bytes, kPlain) << "in place";
}

TEST(KeyedCipher, CtrMatchesNist) {
  const Bytes iv = from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  Bytes bytes(kPlain.size());
  KeyedCipher(CipherMode::kCtr, kKey).run(iv_of(iv), kPlain, bytes);
  EXPECT_EQ(to_hex(bytes), "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
  Bytes once(kPlain.size());
  aes256_ctr(kKey, iv_of(iv), kPlain, once);
  EXPECT_EQ(once, bytes);
}

TEST(KeyedCipher, CtrCountsTheWholeIvUpAndWraps) {
  const Bytes last = from_hex("ffffffffffffffffffffffffffffffff");
  const Bytes zero(16);
  const Bytes zeros(32);
  Bytes across(32);
  Bytes second(16);
  aes256_ctr(kKey, iv_of(last), zeros, across);
  aes256_ctr(kKey, iv_of(zero), BytesView(zeros).first(16), second);
  EXPECT_TRUE(equal(BytesView(across).last(16), second));
}

TEST(KeyedCipher, EachCallStartsAnew) {
  const KeyedCipher cipher(CipherMode::kCtr, kKey);
  const Bytes iv(16, 9);
  Bytes first(20);
  Bytes second(20);
  cipher.run(iv_of(iv), Bytes(20), first);
  cipher.run(iv_of(iv), Bytes(20), second);
  EXPECT_EQ(first, second);
}

TEST(KeyedCipher, ManyThreadsShareOneKey) {
  const KeyedCipher cipher(CipherMode::kCbcEncrypt, kKey);
  std::atomic<int> faults{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {  // more than there are slots
    threads.emplace_back([&, t] {
      const Bytes iv(16, static_cast<std::uint8_t>(t));
      Bytes expected(kPlain.size());
      KeyedCipher(CipherMode::kCbcEncrypt, kKey).run(iv_of(iv), kPlain, expected);
      for (int i = 0; i < 300; ++i) {
        Bytes bytes(kPlain.size());
        cipher.run(iv_of(iv), kPlain, bytes);
        if (bytes != expected) ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
}

TEST(KeyedCipher, WrongSizesAreRefused) {
  const Bytes iv(16);
  Bytes out(16);
  EXPECT_THROW(KeyedCipher(CipherMode::kCtr, Bytes(31)), Error);
  EXPECT_THROW(aes256_ctr(Bytes(16), iv_of(iv), Bytes(16), out), Error);
  EXPECT_THROW(KeyedCipher(CipherMode::kCtr, kKey).run(iv_of(iv), Bytes(15), out), Error);
  Bytes partial(15);
  EXPECT_THROW(KeyedCipher(CipherMode::kCbcEncrypt, kKey).run(iv_of(iv), Bytes(15), partial), Error)
      << "CBC takes whole blocks";
}

}  // namespace
}  // namespace quern::protocol
