// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/decimal.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace quern::bson {
namespace {

constexpr int kExponentBias = -kMinDecimalExponent;

uint128 power_of_ten(int n) {
  uint128 power = 1;
  while (n-- > 0) power *= 10;
  return power;
}

int digits(uint128 value) {
  int count = 0;
  while (value != 0) {
    value /= 10;
    ++count;
  }
  return count;
}

// Magnitudes of two finite, nonzero values.
std::weak_ordering compare_magnitudes(const DecimalParts& a, const DecimalParts& b) {
  const int top_a = digits(a.coefficient) + a.exponent;
  const int top_b = digits(b.coefficient) + b.exponent;
  if (top_a != top_b) return top_a <=> top_b;
  // Equal leading positions: the exponents differ by fewer than 34, so scaling fits in 128 bits.
  if (a.exponent >= b.exponent) {
    return a.coefficient * power_of_ten(a.exponent - b.exponent) <=> b.coefficient;
  }
  return a.coefficient <=> b.coefficient * power_of_ten(b.exponent - a.exponent);
}

}  // namespace

DecimalParts decompose(Decimal128 value) {
  DecimalParts parts;
  parts.negative = (value.high >> 63) != 0;
  const std::uint64_t combination = value.high >> 58 & 0x1f;
  if (combination == 0x1f) {
    parts.kind = DecimalParts::Kind::kNaN;
    return parts;
  }
  if (combination == 0x1e) {
    parts.kind = DecimalParts::Kind::kInfinity;
    return parts;
  }
  if ((combination >> 3) == 3) {
    // The large form holds coefficients of 2^113 and more, beyond 10^34: defined to be zero.
    parts.exponent = static_cast<int>(value.high >> 47 & 0x3fff) - kExponentBias;
    return parts;
  }
  parts.exponent = static_cast<int>(value.high >> 49 & 0x3fff) - kExponentBias;
  parts.coefficient = static_cast<uint128>(value.high & 0x1ffffffffffff) << 64 | value.low;
  if (parts.coefficient >= power_of_ten(kDecimalDigits)) parts.coefficient = 0;  // non-canonical
  return parts;
}

Decimal128 compose(const DecimalParts& parts) {
  const std::uint64_t sign = parts.negative ? std::uint64_t{1} << 63 : 0;
  switch (parts.kind) {
    case DecimalParts::Kind::kNaN:
      return {0, std::uint64_t{0x1f} << 58};
    case DecimalParts::Kind::kInfinity:
      return {0, sign | std::uint64_t{0x1e} << 58};
    case DecimalParts::Kind::kFinite:
      break;
  }
  const auto biased = static_cast<std::uint64_t>(parts.exponent + kExponentBias);
  return {static_cast<std::uint64_t>(parts.coefficient),
          sign | biased << 49 | static_cast<std::uint64_t>(parts.coefficient >> 64)};
}

Decimal128 decimal_from(std::int64_t value) {
  DecimalParts parts;
  parts.negative = value < 0;
  parts.coefficient =
      value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  return compose(parts);
}

Decimal128 decimal_from(double value) {
  DecimalParts parts;
  parts.negative = std::signbit(value);
  if (std::isnan(value)) {
    parts.kind = DecimalParts::Kind::kNaN;
    parts.negative = false;
  } else if (std::isinf(value)) {
    parts.kind = DecimalParts::Kind::kInfinity;
  } else if (value != 0) {
    char text[64];  // d.ddd…e±xx with 34 significant digits
    std::snprintf(text, sizeof text, "%.33e", std::fabs(value));
    const char* at = text;
    for (; *at != 'e'; ++at) {
      if (*at != '.') parts.coefficient = parts.coefficient * 10 + static_cast<unsigned>(*at - '0');
    }
    parts.exponent = std::atoi(at + 1) - 33;
    while (parts.coefficient % 10 == 0) {
      parts.coefficient /= 10;
      ++parts.exponent;
    }
  }
  return compose(parts);
}

double decimal_to_double(Decimal128 value) {
  const DecimalParts parts = decompose(value);
  if (parts.kind == DecimalParts::Kind::kNaN) return std::numeric_limits<double>::quiet_NaN();
  if (parts.kind == DecimalParts::Kind::kInfinity) {
    return parts.negative ? -HUGE_VAL : HUGE_VAL;
  }
  return std::strtod(value.to_string().c_str(), nullptr);
}

std::optional<std::int64_t> decimal_to_int64(Decimal128 value) {
  const DecimalParts parts = normalise(decompose(value));
  if (parts.kind != DecimalParts::Kind::kFinite || parts.exponent < 0) return std::nullopt;
  if (digits(parts.coefficient) + parts.exponent > 19) return std::nullopt;
  const uint128 magnitude = parts.coefficient * power_of_ten(parts.exponent);
  const uint128 limit = static_cast<uint128>(1) << 63;
  if (magnitude > limit || (magnitude == limit && !parts.negative)) return std::nullopt;
  const auto bits = static_cast<std::uint64_t>(magnitude);
  return static_cast<std::int64_t>(parts.negative ? ~bits + 1 : bits);
}

DecimalParts normalise(DecimalParts parts) {
  if (parts.kind == DecimalParts::Kind::kNaN) parts.negative = false;
  if (parts.kind != DecimalParts::Kind::kFinite) return parts;
  if (parts.coefficient == 0) return {};
  while (parts.coefficient % 10 == 0) {
    parts.coefficient /= 10;
    ++parts.exponent;
  }
  return parts;
}

std::weak_ordering compare_decimals(Decimal128 left, Decimal128 right) {
  using Kind = DecimalParts::Kind;
  const DecimalParts a = decompose(left);
  const DecimalParts b = decompose(right);
  if (a.kind == Kind::kNaN || b.kind == Kind::kNaN) {
    return (a.kind != Kind::kNaN) <=> (b.kind != Kind::kNaN);
  }
  const auto sign = [](const DecimalParts& p) {
    return p.kind == Kind::kFinite && p.coefficient == 0 ? 0 : p.negative ? -1 : 1;
  };
  if (sign(a) != sign(b)) return sign(a) <=> sign(b);
  if (sign(a) == 0) return std::weak_ordering::equivalent;
  std::weak_ordering magnitude = std::weak_ordering::equivalent;
  if (a.kind == Kind::kInfinity || b.kind == Kind::kInfinity) {
    magnitude = (a.kind == Kind::kInfinity) <=> (b.kind == Kind::kInfinity);
  } else {
    magnitude = compare_magnitudes(a, b);
  }
  return sign(a) < 0 ? 0 <=> magnitude : magnitude;
}

}  // namespace quern::bson
