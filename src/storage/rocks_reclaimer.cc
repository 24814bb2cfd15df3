// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_reclaimer.h"

#include <rocksdb/metadata.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace quern::storage {
namespace {

constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{60'000};

}  // namespace

RocksReclaimer::RocksReclaimer(rocksdb::DB& db) : db_(db), thread_([this] { run(); }) {}

RocksReclaimer::~RocksReclaimer() { stop(); }

void RocksReclaimer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RocksReclaimer::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void RocksReclaimer::run() {
  auto pause = kFirstPause;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const bool fresh = std::exchange(woken_, false);
    lock.unlock();
    const bool remains = reclaim(fresh);
    lock.lock();
    const auto changed = [this] { return woken_ || stopping_; };
    if (!remains) {
      changed_.wait(lock, changed);
    } else if (!changed_.wait_for(lock, pause, changed)) {
      pause = std::min(2 * pause, kLongestPause);  // a snapshot sees what was deleted
      continue;
    }
    pause = kFirstPause;
  }
}

bool RocksReclaimer::reclaim(bool fresh) {
  // What fails is tried again.
  if (fresh && !flush_failed_ && !db_.Flush({}).ok()) flush_failed_ = true;
  if (flush_failed_) return true;
  rocksdb::TablePropertiesCollection properties;
  if (!db_.GetPropertiesOfAllTables(&properties).ok()) return true;
  std::vector<std::string> names;
  for (const auto& [path, table] : properties) {
    if (table->num_range_deletions != 0) {
      names.push_back(std::filesystem::path(path).filename().string());
    }
  }
  if (names.empty()) return false;
  std::vector<rocksdb::LiveFileMetaData> tables;
  db_.GetLiveFilesMetaData(&tables);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.canceled = &stopping_;
  for (const rocksdb::LiveFileMetaData& table : tables) {
    const std::string name = std::filesystem::path(table.name).filename().string();
    if (stopping_ || std::find(names.begin(), names.end(), name) == names.end()) continue;
    const rocksdb::Slice first = table.smallestkey;
    const rocksdb::Slice last = table.largestkey;
    db_.CompactRange(options, &first, &last).PermitUncheckedError();
  }
  return true;  // looks again
}

}  // namespace quern::storage
