// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a condition asks of a field that is found by order: the values between two bounds. Both
// bounds belong to one question, wherever in the command they stand: two questions would tell a
// server more, and take it longer.
#ifndef QUERN_SCHEMA_INTERVAL_H_
#define QUERN_SCHEMA_INTERVAL_H_

#include <cstdint>

#include "quern/bson/view.h"

namespace quern::schema {

// The numbers are those of markings and payloads.
enum class OrderOperator : std::int32_t {
  kNone = 0,
  kGreater = 1,
  kGreaterOrEqual = 2,
  kLess = 3,
  kLessOrEqual = 4,
};

struct Bound {
  bson::ValueView value;  // missing: the interval is open on that side, and included is true
  bool included = true;
};

// Borrows the values.
struct Interval {
  Bound lower;
  Bound upper;
  // Its number within the command, from 0, and its operators in the order of the command. Where it
  // has two, all that it says stands at the place of the first, and a stub, which has no bounds, at
  // that of the second.
  std::int32_t id = 0;
  OrderOperator first = OrderOperator::kNone;
  OrderOperator second = OrderOperator::kNone;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_INTERVAL_H_
