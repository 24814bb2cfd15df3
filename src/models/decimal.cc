// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/decimal.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "bson/decimal.h"
#include "quern/base/error.h"

namespace quern {
namespace {

using Wide = unsigned __int128;

constexpr int kMaxDigits = 34;

constexpr __int128 power_of_ten(int exponent) {
  __int128 result = 1;
  while (exponent-- > 0) result *= 10;
  return result;
}

constexpr __int128 kLimit = power_of_ten(kMaxDigits);  // coefficients stay below it

constexpr Wide magnitude(__int128 value) {
  return value < 0 ? -static_cast<Wide>(value) : static_cast<Wide>(value);
}

std::string digits_of(Wide value) {
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return text;
}

[[noreturn]] void bad_decimal(std::string_view why) {
  throw Error(ErrorCode::kBadValue, fmt::format("not a decimal number: {}", why));
}

// value × 10^shift, or an error when it needs more than 34 digits.
__int128 scaled_up(__int128 value, int shift, ErrorCode code = ErrorCode::kBadValue) {
  if (value == 0) return 0;
  if (shift > kMaxDigits ||
      magnitude(value) >= static_cast<Wide>(power_of_ten(kMaxDigits - shift))) {
    throw Error(code, "the decimal number needs more than 34 digits");
  }
  return value * power_of_ten(shift);
}

}  // namespace

DecimalValue DecimalValue::parse(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) negative = *at++ == '-';
  Coefficient coefficient = 0;
  int scale = 0;
  bool point = false;
  bool any_digit = false;
  int pending_zeros = 0;  // trailing zeros after the point beyond 34 digits change nothing
  for (; at != end; ++at) {
    if (*at == '.' && !point) {
      point = true;
      continue;
    }
    if (*at < '0' || *at > '9') break;
    any_digit = true;
    const int digit = *at - '0';
    if (coefficient >= kLimit / 10) {
      if (point && digit == 0) {
        ++pending_zeros;
        continue;
      }
      bad_decimal("more than 34 digits");
    }
    if (pending_zeros > 0) bad_decimal("more than 34 digits");
    coefficient = coefficient * 10 + digit;
    if (point) ++scale;
  }
  if (!any_digit) bad_decimal("digits expected");
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && *at == '+' && at + 1 != end && *(at + 1) != '-') ++at;
    int exponent = 0;
    const auto [rest, error] = std::from_chars(at, end, exponent);
    if (error != std::errc() || rest == at) bad_decimal("digits expected after the exponent mark");
    if (exponent > 6144 || exponent < -6176) bad_decimal("the exponent is out of range");
    at = rest;
    scale -= exponent;
  }
  if (at != end) bad_decimal("unexpected character");
  if (scale < 0) {
    coefficient = scaled_up(coefficient, -scale);
    scale = 0;
  }
  return {negative ? -coefficient : coefficient, scale};
}

DecimalValue DecimalValue::from_double(double value, int places) {
  if (!std::isfinite(value)) bad_decimal("NaN and infinities are none");
  char buffer[400];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  DecimalValue exact = parse({buffer, result.ptr});
  if (exact.scale_ <= places) return exact;
  const int drop = exact.scale_ - places;
  if (drop > kMaxDigits) return {0, places};
  const Coefficient unit = power_of_ten(drop);
  Coefficient quotient = exact.coefficient_ / unit;
  const Wide rest = magnitude(exact.coefficient_ % unit) * 2;
  const bool up =
      rest > static_cast<Wide>(unit) || (rest == static_cast<Wide>(unit) && (quotient % 2) != 0);
  if (up) quotient += exact.coefficient_ < 0 ? -1 : 1;
  return {quotient, places};
}

DecimalValue DecimalValue::from_decimal128(bson::Decimal128 value) {
  const bson::DecimalParts parts = bson::decompose(value);
  if (parts.kind != bson::DecimalParts::Kind::kFinite) bad_decimal("NaN and infinities are none");
  const auto coefficient = parts.negative ? -static_cast<Coefficient>(parts.coefficient)
                                          : static_cast<Coefficient>(parts.coefficient);
  if (parts.exponent > 0) return {scaled_up(coefficient, parts.exponent), 0};
  return {coefficient, -parts.exponent};
}

bson::Decimal128 DecimalValue::to_decimal128(int places) const {
  const DecimalValue value = normalised();
  const int shift = value.scale_ < places ? places - value.scale_ : 0;
  const int scale = value.scale_ + shift;
  if (scale > -bson::kMinDecimalExponent) {
    throw Error(ErrorCode::kBadValue, "the decimal number is too small");
  }
  bson::DecimalParts parts;
  parts.negative = coefficient_ < 0;
  parts.coefficient = magnitude(scaled_up(value.coefficient_, shift));
  parts.exponent = -scale;
  return bson::compose(parts);
}

DecimalValue DecimalValue::normalised() const {
  DecimalValue value = *this;
  while (value.scale_ > 0 && value.coefficient_ % 10 == 0) {
    value.coefficient_ /= 10;
    --value.scale_;
  }
  return value;
}

std::string DecimalValue::to_string() const {
  std::string text = digits_of(magnitude(coefficient_));
  if (scale_ > 0) {
    if (text.size() <= static_cast<std::size_t>(scale_)) {
      text.insert(0, static_cast<std::size_t>(scale_) + 1 - text.size(), '0');
    }
    text.insert(text.size() - static_cast<std::size_t>(scale_), 1, '.');
  }
  if (coefficient_ < 0) text.insert(0, 1, '-');
  return text;
}

double DecimalValue::to_double() const { return std::strtod(to_string().c_str(), nullptr); }

int DecimalValue::digits() const {
  const DecimalValue value = normalised();
  const int count = static_cast<int>(digits_of(magnitude(value.coefficient_)).size());
  return count > value.scale_ ? count : value.scale_;
}

int DecimalValue::decimal_places() const { return normalised().scale_; }

DecimalValue operator+(const DecimalValue& a, const DecimalValue& b) {
  const int scale = a.scale_ > b.scale_ ? a.scale_ : b.scale_;
  const auto sum = scaled_up(a.coefficient_, scale - a.scale_, ErrorCode::kOverflow) +
                   scaled_up(b.coefficient_, scale - b.scale_, ErrorCode::kOverflow);
  if (magnitude(sum) >= static_cast<Wide>(kLimit)) {
    throw Error(ErrorCode::kOverflow, "the decimal sum needs more than 34 digits");
  }
  return {sum, scale};
}

std::strong_ordering operator<=>(const DecimalValue& a, const DecimalValue& b) {
  const int sign_a = (a.coefficient_ > 0) - (a.coefficient_ < 0);
  const int sign_b = (b.coefficient_ > 0) - (b.coefficient_ < 0);
  if (sign_a != sign_b || sign_a == 0) return sign_a <=> sign_b;
  // Same sign: compare whole parts, then fractions as texts padded to one length.
  std::string x = digits_of(magnitude(a.coefficient_));
  std::string y = digits_of(magnitude(b.coefficient_));
  const int whole_x = static_cast<int>(x.size()) - a.scale_;
  const int whole_y = static_cast<int>(y.size()) - b.scale_;
  auto order = whole_x <=> whole_y;
  if (order == 0) {
    const std::size_t length = x.size() > y.size() ? x.size() : y.size();
    x.resize(length, '0');
    y.resize(length, '0');
    order = x.compare(y) <=> 0;
  }
  return sign_a > 0 ? order : 0 <=> order;
}

std::ostream& operator<<(std::ostream& out, const DecimalValue& value) {
  return out << value.to_string();
}

}  // namespace quern
