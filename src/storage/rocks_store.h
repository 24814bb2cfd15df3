// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The store on RocksDB's pessimistic TransactionDB, on disk or in memory.
//
// Pessimistic, because a write then learns of a conflict when it is made, as MongoDB's does, and
// because validating a long transaction needs no history of the memory table; the optimistic
// variant finds out at commit only, and was no faster. Locks are never waited for, so there are no
// deadlocks.
#ifndef QUERN_STORAGE_ROCKS_STORE_H_
#define QUERN_STORAGE_ROCKS_STORE_H_

#include <cstddef>
#include <filesystem>
#include <memory>

#include "storage/durability.h"
#include "storage/store.h"

namespace rocksdb {
class FileSystem;
}

namespace quern::storage {

struct RocksOptions {
  std::filesystem::path directory;  // empty: in memory
  Durability durability;
  std::size_t cache_bytes = 64 << 20;
  std::size_t write_buffer_bytes = 32 << 20;
  // Where the files are, in place of the operating system's: storage/faulty_file_system.h.
  std::shared_ptr<rocksdb::FileSystem> file_system;
};

// Throws DatabaseError when the directory cannot be created, read or locked.
std::unique_ptr<Store> open_rocks_store(const RocksOptions& options);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_STORE_H_
