// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What cannot be done to the encrypted fields of a collection that exists. Their paths, types and
// queries are part of the collection itself, in the server's catalog, in the names of the data keys
// and in the state collections, and stay as they were when it was created.
#ifndef QUERN_MIGRATIONS_ENCRYPTION_RULES_H_
#define QUERN_MIGRATIONS_ENCRYPTION_RULES_H_

#include <string>
#include <vector>

#include "migrations/state.h"

namespace quern::migrations {

// The reasons, one a line for people, why a collection of `before` cannot become one of `after`;
// empty when it can. Removing an encrypted member is possible: what is stored stays.
std::vector<std::string> encryption_refusals(const ModelState& before, const ModelState& after);

// Throws NotSupported with all refusals, if there are any.
void refuse_encryption_changes(const ModelState& before, const ModelState& after);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_ENCRYPTION_RULES_H_
