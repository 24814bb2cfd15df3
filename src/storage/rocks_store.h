// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The store on RocksDB, on disk or in memory.
//
// Concurrency control is the store's own (storage/lock_table.h), over plain write batches.
// RocksDB's TransactionDB has the same rules, a conflict at the write and not at the commit, but
// locks by a point lock manager and per-transaction key trackers that cost about as much as a small
// write itself; its OptimisticTransactionDB finds conflicts at commit only, needs the memory
// table's history to do so, and was no faster.
#ifndef QUERN_STORAGE_ROCKS_STORE_H_
#define QUERN_STORAGE_ROCKS_STORE_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quern/base/uuid.h"
#include "storage/durability.h"
#include "storage/store.h"

namespace rocksdb {
class FileSystem;
}

namespace quern::storage {

struct RocksOptions {
  std::filesystem::path directory{};  // empty: in memory
  Durability durability{};
  std::size_t cache_bytes = 64 << 20;
  std::size_t write_buffer_bytes = 32 << 20;
  // In place of the operating system's files, for tests: storage/testing/faulty_file_system.h.
  std::shared_ptr<rocksdb::FileSystem> file_system{};
  // Which boot of the machine this is, for tests; none: the kernel says so.
  std::optional<Uuid> boot{};
};

// A directory that is missing is created, for its owner only. Throws DatabaseError when the
// directory cannot be created, read or locked, and when files are damaged or acknowledged writes
// are missing; then nothing was changed.
std::unique_ptr<Store> open_rocks_store(const RocksOptions& options);

// Says in a sentence each what keeps the store in options.directory from being opened; nothing when
// it can be. With accept_loss it is mended: what cannot be read is given up. Throws DatabaseError
// when there is no store, it is open elsewhere, or it is beyond repair.
std::vector<std::string> repair_rocks_store(const RocksOptions& options, bool accept_loss);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_STORE_H_
