// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Do the records of a collection and its index entries agree?
#ifndef QUERN_ENGINE_CATALOG_CONSISTENCY_H_
#define QUERN_ENGINE_CATALOG_CONSISTENCY_H_

#include <string>
#include <vector>

#include "engine/catalog/access.h"
#include "engine/catalog/collection.h"

namespace quern::engine {

// The faults found in the operation's snapshot, a sentence each; empty when all is well: each
// record is well-formed and stands under the key of its _id; each index holds exactly the entries
// that the records have in it. Names records by their position, never by a value.
std::vector<std::string> check_records_and_indexes(Access& op, const Collection& collection);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CONSISTENCY_H_
