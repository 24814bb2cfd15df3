// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_lock.h"

#include <rocksdb/env.h>

#include "storage/rocks_fault.h"

namespace quern::storage {

RocksLock::RocksLock(const std::filesystem::path& directory)
    : RocksLock(*rocksdb::Env::Default(), directory) {}

RocksLock::RocksLock(rocksdb::Env& env, const std::filesystem::path& directory) : env_(env) {
  const rocksdb::Status status = env_.LockFile((directory / "LOCK").string(), &lock_);
  if (!status.ok()) throw_cannot_open(directory, status);
}

RocksLock::~RocksLock() { env_.UnlockFile(lock_).PermitUncheckedError(); }

}  // namespace quern::storage
