// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What goes through all that lies in a range: giving space back, and looking for damage.
#ifndef QUERN_STORAGE_ROCKS_MAINTENANCE_H_
#define QUERN_STORAGE_ROCKS_MAINTENANCE_H_

#include <rocksdb/db.h>

#include <string>
#include <vector>

#include "storage/store.h"

namespace quern::storage {

// As Store::compact and Store::damaged_files.
void compact_range(rocksdb::DB& db, KeyRange range, const CheckInterrupt& check);
std::vector<std::string> damaged_files(rocksdb::DB& db, KeyRange range,
                                       const CheckInterrupt& check);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_MAINTENANCE_H_
