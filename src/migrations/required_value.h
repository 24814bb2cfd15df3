// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A member that documents lack is read with its default. Where validation refuses that, the documents
// could not be saved any more: a migration then gives them a value of its own, once.
#ifndef QUERN_MIGRATIONS_REQUIRED_VALUE_H_
#define QUERN_MIGRATIONS_REQUIRED_VALUE_H_

#include <string_view>

#include "migrations/state.h"

namespace quern::migrations {

// Whether documents without the member need a value: it may not be null, and its default, or that of
// a member of the struct that it is, is a fault.
bool needs_value(const FieldState& field);

// The value that a user wrote for a field: a string as it is, a number, true or false, a date as
// 2024-12-31 or 2024-12-31T23:59:59Z, everything else in Extended JSON. Throws Error(BadValue) that
// says what is expected, for another type and for what validation would refuse.
bson::Value parse_value(std::string_view text, const FieldState& field);

// What a user is told to write: "a string of at most 30 characters".
std::string expected_value(const FieldState& field);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_REQUIRED_VALUE_H_
