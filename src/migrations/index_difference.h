// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a collection lacks of its model's indexes and unique constraints.
#ifndef QUERN_MIGRATIONS_INDEX_DIFFERENCE_H_
#define QUERN_MIGRATIONS_INDEX_DIFFERENCE_H_

#include <string>
#include <vector>

#include "migrations/database.h"
#include "migrations/state.h"

namespace quern::migrations {

// One sentence each, with what to do about it; none of a collection that has them all, under
// whatever names, and of one that is not there.
std::vector<std::string> missing_indexes(Database& database, const ModelState& model);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_INDEX_DIFFERENCE_H_
