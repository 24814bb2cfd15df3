// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "quern/base/error.h"

namespace quern {
namespace {

TEST(Hex, WritesLowerCaseAndReadsBothCases) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xAB, 0xff}), "00abff");
  EXPECT_EQ(from_hex("00ABff"), (Bytes{0x00, 0xAB, 0xff}));
}

TEST(Hex, RefusesOddLengthAndForeignCharacters) {
  EXPECT_THROW(from_hex("abc"), Error);
  EXPECT_THROW(from_hex("zz"), Error);
}

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(as_text(from_base64(encoded)), plain);
  }
}

TEST(Base64, RefusesMalformedText) {
  for (const std::string_view text :
       {"Zg=", "Z===", "Zg=a", "Z*==", "====", "Zm9v\n", "    Zm9v", "Zm9v    ", "Zg--"}) {
    EXPECT_THROW(from_base64(text), Error) << text;
  }
}

TEST(Base64, RoundTripsRandomBytes) {
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    random_bytes(bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

}  // namespace
}  // namespace quern
