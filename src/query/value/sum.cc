// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/sum.h"

#include <cmath>

#include "query/value/arithmetic.h"
#include "query/value/decimal_math.h"

namespace quern::query {

using bson::Type;

void Sum::add_double(double value) {
  plain_ += value;
  // Knuth's two-sum: high_ + value without its rounding error, which goes to low_.
  const double sum = high_ + value;
  const double part = sum - high_;
  low_ += (high_ - (sum - part)) + (value - part);
  high_ = sum;
}

void Sum::add(const Datum& number) {
  type_ = wider(type_, number.type());
  switch (number.type()) {
    case Type::kDouble:
      return add_double(number.view().as_double());
    case Type::kDecimal128:
      decimals_ = decimal::add(decimals_, number.view().as_decimal());
      return;
    default:
      integers_ += *number.view().whole_number();
  }
}

double Sum::as_double() const {
  if (type_ == Type::kDecimal128) {
    const Datum exact = Datum::of(as_decimal());
    return exact.view().number();
  }
  if (!std::isfinite(plain_)) return plain_;
  Sum all = *this;
  const auto rounded = static_cast<double>(integers_);
  all.add_double(rounded);
  all.add_double(static_cast<double>(integers_ - static_cast<int128>(rounded)));
  return all.high_ + all.low_;
}

bson::Decimal128 Sum::as_decimal() const {
  // The sum of what is no decimal is added even where that is nothing: 0 has the exponent of a whole
  // number, and a sum has the lesser exponent.
  bson::Decimal128 sum = decimal::add(decimals_, bson::decimal_from(std::int64_t{0}));
  constexpr int128 kBillion = 1'000'000'000'000'000'000;
  const auto high = static_cast<std::int64_t>(integers_ / kBillion);
  const auto low = static_cast<std::int64_t>(integers_ % kBillion);
  if (high != 0) {
    sum = decimal::add(
        sum, decimal::multiply(query::as_decimal(Datum::of(high)),
                               query::as_decimal(Datum::of(static_cast<std::int64_t>(kBillion)))));
  }
  if (low != 0) sum = decimal::add(sum, query::as_decimal(Datum::of(low)));
  if (!std::isfinite(plain_)) return decimal::add(sum, bson::decimal_from(plain_));
  if (high_ != 0) sum = decimal::add(sum, bson::decimal_from(high_));
  if (low_ != 0) sum = decimal::add(sum, bson::decimal_from(low_));
  return sum;
}

Datum Sum::result() const {
  switch (type_) {
    case Type::kDecimal128:
      return Datum::of(as_decimal());
    case Type::kDouble:
      return Datum::of(as_double());
    default:
      if (integers_ < INT64_MIN || integers_ > INT64_MAX) return Datum::of(as_double());
      return type_ == Type::kInt32 ? narrow(static_cast<std::int64_t>(integers_))
                                   : Datum::of(static_cast<std::int64_t>(integers_));
  }
}

}  // namespace quern::query
