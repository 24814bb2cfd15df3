// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Makes a catalog of a store whose files were lost, when somebody has accepted that loss: such that
// the database can be opened, and nothing that can be read is forgotten.
#ifndef QUERN_ENGINE_CATALOG_CATALOG_REPAIR_H_
#define QUERN_ENGINE_CATALOG_CATALOG_REPAIR_H_

#include <string>
#include <vector>

#include "storage/store.h"

namespace quern {
class RandomSource;
}

namespace quern::engine {

// Records whose collection nobody knows get one in this database, "table_" and the table's number.
inline constexpr const char* kLostAndFound = "lost_and_found";

// Afterwards the catalog fits what the store holds, and every index has been built anew, since keys
// may be missing and deleted ones be back. What was given up, or is under another name now, a
// sentence each. When it is interrupted, it is to be called again. Throws DatabaseError when the
// store was written in a format that this version does not know.
std::vector<std::string> repair_catalog(storage::Store& store, RandomSource& random);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CATALOG_REPAIR_H_
