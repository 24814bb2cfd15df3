// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_lock.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "storage/rocks_fault.h"

namespace quern::storage {

RocksLock::RocksLock(const std::filesystem::path& directory)
    : RocksLock(*rocksdb::Env::Default(), directory) {}

RocksLock::RocksLock(rocksdb::Env& env, const std::filesystem::path& directory, Purpose purpose)
    : env_(env) {
  const std::filesystem::path file = directory / "LOCK";
  const rocksdb::Status status = env_.LockFile(file.string(), &lock_);
  if (status.ok()) return;
  if (purpose != Purpose::kReading || !is_refusal_to_write(status)) {
    throw_cannot_open(directory, status);
  }
  share(file, directory);
}

RocksLock::~RocksLock() {
  if (lock_ != nullptr) env_.UnlockFile(lock_).PermitUncheckedError();
  if (shared_ >= 0) ::close(shared_);
}

void RocksLock::share(const std::filesystem::path& file, const std::filesystem::path& directory) {
  shared_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (shared_ < 0 && errno == ENOENT) return;
  struct flock whole {};
  whole.l_type = F_RDLCK;
  whole.l_whence = SEEK_SET;
  if (shared_ >= 0 && ::fcntl(shared_, F_SETLK, &whole) == 0) return;
  const std::error_code error(errno, std::generic_category());
  if (shared_ >= 0) ::close(shared_);
  throw_cannot_open(directory, "its file LOCK cannot be locked for reading (" + error.message() +
                                   "): is another process writing to it? Stop that one first");
}

}  // namespace quern::storage
