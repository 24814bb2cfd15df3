// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/arithmetic.h"

#include <cmath>
#include <cstdio>

#include "bson/decimal.h"
#include "query/value/decimal_math.h"

namespace quern::query {

using bson::Type;

namespace {

int width(Type type) {
  switch (type) {
    case Type::kInt32:
      return 0;
    case Type::kInt64:
      return 1;
    case Type::kDouble:
      return 2;
    default:
      return 3;
  }
}

// Operations as pairs: whole numbers (true on overflow), doubles, decimals.
struct Adding {
  static bool whole(std::int64_t a, std::int64_t b, std::int64_t& r) {
    return __builtin_add_overflow(a, b, &r);
  }
  static double real(double a, double b) { return a + b; }
  static bson::Decimal128 exact(bson::Decimal128 a, bson::Decimal128 b) {
    return decimal::add(a, b);
  }
};
struct Subtracting {
  static bool whole(std::int64_t a, std::int64_t b, std::int64_t& r) {
    return __builtin_sub_overflow(a, b, &r);
  }
  static double real(double a, double b) { return a - b; }
  static bson::Decimal128 exact(bson::Decimal128 a, bson::Decimal128 b) {
    return decimal::subtract(a, b);
  }
};
struct Multiplying {
  static bool whole(std::int64_t a, std::int64_t b, std::int64_t& r) {
    return __builtin_mul_overflow(a, b, &r);
  }
  static double real(double a, double b) { return a * b; }
  static bson::Decimal128 exact(bson::Decimal128 a, bson::Decimal128 b) {
    return decimal::multiply(a, b);
  }
};

template <class Operation>
Datum combine(const Datum& a, const Datum& b) {
  const Type type = wider(a.type(), b.type());
  switch (type) {
    case Type::kDecimal128:
      return Datum::of(Operation::exact(as_decimal(a), as_decimal(b)));
    case Type::kDouble:
      return Datum::of(Operation::real(a.view().number(), b.view().number()));
    default:
      break;
  }
  const std::int64_t x = *a.view().whole_number();
  const std::int64_t y = *b.view().whole_number();
  std::int64_t result = 0;
  if (Operation::whole(x, y, result)) {
    return Datum::of(Operation::real(static_cast<double>(x), static_cast<double>(y)));
  }
  return type == Type::kInt32 ? narrow(result) : Datum::of(result);
}

}  // namespace

bson::Decimal128 decimal_from_arithmetic(double value) {
  if (value == 0 || !std::isfinite(value)) return bson::decimal_from(value);
  char text[32];  // d.dddddddddddddde±xxx
  std::snprintf(text, sizeof text, "%.14e", value);
  return bson::Decimal128::parse(text);
}

Type wider(Type a, Type b) { return width(a) < width(b) ? b : a; }

Datum narrow(std::int64_t value) {
  if (value >= INT32_MIN && value <= INT32_MAX) return Datum::of(static_cast<std::int32_t>(value));
  return Datum::of(value);
}

bson::Decimal128 as_decimal(const Datum& number) {
  switch (number.type()) {
    case Type::kDecimal128:
      return number.view().as_decimal();
    case Type::kDouble:
      return decimal_from_arithmetic(number.view().as_double());
    default:
      return bson::decimal_from(*number.view().whole_number());
  }
}

Datum add(const Datum& a, const Datum& b) { return combine<Adding>(a, b); }
Datum subtract(const Datum& a, const Datum& b) { return combine<Subtracting>(a, b); }
Datum multiply(const Datum& a, const Datum& b) { return combine<Multiplying>(a, b); }

}  // namespace quern::query
