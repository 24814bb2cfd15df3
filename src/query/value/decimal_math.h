// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Arithmetic of decimal128, correctly rounded to 34 digits, half to even. add, subtract and
// multiply keep the operands' scale (1.10 times 3 is 3.30); functions give the shortest form (the
// root of 16 is 4).
//
// By Intel's library of IEEE 754-2008 decimals, which computes on BSON's encoding, on every
// processor alike; the digits of exponential, logarithms and power by Boost.Multiprecision.
#ifndef QUERN_QUERY_VALUE_DECIMAL_MATH_H_
#define QUERN_QUERY_VALUE_DECIMAL_MATH_H_

#include "quern/bson/types.h"

namespace quern::query::decimal {

using bson::Decimal128;

Decimal128 add(Decimal128 a, Decimal128 b);
Decimal128 subtract(Decimal128 a, Decimal128 b);
Decimal128 multiply(Decimal128 a, Decimal128 b);
Decimal128 divide(Decimal128 a, Decimal128 b);
// The remainder with the sign of a: a - b * trunc(a / b). NaN for a zero divisor.
Decimal128 modulo(Decimal128 a, Decimal128 b);

Decimal128 absolute(Decimal128 a);
enum class Rounding { kHalfEven, kDown, kUp, kToZero };
// With that number of digits after the point (negative: before it), between -6111 and 6176: 1.1 to
// two places is 1.10. NaN for what is infinite or has no room for so many digits.
Decimal128 quantize(Decimal128 a, int places, Rounding rounding);
// The same, but what quantize has no answer for stays as it is.
Decimal128 round(Decimal128 a, int places, Rounding rounding);

Decimal128 square_root(Decimal128 a);
Decimal128 exponential(Decimal128 a);
Decimal128 natural_logarithm(Decimal128 a);
Decimal128 logarithm10(Decimal128 a);
Decimal128 power(Decimal128 base, Decimal128 exponent);

bool is_zero(Decimal128 a);

}  // namespace quern::query::decimal

#endif  // QUERN_QUERY_VALUE_DECIMAL_MATH_H_
