// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The parts of a decimal128 (IEEE 754-2008, BID encoding), for exact comparison and conversion. The
// one place that knows where BSON's 16 bytes hold sign, exponent and coefficient.
#ifndef QUERN_BSON_DECIMAL_H_
#define QUERN_BSON_DECIMAL_H_

#include <compare>
#include <cstdint>
#include <optional>

#include "quern/bson/types.h"

namespace quern::bson {

__extension__ using uint128 = unsigned __int128;

inline constexpr int kDecimalDigits = 34;
inline constexpr int kMinDecimalExponent = -6176;
inline constexpr int kMaxDecimalExponent = 6111;

struct DecimalParts {
  enum class Kind { kFinite, kInfinity, kNaN };
  Kind kind = Kind::kFinite;
  bool negative = false;
  uint128 coefficient = 0;  // below 10^34
  int exponent = 0;         // value = coefficient * 10^exponent; within the limits above
};

DecimalParts decompose(Decimal128 value);
// A NaN has no sign and no payload. parts must be within the limits.
Decimal128 compose(const DecimalParts& parts);

Decimal128 decimal_from(std::int64_t value);
Decimal128 decimal_from(double value);  // correctly rounded to 34 digits

double decimal_to_double(Decimal128 value);
// The value when it is whole and fits.
std::optional<std::int64_t> decimal_to_int64(Decimal128 value);

// By value: 1.0 equals 1.00, NaN equals NaN and is below everything else.
std::weak_ordering compare_decimals(Decimal128 a, Decimal128 b);

// The same value with trailing zeros of the coefficient removed; zero is +0E0.
DecimalParts normalise(DecimalParts parts);

}  // namespace quern::bson

#endif  // QUERN_BSON_DECIMAL_H_
