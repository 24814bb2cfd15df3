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
  EXPECT_EQ(power(d("3"), d("71")).to_string(), "7509466514979724803946715958257547");
  EXPECT_EQ(power(d("-2"), d("3")).to_string(), "-8");
}

TEST(DecimalMath, FunctionsAreCorrectlyRounded) {
  EXPECT_EQ(square_root(d("2")).to_string(), "1.414213562373095048801688724209698");
  EXPECT_EQ(exponential(d("1")).to_string(), "2.718281828459045235360287471352662");
  EXPECT_EQ(natural_logarithm(d("1.0000001")).to_string(),
            "9.999999500000033333330833333533333E-8");
  EXPECT_EQ(logarithm10(d("8.8")).to_string(), "0.9444826721501686263914166554165033");
  EXPECT_EQ(power(d("1.1"), d("300")).to_string(), "2617010996188.399907017032528972038");
  EXPECT_EQ(power(d("0.932490267314344"), d("6E+3")).to_string(),
            "7.342531892437713988287084081137832E-183");
}

TEST(DecimalMath, FunctionsAtTheBordersOfTheFormat) {
  EXPECT_EQ(exponential(d("-14200")).to_string(), "1.043174528E-6167");
  EXPECT_EQ(exponential(d("-15000")).to_string(), "0");
  EXPECT_EQ(exponential(d("-1E+6000")).to_string(), "0");
  EXPECT_EQ(exponential(d("15000")).to_string(), "Infinity");
  EXPECT_EQ(exponential(d("-14220")).to_string(), "2E-6176");
  EXPECT_EQ(power(d("10"), d("-6176")).to_string(), "1E-6176");
  EXPECT_EQ(power(d("0"), d("-1")).to_string(), "Infinity");
  EXPECT_EQ(power(d("-2"), d("0.5")).to_string(), "NaN");
  EXPECT_EQ(square_root(d("-1")).to_string(), "NaN");
  EXPECT_EQ(natural_logarithm(d("0")).to_string(), "-Infinity");
  EXPECT_EQ(natural_logarithm(d("1E-6176")).to_string(), "-14220.76553433122614449511522413063");
  const Decimal128 greatest = d("9.999999999999999999999999999999999E+6144");
  EXPECT_EQ(natural_logarithm(greatest).to_string(), "14149.38539644841072829055748903542");
  EXPECT_EQ(logarithm10(d("1E-6176")).to_string(), "-6176");
  EXPECT_EQ(logarithm10(greatest).to_string(), "6145");
  EXPECT_EQ(square_root(greatest).to_string(), "3.162277660168379331998893544432718E+3072");
  EXPECT_EQ(square_root(d("1E-6176")).to_string(), "1E-3088");
  EXPECT_EQ(square_root(d("Infinity")).to_string(), "Infinity");
  EXPECT_EQ(absolute(d("-Infinity")).to_string(), "Infinity");
  EXPECT_TRUE(is_zero(d("-0.00")));
  EXPECT_FALSE(is_zero(d("-Infinity")));
}

}  // namespace
}  // namespace quern::query::decimal
