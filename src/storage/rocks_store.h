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
#include <functional>
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
  // The database must be there, and no file is changed: also where this user may not write. Then
  // others may read it at the same time; nobody may while it is open for writing.
  bool read_only = false;
  // In place of the operating system's files, for tests: storage/testing/faulty_file_system.h.
  std::shared_ptr<rocksdb::FileSystem> file_system{};
  // Which boot of the machine this is, for tests; none: the kernel says so.
  std::optional<Uuid> boot{};
};

// A directory that is missing is created, for its owner only, unless it is to be read only. Throws
// DatabaseError when the directory cannot be created, read or locked, and when files are damaged or
// acknowledged writes are missing; then nothing was changed.
std::unique_ptr<Store> open_rocks_store(const RocksOptions& options);

// What a store holds, of which its user alone can tell whether it is right.
struct StoreContent {
  // What is wrong, a clause each; changes nothing.
  std::function<std::vector<std::string>(Store&)> look;
  // Mends it, and says in a sentence each what was given up. Done again when it was interrupted.
  std::function<std::vector<std::string>(Store&)> mend;
};

struct RepairReport {
  std::vector<std::string> faults{};  // what keeps the store from being used, a clause each
  std::vector<std::string> losses{};  // what StoreContent::mend said
};

// Looks for faults in the files and, where these can be read, in their content. With accept_loss
// both are mended if there are any: what cannot be read is given up. Throws DatabaseError when there
// is no store, it is open elsewhere, or it is beyond repair.
RepairReport repair_rocks_store(const RocksOptions& options, bool accept_loss,
                                const StoreContent& content);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_STORE_H_
