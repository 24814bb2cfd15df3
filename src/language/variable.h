// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The variables of expressions, and those of a command's let.
#ifndef QUERN_LANGUAGE_VARIABLE_H_
#define QUERN_LANGUAGE_VARIABLE_H_

#include <string_view>

#include "quern/bson/view.h"

namespace quern::language {

// Throws 16866 to 16868 for a name that no variable may have.
void check_variable_name(std::string_view name);

// Throws when two variables of a command's let have one name, and for a name that none may have. A
// let is evaluated before any document: each value is an expression, which sees the variables
// before it. One that reads a document is refused with no_document_in_let().
void check_let(bson::View let);
[[noreturn]] void no_document_in_let();

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_VARIABLE_H_
