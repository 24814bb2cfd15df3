// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// RocksDB's faults in sentences: which file, what is wrong with it, how to mend it.
#ifndef QUERN_STORAGE_ROCKS_FAULT_H_
#define QUERN_STORAGE_ROCKS_FAULT_H_

#include <rocksdb/status.h>

#include <filesystem>
#include <string>

namespace quern::storage {

// Files that are damaged or missing, and not a permission, a lock or a full disk.
bool is_damage(const rocksdb::Status& status);

// What is wrong, such as "its file 000012.sst is damaged".
std::string fault_of(const rocksdb::Status& status);
// The same of a database that cannot be opened, as a sentence with what to do.
[[noreturn]] void throw_cannot_open(const std::filesystem::path& directory,
                                    const rocksdb::Status& status);
[[noreturn]] void throw_cannot_open(const std::filesystem::path& directory,
                                    const std::string& fault);

// What to do where files of the database are damaged or missing.
inline constexpr const char* kMendDamage =
    "restore a backup, or accept the loss on purpose: \"manage repair --accept-loss\" opens what "
    "can "
    "still be read and says what is lost";

// Throws DatabaseError(InternalError) unless the status is ok.
void check(const rocksdb::Status& status);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_FAULT_H_
