// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/decimal.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "quern/base/error.h"

namespace quern {
namespace {

std::string through_bson(std::string_view text, int places = 0) {
  return DecimalValue::parse(text).to_decimal128(places).to_string();
}

TEST(Decimal, KeepsTextExactly) {
  EXPECT_EQ((Decimal<10, 2>("250.75").to_string()), "250.75");
  EXPECT_EQ((Decimal<10, 2>("-0.05").to_string()), "-0.05");
  EXPECT_EQ((Decimal<34, 0>("9999999999999999999999999999999999").to_string()),
            "9999999999999999999999999999999999");
  EXPECT_EQ(DecimalValue::parse("1.5e3").to_string(), "1500");
  EXPECT_EQ(DecimalValue::parse("+15e-3").to_string(), "0.015");
}

TEST(Decimal, TakesADoubleByItsShortestTextRoundedHalfEven) {
  EXPECT_EQ((Decimal<10, 2>(250.75).to_string()), "250.75");
  EXPECT_EQ((Decimal<10, 2>(0.1).to_string()), "0.1");
  EXPECT_EQ((Decimal<10, 2>(0.125).to_string()), "0.12");
  EXPECT_EQ((Decimal<10, 2>(0.135).to_string()), "0.14");
  EXPECT_EQ((Decimal<10, 2>(-0.375).to_string()), "-0.38");
  EXPECT_EQ((Decimal<10, 2>(1e-300).to_string()), "0.00");
  EXPECT_EQ((Decimal<10, 2>(2.0F).to_string()), "2");
}

TEST(Decimal, TakesIntegersExactly) {
  EXPECT_EQ((Decimal<34, 0>(std::numeric_limits<std::int64_t>::min()).to_string()),
            "-9223372036854775808");
  EXPECT_EQ((Decimal<34, 0>(std::numeric_limits<std::uint64_t>::max()).to_string()),
            "18446744073709551615");
}

TEST(Decimal, RefusesWhatIsNoFiniteNumberOf34Digits) {
  for (const char* text : {"", "-", ".", "1.2.3", "12a", "1e", "1e+-2", " 1", "NaN", "Infinity",
                           "12345678901234567890123456789012345", "1e34", "1e99999"}) {
    EXPECT_THROW(DecimalValue::parse(text), Error) << text;
  }
  EXPECT_THROW(DecimalValue::from_double(std::numeric_limits<double>::quiet_NaN(), 2), Error);
  EXPECT_THROW(DecimalValue::from_double(std::numeric_limits<double>::infinity(), 2), Error);
}

TEST(Decimal, ComparesByValue) {
  using D = Decimal<10, 4>;
  EXPECT_EQ(D("1.50"), D("1.5"));
  EXPECT_EQ(D("0.00"), D("0"));
  EXPECT_LT(D("-2"), D("-1.9999"));
  EXPECT_LT(D("9.9"), D("10"));
  EXPECT_GT(D("0.1"), D("0.0999"));
  EXPECT_LT(DecimalValue::parse("1e-6000"), DecimalValue::parse("1"));
  EXPECT_EQ(D("2.5"), 2.5);
}

TEST(Decimal, AddsExactlyAndRefusesToOverflow) {
  using D = Decimal<34, 2>;
  EXPECT_EQ(D("0.1") + D("0.2"), D("0.3"));
  EXPECT_EQ(D("1") - D("0.01"), D("0.99"));
  EXPECT_THROW(D("9999999999999999999999999999999999") + D(1), Error);
}

TEST(Decimal, IsStoredWithTheFieldsNumberOfPlaces) {
  EXPECT_EQ(through_bson("250.7", 2), "250.70");
  EXPECT_EQ(through_bson("250.7500", 2), "250.75");
  EXPECT_EQ(through_bson("-3", 0), "-3");
  EXPECT_EQ(through_bson("0", 2), "0.00");
  EXPECT_THROW(through_bson("9999999999999999999999999999999999", 2), Error);
}

TEST(Decimal, ReadsWhatBsonHolds) {
  const auto read = [](std::string_view text) {
    return DecimalValue::from_decimal128(bson::Decimal128::parse(text)).to_string();
  };
  EXPECT_EQ(read("250.75"), "250.75");
  EXPECT_EQ(read("-1E+3"), "-1000");
  EXPECT_EQ(read("9.999999999999999999999999999999999"), "9.999999999999999999999999999999999");
  EXPECT_THROW(read("NaN"), Error);
  EXPECT_THROW(read("-Infinity"), Error);
  EXPECT_THROW(read("1E+40"), Error);
}

TEST(Decimal, RoundTripsRandomNumbers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    text += std::to_string(1 + random() % 9);
    for (std::size_t n = random() % 15; n > 0; --n) text += std::to_string(random() % 10);
    text += ".";
    for (std::size_t n = random() % 15; n > 0; --n) text += std::to_string(random() % 10);
    text += std::to_string(1 + random() % 9);
    const DecimalValue value = DecimalValue::parse(text);
    EXPECT_EQ(value.to_string(), text);
    EXPECT_EQ(DecimalValue::from_decimal128(value.to_decimal128(0)).to_string(), text);
    EXPECT_EQ(value.to_decimal128(0), bson::Decimal128::parse(text)) << text;
  }
}

TEST(Decimal, CountsDigitsWithoutTrailingZeros) {
  EXPECT_EQ(DecimalValue::parse("1.2300").digits(), 3);
  EXPECT_EQ(DecimalValue::parse("1.2300").decimal_places(), 2);
  EXPECT_EQ(DecimalValue::parse("0.05").digits(), 2);
  EXPECT_EQ(DecimalValue::parse("1200").digits(), 4);
}

}  // namespace
}  // namespace quern
