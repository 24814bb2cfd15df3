// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which changes of a stored type an AlterField can make: those that lose nothing.
#ifndef QUERN_MIGRATIONS_OPERATIONS_CONVERT_H_
#define QUERN_MIGRATIONS_OPERATIONS_CONVERT_H_

#include <string>

#include "migrations/state.h"

namespace quern::migrations {

bool can_convert(const FieldState& from, const FieldState& to);
std::string conversion_refusal(const std::string& field, const FieldState& from,
                               const FieldState& to);
// The value as that type (a BSON alias); missing when it has it already or does not fit.
bson::Value converted(bson::ValueView value, const std::string& type);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_OPERATIONS_CONVERT_H_
