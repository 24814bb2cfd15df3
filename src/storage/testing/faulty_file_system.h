// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: the operating system's files with a power switch. Of a file only those bytes are on
// the medium that were there when it was last synced; a power cut loses the others, and files that
// were never synced. Directory entries are taken as synced with their file.
//
// cut_power(), destroy the store, restore_power(), open a store again: what it then holds is what a
// crash of the machine leaves.
#ifndef QUERN_STORAGE_TESTING_FAULTY_FILE_SYSTEM_H_
#define QUERN_STORAGE_TESTING_FAULTY_FILE_SYSTEM_H_

#include <rocksdb/file_system.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "quern/base/uuid.h"

namespace quern::storage {

// Thread-safe.
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem();
  const char* Name() const override { return "quern.FaultyFileSystem"; }

  // How often a write-ahead log was synced so far.
  std::int64_t log_syncs() const { return log_syncs_; }

  // From now on, whoever syncs a log waits until it is let go.
  void hold_log_syncs();
  void let_one_log_sync_go();
  void let_log_syncs_go();
  bool holds_a_log_sync();

  // From now on every change of a file fails.
  void cut_power() { cut_ = true; }
  // Only when no store has files open. Begins another boot of the machine.
  void restore_power();
  // For RocksOptions.
  const Uuid& boot() const { return boot_; }

  // While it is so, no file can be made, as when the process has too many open.
  void deny_new_files(bool deny) { denied_ = deny; }
  // From now on every change of a file throws, as when memory runs out.
  void exhaust_memory() { exhausted_ = true; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  struct File;
  class Writer;
  static constexpr std::int64_t kAllMayGo = std::numeric_limits<std::int64_t>::max();

  void wait_to_sync_log();

  std::atomic<bool> cut_ = false;
  std::atomic<bool> denied_ = false;
  std::atomic<bool> exhausted_ = false;
  Uuid boot_ = Uuid::random();
  std::atomic<std::int64_t> log_syncs_ = 0;
  std::mutex hold_mutex_;
  std::condition_variable let_go_;
  std::int64_t may_go_ = kAllMayGo;
  int held_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<File>> files_;  // written since the last restore_power()
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_TESTING_FAULTY_FILE_SYSTEM_H_
