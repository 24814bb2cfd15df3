// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_files.h"

#include <string>
#include <utility>

namespace quern::storage {
namespace {

rocksdb::IOStatus marked(rocksdb::IOStatus status) {
  if (!status.ok() && status.ToString().find("Too many open files") != std::string::npos) {
    status.SetRetryable(true);
  }
  return status;
}

// Only opening is looked at: an open file is the other file system's own.
class PassingFaults : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  using Debug = rocksdb::IODebugContext;
  using IOStatus = rocksdb::IOStatus;
  using Options = rocksdb::FileOptions;

  const char* Name() const override { return "quern.PassingFaults"; }
  IOStatus NewSequentialFile(const std::string& path, const Options& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             Debug* debug) override {
    return marked(target()->NewSequentialFile(path, options, file, debug));
  }
  IOStatus NewRandomAccessFile(const std::string& path, const Options& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               Debug* debug) override {
    return marked(target()->NewRandomAccessFile(path, options, file, debug));
  }
  IOStatus NewWritableFile(const std::string& path, const Options& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override {
    return marked(target()->NewWritableFile(path, options, file, debug));
  }
  IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory, Debug* debug) override {
    return marked(target()->NewDirectory(path, options, directory, debug));
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_passing_faults(
    std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<PassingFaults>(std::move(files));
}

}  // namespace quern::storage
