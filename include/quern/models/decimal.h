// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Decimal<M, P>: an exact decimal number of at most M digits, P of them after the point, stored as
// BSON decimal128. Made from text and integers exactly, from a double through its shortest text
// form rounded half-even to P places (250.75 is 250.75). Whether it keeps to M and P is checked
// when a model is saved; until then it holds what it was given.
#ifndef QUERN_MODELS_DECIMAL_H_
#define QUERN_MODELS_DECIMAL_H_

#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "quern/base/export.h"
#include "quern/bson/types.h"

namespace quern {

// coefficient × 10^-scale, of at most 34 digits. Compares by value: 1.50 == 1.5.
class QUERN_EXPORT DecimalValue {
 public:
  DecimalValue() = default;
  explicit DecimalValue(std::int64_t value) : coefficient_(value) {}
  explicit DecimalValue(std::uint64_t value) : coefficient_(value) {}

  // "-12.5", "1e3": throws Error(BadValue) unless it is a finite decimal number of up to 34 digits.
  static DecimalValue parse(std::string_view text);
  // Throws Error(BadValue) for NaN and infinities.
  static DecimalValue from_double(double value, int places);
  // Throws Error(BadValue) for NaN, infinities and more than 34 digits around the point.
  static DecimalValue from_decimal128(bson::Decimal128 value);
  // With at least `places` digits after the point and no further trailing zeros. Throws
  // Error(BadValue) if that takes more than 34 digits.
  bson::Decimal128 to_decimal128(int places) const;

  std::string to_string() const;  // "250.75"
  double to_double() const;

  int digits() const;          // significant digits, leading zeros after the point included
  int decimal_places() const;  // without trailing zeros

  // Exact; throws Error(Overflow) when the result needs more than 34 digits.
  friend QUERN_EXPORT DecimalValue operator+(const DecimalValue& a, const DecimalValue& b);
  friend DecimalValue operator-(const DecimalValue& a) { return {-a.coefficient_, a.scale_}; }
  friend DecimalValue operator-(const DecimalValue& a, const DecimalValue& b) { return a + -b; }

  friend QUERN_EXPORT std::strong_ordering operator<=>(const DecimalValue& a,
                                                       const DecimalValue& b);
  friend bool operator==(const DecimalValue& a, const DecimalValue& b) { return (a <=> b) == 0; }
  friend QUERN_EXPORT std::ostream& operator<<(std::ostream& out, const DecimalValue& value);

 private:
  using Coefficient = __int128;
  DecimalValue(Coefficient coefficient, int scale) : coefficient_(coefficient), scale_(scale) {}
  DecimalValue normalised() const;  // without trailing zeros after the point

  Coefficient coefficient_ = 0;
  int scale_ = 0;  // never negative
};

template <class I>
concept UnsignedNumber = std::unsigned_integral<I> && !std::same_as<I, bool>;

template <int M, int P>
class Decimal : public DecimalValue {
  static_assert(M > 0 && M <= 34, "Decimal<M, P>: M must be between 1 and 34 digits");
  static_assert(P >= 0 && P <= M, "Decimal<M, P>: P must be between 0 and M");

 public:
  static constexpr int kMaxDigits = M;
  static constexpr int kDecimalPlaces = P;

  Decimal() = default;
  Decimal(const DecimalValue& value) : DecimalValue(value) {}
  Decimal(const char* text) : DecimalValue(parse(text)) {}
  Decimal(std::string_view text) : DecimalValue(parse(text)) {}
  Decimal(const std::string& text) : DecimalValue(parse(text)) {}
  template <std::signed_integral I>
  Decimal(I value) : DecimalValue(static_cast<std::int64_t>(value)) {}
  template <UnsignedNumber I>
  Decimal(I value) : DecimalValue(static_cast<std::uint64_t>(value)) {}
  template <std::floating_point F>
  Decimal(F value) : DecimalValue(from_double(static_cast<double>(value), P)) {}

  // With whatever a Decimal is made of: price == 9.99, price < "10".
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
    return static_cast<const DecimalValue&>(a) <=> static_cast<const DecimalValue&>(b);
  }
};

}  // namespace quern

#endif  // QUERN_MODELS_DECIMAL_H_
