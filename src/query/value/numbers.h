// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Numbers of the four BSON types, as MongoDB mixes them.
#ifndef QUERN_QUERY_VALUE_NUMBERS_H_
#define QUERN_QUERY_VALUE_NUMBERS_H_

#include <cstdint>
#include <optional>

#include "quern/bson/view.h"

namespace quern::query {

bool is_nan(bson::ValueView value);  // false for what is no number
bool is_infinite(bson::ValueView value);
bool is_negative(bson::ValueView number);
// The number without its fraction, if it fits; nothing for NaN, infinities and other types.
std::optional<std::int64_t> truncated(bson::ValueView number);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_NUMBERS_H_
