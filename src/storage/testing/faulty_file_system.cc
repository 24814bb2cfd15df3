// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/testing/faulty_file_system.h"

#include <algorithm>
#include <filesystem>
#include <new>

namespace quern::storage {

namespace {

rocksdb::IOStatus no_power() { return rocksdb::IOStatus::IOError("the power is cut"); }

}  // namespace

struct FaultyFileSystem::File {
  bool log = false;
  std::atomic<std::uint64_t> written = 0;
  std::atomic<std::uint64_t> synced = 0;
};

class FaultyFileSystem::Writer : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using IOStatus = rocksdb::IOStatus;

  Writer(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFileSystem& system,
         std::shared_ptr<File> state)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), state_(std::move(state)) {}

  IOStatus Append(const rocksdb::Slice& data, const Options& options, Debug* debug) override {
    if (system_.exhausted_) throw std::bad_alloc();
    if (system_.cut_) return no_power();
    return appended(data, target()->Append(data, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const Options& options,
                  const rocksdb::DataVerificationInfo& verification, Debug* debug) override {
    if (system_.exhausted_) throw std::bad_alloc();
    if (system_.cut_) return no_power();
    return appended(data, target()->Append(data, options, verification, debug));
  }
  IOStatus Sync(const Options& options, Debug* debug) override {
    return sync([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const Options& options, Debug* debug) override {
    return sync([&] { return target()->Fsync(options, debug); });
  }

 private:
  IOStatus appended(const rocksdb::Slice& data, IOStatus status) {
    if (status.ok()) state_->written += data.size();
    return status;
  }
  template <class Call>
  IOStatus sync(Call call) {
    if (state_->log) system_.wait_to_sync_log();
    if (system_.cut_) return no_power();
    const std::uint64_t written = state_->written;  // another thread may append meanwhile
    IOStatus status = call();
    if (status.ok()) {
      state_->synced = std::max(state_->synced.load(), written);
      if (state_->log) ++system_.log_syncs_;
    }
    return status;
  }

  FaultyFileSystem& system_;
  std::shared_ptr<File> state_;
};

FaultyFileSystem::FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultyFileSystem::wait_to_sync_log() {
  std::unique_lock lock(hold_mutex_);
  ++held_;
  let_go_.wait(lock, [this] { return may_go_ > 0; });
  --held_;
  if (may_go_ != kAllMayGo) --may_go_;
}

void FaultyFileSystem::hold_log_syncs() {
  const std::lock_guard lock(hold_mutex_);
  may_go_ = 0;
}

void FaultyFileSystem::let_one_log_sync_go() {
  const std::lock_guard lock(hold_mutex_);
  ++may_go_;
  let_go_.notify_all();
}

void FaultyFileSystem::let_log_syncs_go() {
  const std::lock_guard lock(hold_mutex_);
  may_go_ = kAllMayGo;
  let_go_.notify_all();
}

bool FaultyFileSystem::holds_a_log_sync() {
  const std::lock_guard lock(hold_mutex_);
  return held_ > 0;
}

void FaultyFileSystem::restore_power() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    if (file->synced == 0) {
      std::filesystem::remove(path);
    } else {
      std::filesystem::resize_file(path, file->synced);
    }
  }
  files_.clear();
  boot_ = Uuid::random();
  cut_ = false;
}

rocksdb::IOStatus FaultyFileSystem::NewWritableFile(const std::string& path,
                                                    const rocksdb::FileOptions& options,
                                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                    rocksdb::IODebugContext* debug) {
  if (cut_) return no_power();
  if (denied_) {
    return rocksdb::IOStatus::IOError("While open a file for appending: " + path,
                                      "Too many open files");
  }
  std::unique_ptr<rocksdb::FSWritableFile> made;
  rocksdb::IOStatus status = target()->NewWritableFile(path, options, &made, debug);
  if (!status.ok()) return status;
  auto state = std::make_shared<File>();
  state->log = path.ends_with(".log");
  file->reset(new Writer(std::move(made), *this, state));
  const std::lock_guard lock(mutex_);
  files_[path] = std::move(state);
  return status;
}

rocksdb::IOStatus FaultyFileSystem::DeleteFile(const std::string& path,
                                               const rocksdb::IOOptions& options,
                                               rocksdb::IODebugContext* debug) {
  if (cut_) return no_power();
  const std::lock_guard lock(mutex_);
  files_.erase(path);
  return target()->DeleteFile(path, options, debug);
}

rocksdb::IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                               const rocksdb::IOOptions& options,
                                               rocksdb::IODebugContext* debug) {
  if (cut_) return no_power();
  const std::lock_guard lock(mutex_);
  rocksdb::IOStatus status = target()->RenameFile(from, to, options, debug);
  if (status.ok()) {
    if (auto moved = files_.extract(from)) {
      files_.erase(to);
      moved.key() = to;
      files_.insert(std::move(moved));
    }
  }
  return status;
}

}  // namespace quern::storage
