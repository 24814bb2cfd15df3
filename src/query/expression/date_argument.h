// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the date operators share: reading a date and a time zone.
#ifndef QUERN_QUERY_EXPRESSION_DATE_ARGUMENT_H_
#define QUERN_QUERY_EXPRESSION_DATE_ARGUMENT_H_

#include "query/expression/expression_node.h"
#include "query/value/time_zone.h"

namespace quern::query {

// The moment of a date, timestamp or object id. Throws Error(16006) for other types.
std::int64_t moment_of(const Datum& value);
// The zone that timezone (null: UTC) evaluates to; nothing if that is null.
std::optional<TimeZone> zone_of(const ExpressionNode* timezone, Evaluation& evaluation);

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_DATE_ARGUMENT_H_
