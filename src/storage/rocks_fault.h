// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// RocksDB's faults in sentences: which file, what is wrong with it, how to mend it.
#ifndef QUERN_STORAGE_ROCKS_FAULT_H_
#define QUERN_STORAGE_ROCKS_FAULT_H_

#include <rocksdb/status.h>

#include <filesystem>
#include <string>

#include "storage/damage.h"

namespace quern::storage {

// Files that are damaged or missing, and not a permission, a lock or a full disk.
bool is_damage(const rocksdb::Status& status);

// This user may not write to the directory, or nobody may.
bool is_refusal_to_write(const rocksdb::Status& status);

// What is wrong, such as "its file 000012.sst is damaged".
std::string fault_of(const rocksdb::Status& status);
// The same of a database that cannot be opened, as a sentence with what to do.
[[noreturn]] void throw_cannot_open(const std::filesystem::path& directory,
                                    const rocksdb::Status& status);
[[noreturn]] void throw_cannot_open(const std::filesystem::path& directory,
                                    const std::string& fault);

// Throws DatabaseError(InternalError) unless the status is ok.
void check(const rocksdb::Status& status);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_FAULT_H_
