// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The lock of a store's directory, which an open store holds.
#ifndef QUERN_STORAGE_ROCKS_LOCK_H_
#define QUERN_STORAGE_ROCKS_LOCK_H_

#include <filesystem>
#include <string>

namespace rocksdb {
class Env;
class FileLock;
}  // namespace rocksdb

namespace quern::storage {

// Opening a store takes the lock again: let go of it before. Between the two another process may
// come first; then opening says so.
class RocksLock {
 public:
  // Throws DatabaseError that says who may hold it.
  explicit RocksLock(const std::filesystem::path& directory);
  RocksLock(rocksdb::Env& env, const std::filesystem::path& directory);
  ~RocksLock();
  RocksLock(const RocksLock&) = delete;
  RocksLock& operator=(const RocksLock&) = delete;

 private:
  rocksdb::Env& env_;
  rocksdb::FileLock* lock_ = nullptr;
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_LOCK_H_
