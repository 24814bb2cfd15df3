// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $add, $subtract, $multiply, $divide, $mod, $abs, $ceil, $floor, $round, $trunc, $pow, $sqrt,
// $exp, $ln, $log, $log10.
#include <cmath>

#include "bson/decimal.h"
#include "quern/base/error.h"
#include "query/expression/expression_builder.h"
#include "query/value/arithmetic.h"
#include "query/value/decimal_math.h"
#include "query/value/numbers.h"
#include "query/value/sum.h"

namespace quern::query {
namespace {

using bson::Type;
[[noreturn]] void not_numeric(const char* name, const Datum& found, std::int32_t code) {
  throw Error(code, std::string(name) + " only supports numeric types, not " +
                        std::string(bson::alias(found.type())));
}
void need_numbers(const char* name, Operands arguments, std::int32_t code) {
  for (const Datum& argument : arguments) {
    if (!argument.is_number()) not_numeric(name, argument, code);
  }
}
constexpr auto kTypeMismatch = static_cast<std::int32_t>(ErrorCode::kTypeMismatch);

bool is_decimal(const Datum& d) { return d.type() == Type::kDecimal128; }
double real(const Datum& d) { return d.view().number(); }
bool is_zero(const Datum& d) { return !d.view().truthy(); }

// A date moved by a number of milliseconds.
Datum move_date(bson::Date date, const Datum& by, const char* name) {
  std::optional<std::int64_t> milliseconds;
  if (by.type() == Type::kDouble) {
    const double rounded = std::round(real(by));
    if (rounded >= -0x1p63 && rounded < 0x1p63) milliseconds = static_cast<std::int64_t>(rounded);
  } else if (is_decimal(by)) {
    const auto whole = decimal::round(by.view().as_decimal(), 0, decimal::Rounding::kHalfEven);
    milliseconds = bson::decimal_to_int64(whole);
  } else {
    milliseconds = by.view().whole_number();
  }
  std::int64_t moved = 0;
  if (!milliseconds || __builtin_add_overflow(date.milliseconds, *milliseconds, &moved)) {
    throw Error(ErrorCode::kOverflow, std::string("date overflow in ") + name);
  }
  return Datum::of(bson::Date{moved});
}

Datum add_all(Operands arguments, Evaluation&) {
  Sum sum;
  std::optional<bson::Date> date;
  for (const Datum& argument : arguments) {
    if (argument.type() == Type::kDate) {
      if (date) throw Error(16612, "only one date allowed in an $add expression");
      date = argument.view().as_date();
      continue;
    }
    if (!argument.is_number()) {
      throw Error(ErrorCode::kTypeMismatch, "$add only supports numeric or date types, not " +
                                                std::string(bson::alias(argument.type())));
    }
    sum.add(argument);
  }
  Datum result = sum.result();
  if (is_decimal(result)) {  // a double joins decimals with its 15 digits, as in all arithmetic
    result = Datum::of(bson::decimal_from(std::int64_t{0}));
    for (const Datum& argument : arguments) {
      if (argument.is_number()) result = add(result, argument);
    }
  }
  return date ? move_date(*date, result, "$add") : result;
}

Datum subtract_two(Operands a, Evaluation&) {
  if (a[0].is_number() && a[1].is_number()) return subtract(a[0], a[1]);
  if (a[0].type() == Type::kDate) {
    const bson::Date date = a[0].view().as_date();
    if (a[1].type() == Type::kDate) {
      std::int64_t difference = 0;
      if (__builtin_sub_overflow(date.milliseconds, a[1].view().as_date().milliseconds,
                                 &difference)) {
        throw Error(ErrorCode::kOverflow, "date overflow in $subtract");
      }
      return Datum::of(difference);
    }
    if (a[1].is_number()) {
      return move_date(date, subtract(Datum::of(std::int32_t{0}), a[1]), "$subtract");
    }
  }
  throw Error(ErrorCode::kTypeMismatch, "can't $subtract " + std::string(bson::alias(a[1].type())) +
                                            " from " + std::string(bson::alias(a[0].type())));
}

Datum multiply_all(Operands arguments, Evaluation&) {
  Datum product = Datum::of(std::int32_t{1});
  for (const Datum& argument : arguments) {
    if (!argument.is_number()) not_numeric("$multiply", argument, kTypeMismatch);
    product = multiply(product, argument);
  }
  return product;
}

Datum divide(Operands a, Evaluation&) {
  need_numbers("$divide", a, kTypeMismatch);
  if (is_zero(a[1])) throw Error(ErrorCode::kBadValue, "can't $divide by zero");
  if (is_decimal(a[0]) || is_decimal(a[1])) {
    return Datum::of(decimal::divide(as_decimal(a[0]), as_decimal(a[1])));
  }
  return Datum::of(real(a[0]) / real(a[1]));
}

Datum modulo(Operands a, Evaluation&) {
  need_numbers("$mod", a, kTypeMismatch);
  if (is_zero(a[1])) throw Error(16610, "can't $mod by zero");
  if (is_decimal(a[0]) || is_decimal(a[1])) {
    return Datum::of(decimal::modulo(as_decimal(a[0]), as_decimal(a[1])));
  }
  if (a[0].type() == Type::kDouble || a[1].type() == Type::kDouble) {
    return Datum::of(std::fmod(real(a[0]), real(a[1])));
  }
  const std::int64_t divisor = *a[1].view().whole_number();
  const std::int64_t rest = divisor == -1 ? 0 : *a[0].view().whole_number() % divisor;
  return wider(a[0].type(), a[1].type()) == Type::kInt32 ? narrow(rest) : Datum::of(rest);
}

Datum absolute(Operands a, Evaluation&) {
  need_numbers("$abs", a, 28765);
  switch (a[0].type()) {
    case Type::kDouble:
      return Datum::of(std::fabs(real(a[0])));
    case Type::kDecimal128:
      return Datum::of(decimal::absolute(a[0].view().as_decimal()));
    default: {
      const std::int64_t value = *a[0].view().whole_number();
      if (value == INT64_MIN) throw Error(28680, "can't take $abs of long long min");
      const std::int64_t result = value < 0 ? -value : value;
      return a[0].type() == Type::kInt32 ? narrow(result) : Datum::of(result);
    }
  }
}

template <double (*OfDouble)(double), decimal::Rounding rounding>
Datum to_whole(const char* name, const Datum& a) {
  if (!a.is_number()) not_numeric(name, a, 28765);
  if (a.type() == Type::kDouble) return Datum::of(OfDouble(real(a)));
  if (!is_decimal(a)) return a;
  // NaN for infinities and for numbers of more than 34 digits, other than for doubles.
  return Datum::of(decimal::quantize(a.view().as_decimal(), 0, rounding));
}
Datum ceil(Operands a, Evaluation&) {
  return to_whole<std::ceil, decimal::Rounding::kUp>("$ceil", a[0]);
}
Datum floor(Operands a, Evaluation&) {
  return to_whole<std::floor, decimal::Rounding::kDown>("$floor", a[0]);
}

// $round and $trunc to a number of places.
Datum to_places(const char* name, Operands a, decimal::Rounding rounding) {
  if (!a[0].is_number())
    throw Error(51081, std::string(name) + " only supports numeric types, not " +
                           std::string(bson::alias(a[0].type())));
  int places = 0;
  if (a.size() == 2) {
    const auto given = a[1].view().whole_number();
    if (!given)
      throw Error(51082,
                  std::string("precision argument to ") + name + " must be a integral value");
    if (*given < -20 || *given > 100) {
      throw Error(51083, std::string("precision argument to ") + name + " must be in [-20, 100]");
    }
    places = static_cast<int>(*given);
  }
  switch (a[0].type()) {
    case Type::kDecimal128:
      return Datum::of(decimal::round(a[0].view().as_decimal(), places, rounding));
    case Type::kDouble: {
      const double value = real(a[0]);
      if (!std::isfinite(value)) return a[0];
      // By way of decimals: a double times a power of ten would be rounded twice.
      const auto rounded = decimal::round(bson::decimal_from(value), places, rounding);
      return Datum::of(std::copysign(std::fabs(bson::decimal_to_double(rounded)), value));
    }
    default: {
      if (places >= 0) return a[0];
      const auto rounded = decimal::round(as_decimal(a[0]), places, rounding);
      const auto whole = bson::decimal_to_int64(rounded);
      if (!whole)
        throw Error(51080, std::string("invalid conversion from Decimal128 result in ") + name);
      return a[0].type() == Type::kInt32 ? narrow(*whole) : Datum::of(*whole);
    }
  }
}
Datum round(Operands a, Evaluation&) {
  return to_places("$round", a, decimal::Rounding::kHalfEven);
}
Datum trunc(Operands a, Evaluation&) { return to_places("$trunc", a, decimal::Rounding::kToZero); }

Datum power(Operands a, Evaluation&) {
  if (!a[0].is_number()) {
    throw Error(28762, "$pow's base must be numeric, not " + std::string(bson::alias(a[0].type())));
  }
  if (!a[1].is_number()) {
    throw Error(28763,
                "$pow's exponent must be numeric, not " + std::string(bson::alias(a[1].type())));
  }
  if (is_zero(a[0]) && is_negative(a[1].view())) {
    throw Error(28764, "$pow cannot take a base of 0 and a negative exponent");
  }
  const Type type = wider(a[0].type(), a[1].type());
  if (type == Type::kDecimal128)
    return Datum::of(decimal::power(as_decimal(a[0]), as_decimal(a[1])));
  if (type != Type::kDouble) {
    std::int64_t exponent = *a[1].view().whole_number();
    std::int64_t square = *a[0].view().whole_number();
    std::int64_t result = 1;
    bool fits = exponent >= 0 || square == 1 || square == -1;
    if (exponent < 0) exponent = -(exponent % 2);  // of a base of one only the sign matters
    for (; fits && exponent != 0; exponent /= 2) {
      if (exponent % 2 == 1) fits = !__builtin_mul_overflow(result, square, &result);
      if (fits && exponent > 1) fits = !__builtin_mul_overflow(square, square, &square);
    }
    if (fits) return type == Type::kInt32 ? narrow(result) : Datum::of(result);
  }
  return Datum::of(std::pow(real(a[0]), real(a[1])));
}

Datum square_root(Operands a, Evaluation&) {
  need_numbers("$sqrt", a, 28765);
  if (is_negative(a[0].view())) {
    throw Error(28714, "$sqrt's argument must be greater than or equal to 0");
  }
  if (is_decimal(a[0])) return Datum::of(decimal::square_root(a[0].view().as_decimal()));
  return Datum::of(std::sqrt(real(a[0])));
}

Datum exponential(Operands a, Evaluation&) {
  need_numbers("$exp", a, 28765);
  if (is_decimal(a[0])) return Datum::of(decimal::exponential(a[0].view().as_decimal()));
  return Datum::of(std::exp(real(a[0])));
}

bool is_positive(const Datum& d) {
  return is_nan(d.view()) || (!is_negative(d.view()) && !is_zero(d));
}

// Logarithms of NaN are doubles, also where NaN is a decimal.
bool has_decimal_logarithm(const Datum& d) { return is_decimal(d) && !is_nan(d.view()); }

Datum natural_logarithm(Operands a, Evaluation&) {
  need_numbers("$ln", a, 28765);
  if (!is_positive(a[0])) throw Error(28766, "$ln's argument must be a positive number");
  if (has_decimal_logarithm(a[0]))
    return Datum::of(decimal::natural_logarithm(a[0].view().as_decimal()));
  return Datum::of(std::log(real(a[0])));
}

Datum logarithm10(Operands a, Evaluation&) {
  need_numbers("$log10", a, 28765);
  if (!is_positive(a[0])) throw Error(28761, "$log10's argument must be a positive number");
  if (has_decimal_logarithm(a[0])) return Datum::of(decimal::logarithm10(a[0].view().as_decimal()));
  return Datum::of(std::log10(real(a[0])));
}

Datum logarithm(Operands a, Evaluation&) {
  if (!a[0].is_number()) {
    throw Error(28756,
                "$log's argument must be numeric, not " + std::string(bson::alias(a[0].type())));
  }
  if (!a[1].is_number()) {
    throw Error(28757, "$log's base must be numeric, not " + std::string(bson::alias(a[1].type())));
  }
  if (!is_positive(a[0])) throw Error(28758, "$log's argument must be a positive number");
  if (!is_positive(a[1]) || real(a[1]) == 1) {
    throw Error(28759, "$log's base must be a positive number not equal to 1");
  }
  if ((is_decimal(a[0]) || is_decimal(a[1])) && !is_nan(a[0].view()) && !is_nan(a[1].view())) {
    return Datum::of(decimal::divide(decimal::natural_logarithm(as_decimal(a[0])),
                                     decimal::natural_logarithm(as_decimal(a[1]))));
  }
  return Datum::of(std::log(real(a[0])) / std::log(real(a[1])));
}

constexpr FunctionOperator kFunctions[] = {
    {"$add", add_all, Nulls::kGiveNull},
    {"$subtract", subtract_two, Nulls::kGiveNull},
    {"$multiply", multiply_all, Nulls::kGiveNull},
    {"$divide", divide, Nulls::kGiveNull},
    {"$mod", modulo, Nulls::kGiveNull},
    {"$abs", absolute, Nulls::kGiveNull},
    {"$ceil", ceil, Nulls::kGiveNull},
    {"$floor", floor, Nulls::kGiveNull},
    {"$round", round, Nulls::kGiveNull},
    {"$trunc", trunc, Nulls::kGiveNull},
    {"$pow", power, Nulls::kGiveNull},
    {"$sqrt", square_root, Nulls::kGiveNull},
    {"$exp", exponential, Nulls::kGiveNull},
    {"$ln", natural_logarithm, Nulls::kGiveNull},
    {"$log", logarithm, Nulls::kGiveNull},
    {"$log10", logarithm10, Nulls::kGiveNull},
};

}  // namespace

OperatorFamily arithmetic_operators() { return {kFunctions, {}}; }

}  // namespace quern::query
