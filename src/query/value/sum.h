// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Sums of numbers of mixed types, exact until the end: integers in 128 bits, doubles as a pair of
// doubles (so that 0.1 + 0.2 + 0.3 is 0.6), decimals in decimal128. Doubles join decimals with all
// the digits that 34 can hold, as $sum and $avg show them.
#ifndef QUERN_QUERY_VALUE_SUM_H_
#define QUERN_QUERY_VALUE_SUM_H_

#include "bson/decimal.h"
#include "query/value/datum.h"

namespace quern::query {

class Sum {
 public:
  void add(const Datum& number);
  // In the widest type that was added; an int32 sum that overflows is an int64, an int64 a double.
  Datum result() const;
  bson::Type type() const { return type_; }
  double as_double() const;
  bson::Decimal128 as_decimal() const;

 private:
  void add_double(double value);

  __extension__ using int128 = __int128;
  bson::Type type_ = bson::Type::kInt32;
  int128 integers_ = 0;
  double high_ = 0;  // doubles: high_ + low_
  double low_ = 0;
  double plain_ = 0;  // the simple sum, for infinities and NaN
  bson::Decimal128 decimals_ = bson::decimal_from(std::int64_t{0});
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_SUM_H_
