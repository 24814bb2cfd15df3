// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/decimal_math.h"

#include <bit>
#include <boost/multiprecision/cpp_dec_float.hpp>
#include <string>

#include "bson/decimal.h"

// How libbidgcc000 was built: values by value, rounding mode and flags as arguments.
#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#include <bid_conf.h>
#include <bid_functions.h>

namespace quern::query::decimal {
namespace {

using bson::DecimalParts;
using bson::uint128;

constexpr int kLow = std::endian::native == std::endian::little ? 0 : 1;

BID_UINT128 lend(Decimal128 value) {
  BID_UINT128 lent;
  lent.w[kLow] = value.low;
  lent.w[1 - kLow] = value.high;
  return lent;
}
Decimal128 take(BID_UINT128 value) { return {value.w[kLow], value.w[1 - kLow]}; }

// The library calls all have this form; nobody asks for the flags (inexact, overflow, …).
template <class Function, class... Operands>
Decimal128 rounded(Function function, Operands... operands) {
  _IDEC_flags flags = 0;
  return take(function(lend(operands)..., BID_ROUNDING_TO_NEAREST, &flags));
}

bool finite(const DecimalParts& parts) { return parts.kind == DecimalParts::Kind::kFinite; }

// Without trailing zeros, as an integer where its digits allow: the root of 16 prints as 4.
Decimal128 shortest(Decimal128 value) {
  DecimalParts parts = bson::normalise(bson::decompose(value));
  while (finite(parts) && parts.exponent > 0 && parts.exponent < bson::kDecimalDigits &&
         parts.coefficient <= static_cast<uint128>(1) << 100) {
    parts.coefficient *= 10;
    --parts.exponent;
  }
  return bson::compose(parts);
}

// Intel's exponential, logarithms and power can be some units of the last digit off, the power of a
// large exponent thousands, small results come out as zero, and roots and logarithms of the largest
// and smallest numbers as infinities. So Intel's answer stands only for
// what is NaN, infinite or zero by definition, or far beyond the format. All else is computed with
// 100 digits, of which no function here loses more than 40, and rounded once.
using Fine = boost::multiprecision::cpp_dec_float_100;

// e to the power of it is far beyond the format, which ends at 10^6145.
constexpr int kFarBeyond = 20'000;

Fine fine(Decimal128 value) { return Fine(value.to_string()); }
bool ordinary(Decimal128 value) { return finite(bson::decompose(value)) && !is_zero(value); }

Decimal128 rounded(const Fine& value) {
  std::string text = value.str(0, std::ios_base::scientific);
  _IDEC_flags flags = 0;
  return shortest(take(bid128_from_string(text.data(), BID_ROUNDING_TO_NEAREST, &flags)));
}

}  // namespace

Decimal128 add(Decimal128 a, Decimal128 b) { return rounded(bid128_add, a, b); }
Decimal128 subtract(Decimal128 a, Decimal128 b) { return rounded(bid128_sub, a, b); }
Decimal128 multiply(Decimal128 a, Decimal128 b) { return rounded(bid128_mul, a, b); }
Decimal128 divide(Decimal128 a, Decimal128 b) { return rounded(bid128_div, a, b); }

Decimal128 modulo(Decimal128 a, Decimal128 b) {
  _IDEC_flags flags = 0;
  return take(bid128_fmod(lend(a), lend(b), &flags));
}

Decimal128 absolute(Decimal128 a) { return take(bid128_abs(lend(a))); }

Decimal128 quantize(Decimal128 a, int places, Rounding rounding) {
  const auto mode = [rounding]() -> _IDEC_round {
    switch (rounding) {
      case Rounding::kHalfEven:
        return BID_ROUNDING_TO_NEAREST;
      case Rounding::kDown:
        return BID_ROUNDING_DOWN;
      case Rounding::kUp:
        return BID_ROUNDING_UP;
      case Rounding::kToZero:
        break;
    }
    return BID_ROUNDING_TO_ZERO;
  }();
  const Decimal128 unit = bson::compose({DecimalParts::Kind::kFinite, false, 1, -places});
  _IDEC_flags flags = 0;
  return take(bid128_quantize(lend(a), lend(unit), mode, &flags));
}

Decimal128 round(Decimal128 a, int places, Rounding rounding) {
  const Decimal128 rounded = quantize(a, places, rounding);
  return finite(bson::decompose(a)) && finite(bson::decompose(rounded)) ? rounded : a;
}

Decimal128 square_root(Decimal128 a) {
  if (!ordinary(a) || bson::decompose(a).negative) return shortest(rounded(bid128_sqrt, a));
  return rounded(sqrt(fine(a)));
}
Decimal128 exponential(Decimal128 a) {
  const Decimal128 defined = shortest(rounded(bid128_exp, a));
  if (!ordinary(a) || abs(fine(a)) > kFarBeyond) return defined;
  return rounded(exp(fine(a)));
}
Decimal128 natural_logarithm(Decimal128 a) {
  if (!ordinary(a) || bson::decompose(a).negative) return shortest(rounded(bid128_log, a));
  return rounded(log(fine(a)));
}
Decimal128 logarithm10(Decimal128 a) {
  if (!ordinary(a) || bson::decompose(a).negative) return shortest(rounded(bid128_log10, a));
  return rounded(log10(fine(a)));
}
Decimal128 power(Decimal128 base, Decimal128 exponent) {
  const Decimal128 estimate = shortest(rounded(bid128_pow, base, exponent));
  const bson::DecimalParts parts = bson::decompose(estimate);
  if (parts.kind == DecimalParts::Kind::kNaN || !ordinary(base) || !ordinary(exponent)) {
    return estimate;
  }
  const Fine magnitude = fine(absolute(base));
  if (abs(log(magnitude) * fine(exponent)) > kFarBeyond) return estimate;
  const Fine result = pow(magnitude, fine(exponent));
  return rounded(parts.negative ? Fine(-result) : result);
}

bool is_zero(Decimal128 a) {
  const DecimalParts parts = bson::decompose(a);
  return finite(parts) && parts.coefficient == 0;
}

}  // namespace quern::query::decimal
