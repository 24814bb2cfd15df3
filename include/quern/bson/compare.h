// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// MongoDB's total order over BSON values, across types: MinKey, (missing, undefined), null,
// numbers, strings and symbols, documents, arrays, binary, ObjectId, bool, date, timestamp, regex,
// DBPointer, code, code with scope, MaxKey. Numbers of different types compare by value; NaN is
// below every other number. Strings compare by bytes.
#ifndef QUERN_BSON_COMPARE_H_
#define QUERN_BSON_COMPARE_H_

#include <compare>

#include "quern/base/export.h"
#include "quern/bson/view.h"

namespace quern::bson {

// The rank of a type in the order; types of equal rank compare by value.
QUERN_EXPORT int canonical_rank(Type type);

QUERN_EXPORT std::weak_ordering compare(ValueView a, ValueView b);
// Documents compare element by element: rank of the value, key, value.
QUERN_EXPORT std::weak_ordering compare(View a, View b);

// A hash that agrees with compare(): equal values hash equally across numeric types.
QUERN_EXPORT std::size_t hash(ValueView value);

}  // namespace quern::bson

#endif  // QUERN_BSON_COMPARE_H_
