// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/decimal_math.h"

#include <algorithm>
#include <bit>

#include "bson/decimal.h"

// The x86-64 ABI passes a _Decimal128 exactly as a __float128, so that a compiler without decimal
// types can call the routines too. Their names: "Routines for decimal floating point emulation" in
// the GCC internals manual.
__extension__ using Quad = __float128;
extern "C" {
Quad __bid_addtd3(Quad, Quad);
Quad __bid_subtd3(Quad, Quad);
Quad __bid_multd3(Quad, Quad);
Quad __bid_divtd3(Quad, Quad);
Quad __bid_trunctdtf(Quad);   // decimal to binary
Quad __bid_extendtftd(Quad);  // binary to decimal
// glibc's functions of 128-bit floats, under names of our own: not every compiler declares them.
Quad quern_sqrt(Quad) __asm__("sqrtf128");
Quad quern_exp(Quad) __asm__("expf128");
Quad quern_log(Quad) __asm__("logf128");
Quad quern_log10(Quad) __asm__("log10f128");
Quad quern_pow(Quad, Quad) __asm__("powf128");
}

namespace quern::query::decimal {
namespace {

using bson::DecimalParts;
using bson::uint128;

constexpr int kDigits = 34;
constexpr int kMinExponent = -6176;
constexpr int kMaxExponent = 6111;

Quad carry(Decimal128 value) { return std::bit_cast<Quad>(value); }
Decimal128 uncarry(Quad quad) { return std::bit_cast<Decimal128>(quad); }

bool finite(const DecimalParts& parts) { return parts.kind == DecimalParts::Kind::kFinite; }
Decimal128 nan() { return bson::compose({DecimalParts::Kind::kNaN, false, 0, 0}); }

// The shortest form of a value that went through binary: trailing zeros dropped, so that the root
// of 4 prints as 2.
Decimal128 from_binary(Quad value) {
  const DecimalParts parts = bson::normalise(bson::decompose(uncarry(__bid_extendtftd(value))));
  DecimalParts scaled = parts;
  while (finite(scaled) && scaled.exponent > 0 && scaled.exponent < kDigits &&
         scaled.coefficient <= static_cast<uint128>(1) << 100) {
    scaled.coefficient *= 10;
    --scaled.exponent;
  }
  return bson::compose(scaled);
}

template <class Function>
Decimal128 through_binary(Decimal128 a, Function function) {
  return from_binary(function(__bid_trunctdtf(carry(a))));
}

}  // namespace

Decimal128 add(Decimal128 a, Decimal128 b) { return uncarry(__bid_addtd3(carry(a), carry(b))); }
Decimal128 subtract(Decimal128 a, Decimal128 b) {
  return uncarry(__bid_subtd3(carry(a), carry(b)));
}
Decimal128 multiply(Decimal128 a, Decimal128 b) {
  return uncarry(__bid_multd3(carry(a), carry(b)));
}
Decimal128 divide(Decimal128 a, Decimal128 b) { return uncarry(__bid_divtd3(carry(a), carry(b))); }

Decimal128 modulo(Decimal128 a, Decimal128 b) {
  DecimalParts x = bson::decompose(a);
  DecimalParts y = bson::normalise(bson::decompose(b));
  if (x.kind == DecimalParts::Kind::kNaN || y.kind == DecimalParts::Kind::kNaN || !finite(x)) {
    return nan();
  }
  if (!finite(y)) return a;
  if (y.coefficient == 0) return nan();
  if (x.coefficient == 0) return a;
  // Exact: reduce x digit by digit modulo y, both at the smaller exponent.
  if (y.exponent > x.exponent) {
    const int shift = y.exponent - x.exponent;
    for (int i = 0; i < shift; ++i) {
      if (y.coefficient > x.coefficient) return a;  // already larger: nothing to take off
      y.coefficient *= 10;                          // below 10^35, no overflow
      --y.exponent;
    }
    x.coefficient %= y.coefficient;
  } else {
    x.coefficient %= y.coefficient;
    for (int i = x.exponent - y.exponent; i > 0 && x.coefficient != 0; --i) {
      x.coefficient = x.coefficient * 10 % y.coefficient;
    }
    x.exponent = y.exponent;
  }
  return bson::compose(x);
}

Decimal128 negate(Decimal128 a) {
  if (bson::decompose(a).kind == DecimalParts::Kind::kNaN) return a;
  return {a.low, a.high ^ std::uint64_t{1} << 63};
}

Decimal128 absolute(Decimal128 a) { return {a.low, a.high & ~(std::uint64_t{1} << 63)}; }

Decimal128 round(Decimal128 a, int places, Rounding rounding) {
  DecimalParts parts = bson::decompose(a);
  if (!finite(parts) || parts.exponent >= -places) return a;
  const int drop = -places - parts.exponent;
  uint128 unit = 1;
  uint128 kept = 0;
  uint128 rest = parts.coefficient;
  bool unit_fits = drop <= kDigits + 1;  // otherwise everything is dropped and is below half a unit
  if (unit_fits) {
    for (int i = 0; i < drop; ++i) unit *= 10;
    kept = parts.coefficient / unit;
    rest = parts.coefficient % unit;
  }
  bool up = false;
  switch (rounding) {
    case Rounding::kHalfEven:
      up = unit_fits && (rest > unit / 2 || (rest == unit / 2 && kept % 2 == 1));
      break;
    case Rounding::kDown:
      up = parts.negative && rest != 0;
      break;
    case Rounding::kUp:
      up = !parts.negative && rest != 0;
      break;
    case Rounding::kToZero:
      break;
  }
  parts.coefficient = kept + (up ? 1 : 0);
  parts.exponent = -places;
  // A place left of everything may lie beyond the largest exponent.
  while (parts.exponent > kMaxExponent && parts.coefficient != 0) {
    parts.coefficient *= 10;
    --parts.exponent;
  }
  parts.exponent = std::min(std::max(parts.exponent, kMinExponent), kMaxExponent);
  return bson::compose(parts);
}

Decimal128 square_root(Decimal128 a) { return through_binary(a, quern_sqrt); }
Decimal128 exponential(Decimal128 a) { return through_binary(a, quern_exp); }
Decimal128 natural_logarithm(Decimal128 a) { return through_binary(a, quern_log); }
Decimal128 logarithm10(Decimal128 a) { return through_binary(a, quern_log10); }

Decimal128 power(Decimal128 base, Decimal128 exponent) {
  // A whole exponent by squaring, so that 1.1 to the second is 1.21 and not nearly so.
  const auto whole = bson::decimal_to_int64(exponent);
  if (whole && *whole >= -512 && *whole <= 512) {
    Decimal128 result = bson::decimal_from(std::int64_t{1});
    Decimal128 square = base;
    for (std::uint64_t n = static_cast<std::uint64_t>(*whole < 0 ? -*whole : *whole); n != 0;
         n /= 2) {
      if (n % 2 == 1) result = multiply(result, square);
      if (n > 1) square = multiply(square, square);
    }
    return *whole < 0 ? divide(bson::decimal_from(std::int64_t{1}), result) : result;
  }
  return from_binary(quern_pow(__bid_trunctdtf(carry(base)), __bid_trunctdtf(carry(exponent))));
}

bool is_zero(Decimal128 a) {
  const DecimalParts parts = bson::decompose(a);
  return finite(parts) && parts.coefficient == 0;
}

}  // namespace quern::query::decimal
