// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Arithmetic over numbers of different types. The result has the wider type (int32 < int64 < double
// < decimal128); an int32 that overflows becomes an int64, an int64 that overflows a double.
#ifndef QUERN_QUERY_VALUE_ARITHMETIC_H_
#define QUERN_QUERY_VALUE_ARITHMETIC_H_

#include "query/value/datum.h"

namespace quern::query {

// Of numbers only.
Datum add(const Datum& a, const Datum& b);
Datum subtract(const Datum& a, const Datum& b);
Datum multiply(const Datum& a, const Datum& b);

// An int32 if it fits.
Datum narrow(std::int64_t value);
// A double as it enters decimal arithmetic: with the 15 digits that it is sure
// of, 2.50000000000000.
bson::Decimal128 decimal_from_arithmetic(double value);
// The number as a decimal128, for arithmetic.
bson::Decimal128 as_decimal(const Datum& number);
// The wider of two number types.
bson::Type wider(bson::Type a, bson::Type b);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_ARITHMETIC_H_
