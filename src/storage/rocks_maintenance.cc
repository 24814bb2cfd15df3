// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_maintenance.h"

#include <rocksdb/metadata.h>
#include <rocksdb/sst_file_reader.h>

#include <atomic>
#include <chrono>
#include <future>

#include "storage/rocks_fault.h"

namespace quern::storage {
namespace {

rocksdb::Slice slice(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// While it lives no file of the database is deleted. (Of one that is read only none ever is.)
class KeepFiles {
 public:
  explicit KeepFiles(rocksdb::DB& db) : db_(db) {
    db_.DisableFileDeletions().PermitUncheckedError();
  }
  ~KeepFiles() { db_.EnableFileDeletions(/*force=*/false).PermitUncheckedError(); }
  KeepFiles(const KeepFiles&) = delete;
  KeepFiles& operator=(const KeepFiles&) = delete;

 private:
  rocksdb::DB& db_;
};

bool overlaps(const rocksdb::LiveFileMetaData& file, KeyRange range) {
  return rocksdb::Slice(file.largestkey).compare(slice(range.lower)) >= 0 &&
         (range.upper.empty() || rocksdb::Slice(file.smallestkey).compare(slice(range.upper)) < 0);
}

}  // namespace

void compact_range(rocksdb::DB& db, KeyRange range, const CheckInterrupt& check_interrupt) {
  constexpr std::chrono::milliseconds kPause{20};
  std::atomic<bool> canceled = false;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.canceled = &canceled;
  const rocksdb::Slice lower = slice(range.lower);
  const rocksdb::Slice upper = slice(range.upper);
  auto running = std::async(std::launch::async, [&] {
    return db.CompactRange(options, &lower, range.upper.empty() ? nullptr : &upper);
  });
  try {
    while (running.wait_for(kPause) != std::future_status::ready) check_interrupt();
  } catch (...) {
    canceled = true;
    running.wait();
    throw;
  }
  check(running.get());
}

std::vector<std::string> damaged_files(rocksdb::DB& db, KeyRange range,
                                       const CheckInterrupt& check_interrupt) {
  const KeepFiles keep_files(db);
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  std::vector<std::string> damaged;
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (!overlaps(file, range)) continue;
    check_interrupt();
    rocksdb::SstFileReader reader(db.GetOptions());
    rocksdb::Status status = reader.Open(file.db_path + file.name);
    if (status.ok()) status = reader.VerifyChecksum();
    if (is_damage(status)) {
      damaged.push_back(fault_of(status));
    } else {
      check(status);
    }
  }
  return damaged;
}

}  // namespace quern::storage
