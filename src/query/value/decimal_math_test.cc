// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/decimal_math.h"

#include <gtest/gtest.h>

namespace quern::query::decimal {
namespace {

Decimal128 d(const char* text) { return Decimal128::parse(text); }

TEST(DecimalMath, TheFourOperationsAreCorrectlyRounded) {
  EXPECT_EQ(add(d("0.1"), d("0.2")).to_string(), "0.3");
  EXPECT_EQ(subtract(d("1"), d("0.9")).to_string(), "0.1");
  EXPECT_EQ(multiply(d("1.10"), d("3")).to_string(), "3.30");
  EXPECT_EQ(divide(d("1"), d("3")).to_string(), "0.3333333333333333333333333333333333");
  EXPECT_EQ(divide(d("2"), d("3")).to_string(), "0.6666666666666666666666666666666667");
  EXPECT_EQ(divide(d("1"), d("0")).to_string(), "Infinity");
  EXPECT_EQ(add(d("Infinity"), d("-Infinity")).to_string(), "NaN");
}

TEST(DecimalMath, TheRemainderIsExactWhateverTheScales) {
  EXPECT_EQ(modulo(d("10.5"), d("3")).to_string(), "1.5");
  EXPECT_EQ(modulo(d("-7"), d("3")).to_string(), "-1");
  EXPECT_EQ(modulo(d("1E+30"), d("7")).to_string(), "1");
  EXPECT_EQ(modulo(d("5"), d("1E+20")).to_string(), "5");
  EXPECT_EQ(modulo(d("0.3"), d("0.1")).to_string(), "0.0");
  EXPECT_EQ(modulo(d("1"), d("0")).to_string(), "NaN");
  EXPECT_EQ(modulo(d("9999999999999999999999999999999999"), d("7E+1")).to_string(),
            "59");  // 10^34 is 4 modulo 7 and 0 modulo 10
}

TEST(DecimalMath, RoundingGoesToTheEvenNeighbour) {
  EXPECT_EQ(round(d("2.5"), 0, Rounding::kHalfEven).to_string(), "2");
  EXPECT_EQ(round(d("3.5"), 0, Rounding::kHalfEven).to_string(), "4");
  EXPECT_EQ(round(d("-1.1"), 0, Rounding::kDown).to_string(), "-2");
  EXPECT_EQ(round(d("-1.9"), 0, Rounding::kUp).to_string(), "-1");
  EXPECT_EQ(round(d("-1.9"), 0, Rounding::kToZero).to_string(), "-1");
  EXPECT_EQ(round(d("1234.567"), 2, Rounding::kHalfEven).to_string(), "1234.57");
  EXPECT_EQ(round(d("1E-6000"), 0, Rounding::kUp).to_string(), "1");
  EXPECT_EQ(round(d("NaN"), 0, Rounding::kUp).to_string(), "NaN");
}

TEST(DecimalMath, FunctionsGiveExactResultsWhereThereAreSome) {
  EXPECT_EQ(square_root(d("16")).to_string(), "4");
  EXPECT_EQ(square_root(d("0.25")).to_string(), "0.5");
  EXPECT_EQ(exponential(d("0")).to_string(), "1");
  EXPECT_EQ(natural_logarithm(d("1")).to_string(), "0");
  EXPECT_EQ(logarithm10(d("1000")).to_string(), "3");
  EXPECT_EQ(power(d("1.1"), d("2")).to_string(), "1.21");
  EXPECT_EQ(power(d("2"), d("-2")).to_string(), "0.25");
  EXPECT_EQ(power(d("4"), d("0.5")).to_string(), "2");
  EXPECT_EQ(square_root(d("2")).to_string().substr(0, 33), "1.4142135623730950488016887242096");
}

}  // namespace
}  // namespace quern::query::decimal
