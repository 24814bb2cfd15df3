// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The lock of a store's directory, which an open store holds: the file LOCK, as RocksDB locks it.
#ifndef QUERN_STORAGE_ROCKS_LOCK_H_
#define QUERN_STORAGE_ROCKS_LOCK_H_

#include <filesystem>

namespace rocksdb {
class Env;
class FileLock;
}  // namespace rocksdb

namespace quern::storage {

// Opening a store takes the lock again, unless it is to be read only: let go of it before. Between
// the two another process may come first; then opening says so.
class RocksLock {
 public:
  enum class Purpose {
    kWriting,  // nobody else has the store open
    // The same where this user may write there. Where not, others may read, and nobody may write;
    // without a file LOCK, which nobody here can make, nothing is locked.
    kReading,
  };

  // Throws DatabaseError that says who may hold it.
  explicit RocksLock(const std::filesystem::path& directory);
  RocksLock(rocksdb::Env& env, const std::filesystem::path& directory,
            Purpose purpose = Purpose::kWriting);
  ~RocksLock();
  RocksLock(const RocksLock&) = delete;
  RocksLock& operator=(const RocksLock&) = delete;

 private:
  void share(const std::filesystem::path& file, const std::filesystem::path& directory);

  rocksdb::Env& env_;
  rocksdb::FileLock* lock_ = nullptr;
  int shared_ = -1;  // the file, locked for reading
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_LOCK_H_
