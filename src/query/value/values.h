// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Small questions about values that many operators ask.
#ifndef QUERN_QUERY_VALUE_VALUES_H_
#define QUERN_QUERY_VALUE_VALUES_H_

#include <string>

#include "query/value/datum.h"

namespace quern::query {

// What a path without a value is listed and sorted as, and what an empty array is.
inline constexpr bson::ValueView kNull(bson::Type::kNull, {});
inline constexpr bson::ValueView kUndefined(bson::Type::kUndefined, {});

// "int", "string", …: for messages, which name types and never values.
inline std::string type_name(bson::Type type) { return std::string(bson::alias(type)); }
inline std::string type_name(bson::ValueView value) { return type_name(value.type()); }
inline std::string type_name(const Datum& value) { return type_name(value.type()); }

// Of the same type and bytes: 1 and 1.0 are equal but not identical.
inline bool identical(bson::ValueView a, bson::ValueView b) {
  return a.type() == b.type() && equal(a.bytes(), b.bytes());
}

// Deepest nesting of a document that evaluation may produce; bson::validate accepts no more.
inline constexpr int kMaxDepth = bson::Limits{}.max_depth;
// Throws Overflow (15) if value nests documents, arrays and scopes of code deeper than that.
void check_depth(bson::ValueView value);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_VALUES_H_
