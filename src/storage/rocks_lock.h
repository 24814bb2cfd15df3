// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The lock of a database's directory: the file LOCK, as RocksDB locks it.
#ifndef QUERN_STORAGE_ROCKS_LOCK_H_
#define QUERN_STORAGE_ROCKS_LOCK_H_

#include <rocksdb/env.h>

#include <filesystem>

namespace quern::storage {

class DirectoryLock {
 public:
  enum class Purpose {
    kWriting,  // nobody else has the database open
    // The same where this user may write there. Where not, others may read, and nobody may write;
    // without a file LOCK, which nobody here can make, nothing is locked.
    kReading,
  };

  // Throws DatabaseError when the database is open elsewhere.
  DirectoryLock(rocksdb::Env& env, const std::filesystem::path& directory,
                Purpose purpose = Purpose::kWriting);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  void share(const std::filesystem::path& file, const std::filesystem::path& directory);

  rocksdb::Env& env_;
  rocksdb::FileLock* lock_ = nullptr;
  int shared_ = -1;  // the file, locked for reading
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_LOCK_H_
