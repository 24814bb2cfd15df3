// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <numeric>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "quern/base/error.h"
#include "storage/acknowledged_mark.h"
#include "storage/lock_table.h"
#include "storage/rocks_children.h"
#include "storage/rocks_fault.h"
#include "storage/rocks_files.h"
#include "storage/rocks_maintenance.h"
#include "storage/rocks_reclaimer.h"
#include "storage/rocks_recovery.h"

namespace quern::storage {
namespace {

rocksdb::Slice slice(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
BytesView bytes(const rocksdb::Slice& slice) {
  return {reinterpret_cast<const std::uint8_t*>(slice.data()), slice.size()};
}

[[noreturn]] void throw_conflict() {
  DatabaseError error(ErrorCode::kWriteConflict,
                      "Write conflict: another transaction has written the same data. Please "
                      "retry your operation or multi-document transaction.");
  error.add_label("TransientTransactionError");
  throw error;
}

bool found(const rocksdb::Status& status) {
  if (status.IsNotFound()) return false;
  check(status);
  return true;
}

// RocksDB counts what each thread compares and reads, and looks its thread's counters up for every
// key that it compares: a tenth of the instructions of a small write. Nobody reads them.
class WithoutCounters {
 public:
  WithoutCounters() : level_(rocksdb::GetPerfLevel()) {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  }
  ~WithoutCounters() { rocksdb::SetPerfLevel(level_); }
  WithoutCounters(const WithoutCounters&) = delete;
  WithoutCounters& operator=(const WithoutCounters&) = delete;

 private:
  rocksdb::PerfLevel level_;
};

struct RocksPin : PinnedValue::Pin {
  rocksdb::PinnableSlice slice;
};

// Reads one value by read(slice), which returns a status. False when there is none.
template <class Read>
bool pin(PinnedValue& value, Read read) {
  const WithoutCounters without_counters;
  rocksdb::PinnableSlice& slice = value.pin<RocksPin>().slice;
  slice.Reset();
  const bool there = found(read(&slice));
  value.set(bytes(slice));
  return there;
}

// Asks multi_get(count, slices, values, statuses) in batches of the size that RocksDB works in,
// each sorted: RocksDB's own sort of the keys costs a third of the call.
template <class MultiGet>
void contains_in_batches(std::span<const BytesView> keys, std::span<bool> found,
                         MultiGet multi_get) {
  constexpr std::size_t kBatch = 32;
  const WithoutCounters without_counters;
  std::array<std::uint8_t, kBatch> order;
  std::array<rocksdb::Slice, kBatch> slices;
  std::array<rocksdb::PinnableSlice, kBatch> values;
  std::array<rocksdb::Status, kBatch> statuses;
  while (!keys.empty()) {
    const std::size_t count = std::min(kBatch, keys.size());
    std::iota(order.begin(), order.begin() + count, std::uint8_t{0});
    std::sort(order.begin(), order.begin() + count, [keys](std::uint8_t a, std::uint8_t b) {
      return as_text(keys[a]) < as_text(keys[b]);
    });
    for (std::size_t i = 0; i < count; ++i) slices[i] = slice(keys[order[i]]);
    multi_get(count, slices.data(), values.data(), statuses.data());
    for (std::size_t i = 0; i < count; ++i) {
      found[order[i]] = storage::found(statuses[i]);
      values[i].Reset();
    }
    keys = keys.subspan(count);
    found = found.subspan(count);
  }
}

// RocksDB's own diary. Its file aborts the process when the medium is full: faults come as errors
// of the calls that meet them.
class NoLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class RocksIterator : public Iterator {
 public:
  // make(read_options) returns an iterator.
  template <class Make>
  RocksIterator(KeyRange range, const rocksdb::Snapshot* snapshot, Make make)
      : lower_(as_text(range.lower)), upper_(as_text(range.upper)) {
    options_.snapshot = snapshot;
    lower_slice_ = lower_;
    upper_slice_ = upper_;
    if (!lower_.empty()) options_.iterate_lower_bound = &lower_slice_;
    if (!upper_.empty()) options_.iterate_upper_bound = &upper_slice_;
    iterator_.reset(make(options_));
  }

  void seek(BytesView key) override {
    const WithoutCounters without_counters;
    iterator_->Seek(slice(key));
    settle();
  }
  void seek_for_prev(BytesView key) override {
    const WithoutCounters without_counters;
    iterator_->SeekForPrev(slice(key));
    // The upper bound itself is outside.
    while (!upper_.empty() && iterator_->Valid() && iterator_->key().compare(upper_slice_) >= 0) {
      iterator_->Prev();
    }
    settle();
  }
  void next() override {
    iterator_->Next();
    settle();
  }
  void prev() override {
    iterator_->Prev();
    settle();
  }
  bool valid() const override { return valid_; }
  BytesView key() const override { return bytes(iterator_->key()); }
  BytesView value() const override { return bytes(iterator_->value()); }

 private:
  // A transaction's own writes are not held to the bounds by the iterator.
  void settle() {
    valid_ = iterator_->Valid();
    if (!valid_) {
      check(iterator_->status());
      return;
    }
    const rocksdb::Slice key = iterator_->key();
    valid_ = key.compare(lower_slice_) >= 0 && (upper_.empty() || key.compare(upper_slice_) < 0);
  }

  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  rocksdb::ReadOptions options_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool valid_ = false;
};

// The operating system's files, unless the options have their own.
std::unique_ptr<rocksdb::Env> environment_of(const RocksOptions& options) {
  return rocksdb::NewCompositeEnv(with_passing_faults(
      options.file_system ? options.file_system : rocksdb::FileSystem::Default()));
}

Uuid boot_of(const RocksOptions& options) {
  return options.boot ? *options.boot : AcknowledgedMark::this_boot();
}

class RocksStore;

class RocksReader : public Reader {
 public:
  explicit RocksReader(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {
    options_.snapshot = snapshot_;
  }
  ~RocksReader() override { db_.ReleaseSnapshot(snapshot_); }
  RocksReader(const RocksReader&) = delete;
  RocksReader& operator=(const RocksReader&) = delete;

  bool get(BytesView key, PinnedValue& value) override {
    return pin(value, [&](rocksdb::PinnableSlice* out) {
      return db_.Get(options_, db_.DefaultColumnFamily(), slice(key), out);
    });
  }
  void contains(std::span<const BytesView> keys, std::span<bool> found) override {
    contains_in_batches(keys, found, [this](auto... arguments) {
      db_.MultiGet(options_, db_.DefaultColumnFamily(), arguments..., /*sorted_input=*/true);
    });
  }
  std::unique_ptr<Iterator> iterator(KeyRange range) override {
    return std::make_unique<RocksIterator>(
        range, snapshot_, [this](const auto& options) { return db_.NewIterator(options); });
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
  rocksdb::ReadOptions options_;
};

class RocksTransaction : public WriteTransaction {
 public:
  RocksTransaction(RocksStore& store, const TransactionOptions& options);
  ~RocksTransaction() override;
  RocksTransaction(const RocksTransaction&) = delete;
  RocksTransaction& operator=(const RocksTransaction&) = delete;

  bool get(BytesView key, PinnedValue& value) override;
  void contains(std::span<const BytesView> keys, std::span<bool> found) override;
  std::unique_ptr<Iterator> iterator(KeyRange range) override;
  void lock(BytesView key) override;
  bool get_for_update(BytesView key, PinnedValue& value) override {
    lock(key);
    return get(key, value);
  }
  void put(BytesView key, BytesView value) override {
    lock(key);
    put_guarded(key, value);
  }
  void remove(BytesView key) override {
    lock(key);
    remove_guarded(key);
  }
  void put_guarded(BytesView key, BytesView value) override {
    check(batch().Put(slice(key), slice(value)));
    ++writes_;
  }
  void remove_guarded(BytesView key) override {
    check(batch().Delete(slice(key)));
    ++writes_;
  }
  void commit() override;
  void rollback() override { end(); }
  std::uint64_t own_writes() const override { return indexed_ ? writes_ : 0; }

 private:
  static constexpr std::size_t kReservedBytes = 512;

  rocksdb::WriteBatchBase& batch() {
    if (indexed_) return *indexed_;
    return plain_;
  }
  void end() noexcept;
  void end_snapshot() noexcept;

  RocksStore& store_;
  const LockTable::Owner owner_;
  LockTable::Stamp stamp_ = LockTable::kNoSnapshot;
  rocksdb::ReadOptions options_;
  std::vector<LockTable::Hash> locked_;
  std::unique_ptr<rocksdb::WriteBatchWithIndex> indexed_;  // null: writes need not be read back
  rocksdb::WriteBatch plain_;
  std::uint64_t writes_ = 0;
  bool ended_ = false;
};

class RocksStore : public Store {
 public:
  enum class Opening { kAsItIs, kMending };

  explicit RocksStore(const RocksOptions& options, Opening opening = Opening::kAsItIs)
      : on_disk_(!options.directory.empty()),
        read_only_(options.read_only),
        durability_(options.durability),
        boot_(boot_of(options)) {
    let_children_exit();
    rocksdb::Options db_options = make_options(options);
    if (on_disk_) {
      environment_ = environment_of(options);
      db_options.env = environment_.get();
      const auto open = read_only_                     ? open_for_reading
                        : opening == Opening::kMending ? mend_database
                                                       : open_recovered;
      recovered_ = open(db_options, options.directory, boot_);
    } else {
      environment_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
      db_options.env = environment_.get();
      db_options.create_if_missing = true;
      rocksdb::DB* opened = nullptr;
      check(rocksdb::DB::Open(db_options, "/quern", &opened));
      recovered_.db.reset(opened);
    }
    db_ = recovered_.db.get();
    if (!is_written_to_disk()) return;
    reclaimer_ = std::make_unique<RocksReclaimer>(*db_);
    if (durability_.mode == Durability::Mode::kInterval) {
      syncer_ = std::thread([this] { sync_periodically(); });
    }
  }

  ~RocksStore() override {
    if (syncer_.joinable()) {
      {
        const std::lock_guard lock(syncer_mutex_);
        stopping_ = true;
      }
      syncer_wake_.notify_all();
      syncer_.join();
    }
    if (reclaimer_) reclaimer_->stop();
    const bool may_flush = !reclaimer_ || reclaimer_->may_flush();
    reclaimer_.reset();
    if (is_written_to_disk() && !failed_ && may_flush) flush_all();
    db_->Close().PermitUncheckedError();
  }
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  static RepairReport repair(RocksOptions options, bool accept_loss, const StoreContent& content) {
    RepairReport report;
    {
      const std::unique_ptr<rocksdb::Env> environment = environment_of(options);
      rocksdb::Options db_options = make_options(options);
      db_options.env = environment.get();
      report.faults = examine_database(db_options, options.directory, boot_of(options));
    }
    if (report.faults.empty()) {
      options.read_only = true;
      RocksStore store(options);
      report.faults = content.look(store);
    }
    if (report.faults.empty() || !accept_loss) return report;
    options.read_only = false;
    {
      RocksStore store(options, Opening::kMending);
      report.losses = content.mend(store);
      store.sync();
    }
    finish_repair(options.directory);
    return report;
  }

  std::unique_ptr<WriteTransaction> begin(const TransactionOptions& options) override {
    return std::make_unique<RocksTransaction>(*this, options);
  }

  std::unique_ptr<Reader> snapshot() override { return std::make_unique<RocksReader>(*db_); }

  bool get(BytesView key, PinnedValue& value) override {
    return pin(value, [&](rocksdb::PinnableSlice* out) {
      return db_->Get(read_options_, db_->DefaultColumnFamily(), slice(key), out);
    });
  }

  void purge(KeyRange range) override {
    rocksdb::WriteBatch batch;
    check(batch.DeleteRange(slice(range.lower), slice(range.upper)));
    write([&](rocksdb::DB& db) { return db.Write({}, &batch); });
    acknowledge(batch);
    if (reclaimer_) reclaimer_->wake();
  }

  // A sync covers what was readable when it began: all up to RocksDB's latest sequence number,
  // which every write raises, after it is in the log and before anybody sees it. Whoever finds no
  // sync running begins the next, for all who wait.
  void sync() override {
    if (!is_written_to_disk()) return;
    const rocksdb::SequenceNumber wanted = db_->GetLatestSequenceNumber();
    std::unique_lock lock(sync_mutex_);
    while (synced_ < wanted) {
      if (syncing_) {
        sync_ended_.wait(lock);
        continue;
      }
      syncing_ = true;
      lock.unlock();
      const rocksdb::SequenceNumber covered = db_->GetLatestSequenceNumber();
      const rocksdb::SequenceNumber acknowledged = recovered_.mark->written();
      try {
        write([](rocksdb::DB& db) { return db.FlushWAL(true); });
      } catch (...) {
        lock.lock();
        syncing_ = false;
        sync_ended_.notify_all();
        throw;
      }
      recovered_.mark->set_synced(acknowledged);
      lock.lock();
      syncing_ = false;
      synced_ = covered;
      sync_ended_.notify_all();
    }
  }
  bool syncs_always() const override {
    return is_written_to_disk() && durability_.mode == Durability::Mode::kAlways;
  }
  bool read_only() const override { return read_only_; }

  std::uint64_t approximate_size(KeyRange range) override {
    const rocksdb::Range wanted(slice(range.lower), slice(range.upper));
    std::uint64_t size = 0;
    rocksdb::SizeApproximationOptions options;
    options.include_memtables = true;
    check(db_->GetApproximateSizes(options, db_->DefaultColumnFamily(), &wanted, 1, &size));
    return size;
  }

  void compact(KeyRange range, const CheckInterrupt& check) override {
    check_writable();
    if (failed_) resume();
    if (reclaimer_ && !reclaimer_->may_flush()) {
      throw DatabaseError(ErrorCode::kInternalError,
                          "the database could not write a table: open it again, then compact it");
    }
    compact_range(*db_, range, check);
  }
  std::vector<std::string> damaged_files(KeyRange range, const CheckInterrupt& check) override {
    return storage::damaged_files(*db_, range, check);
  }
  // The log is copied as it is. A flush would spare that, and may not be asked for where one has
  // failed (rocks_reclaimer.h).
  void copy_to(const std::filesystem::path& directory) override {
    if (!on_disk_) {
      throw DatabaseError(ErrorCode::kIllegalOperation,
                          "a database in memory has no files that could be copied");
    }
    if (read_only_) {
      throw DatabaseError(ErrorCode::kIllegalOperation,
                          "a database that is open for reading only is not copied: nobody writes "
                          "to its folder, so copy that");
    }
    if (failed_) resume();
    const rocksdb::SequenceNumber acknowledged = recovered_.mark->written();
    rocksdb::Checkpoint* made = nullptr;
    check_copy(rocksdb::Checkpoint::Create(db_, &made), directory);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    constexpr std::uint64_t kNoFlush = std::numeric_limits<std::uint64_t>::max();
    check_copy(checkpoint->CreateCheckpoint(directory.string(), kNoFlush), directory);
    const AcknowledgedMark mark(directory, {acknowledged, acknowledged, boot_});
  }
  void verify() override { check(db_->VerifyChecksum()); }

  rocksdb::DB& db() { return *db_; }

  // Calls change(db), which returns a status. After one that fails there are no more until RocksDB
  // has been resumed: what it makes of a log that it could not append to depends on how it was
  // built, and may be to abort the process.
  template <class Change>
  void write(Change change) {
    check_writable();
    if (failed_) resume();
    const WithoutCounters without_counters;
    const rocksdb::Status status = returned_by([&] { return change(*db_); });
    if (!status.ok()) {
      const std::lock_guard lock(resume_mutex_);
      fault_ = fault_of(status);
      failed_ = true;
    }
    check(status);
  }
  // The batch was written. Its own number counts, and not the latest, which a write that failed may
  // have raised.
  void acknowledge(const rocksdb::WriteBatch& batch) {
    if (recovered_.mark) recovered_.mark->set_written(last_sequence(batch));
  }
  LockTable& locks() { return locks_; }
  LockTable::Owner new_owner() { return next_owner_.fetch_add(1, std::memory_order_relaxed); }

 private:
  static void check_copy(const rocksdb::Status& status, const std::filesystem::path& directory) {
    if (status.ok()) return;
    throw DatabaseError(
        ErrorCode::kInternalError,
        "cannot copy the database to \"" + directory.string() + "\": " + fault_of(status));
  }

  static rocksdb::Options make_options(const RocksOptions& options) {
    rocksdb::Options result;
    result.write_buffer_size = options.write_buffer_bytes;
    result.max_write_buffer_number = 3;
    result.max_background_jobs = 2;
    // Most reads before a write ask for a key that isn't there: a filter over the memory table
    // answers them without a search.
    result.memtable_whole_key_filtering = true;
    result.memtable_prefix_bloom_size_ratio = 0.1;
    result.compression = rocksdb::kNoCompression;
    for (const rocksdb::CompressionType type : rocksdb::GetSupportedCompressions()) {
      if (type == rocksdb::kLZ4Compression) result.compression = type;
    }
    result.compaction_pri = rocksdb::kMinOverlappingRatio;
    result.level_compaction_dynamic_level_bytes = true;
    result.max_total_wal_size = 4 * options.write_buffer_bytes;
    result.info_log = std::make_shared<NoLog>();
    result.stats_dump_period_sec = 0;
    rocksdb::BlockBasedTableOptions table;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
    // Filters and indexes stay with their files (1.5 bytes a key) rather than in the cache, where
    // each read would look them up.
    table.cache_index_and_filter_blocks = false;
    table.format_version = 5;
    result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return result;
  }

  // RocksDB lets threads write for each other: those that wait for one whose write throws, which
  // memory that runs out can make it do, wait for ever, and nobody knows what it has written.
  template <class Write>
  static rocksdb::Status returned_by(Write write) {
    try {
      return write();
    } catch (const std::exception& error) {
      std::fprintf(stderr,
                   "quern: a write of the database was interrupted by an exception (%s), and its "
                   "state is unknown: the process ends here. What was acknowledged is kept.\n",
                   error.what());
      std::abort();
    }
  }

  // After a failed write: RocksDB resumes what was transient, such as a disk that was full or too
  // many open files. Throws when it does not, or when somebody tried just now.
  void resume() {
    const std::lock_guard lock(resume_mutex_);
    if (!failed_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_resume_) {
      next_resume_ = now + kResumePause;
      rocksdb::Status status = db_->Resume();
      // A write that failed may have used up sequence numbers without a record in the log. Once a
      // later one is in the tables, nobody looks for them in the logs.
      if (status.ok()) status = db_->Delete({}, rocksdb::Slice());
      if (status.ok()) status = db_->Flush({});
      if (status.ok()) {
        failed_ = false;
        return;
      }
    }
    throw DatabaseError(ErrorCode::kInternalError,
                        "the database takes no writes since one failed: " + fault_ +
                            ". What was acknowledged is kept. Mend the cause: a write tries again "
                            "once a second; if that does not help, open the database again");
  }

  // A closed database has an empty log, where damage would look like a crash.
  void flush_all() {
    if (!db_->Flush({}).ok()) {
      db_->FlushWAL(true).PermitUncheckedError();
      return;
    }
    recovered_.mark->set_synced(recovered_.mark->written());
    recovered_.mark->flush();
  }

  void sync_periodically() {
    std::unique_lock lock(syncer_mutex_);
    while (!syncer_wake_.wait_for(lock, durability_.interval, [this] { return stopping_; })) {
      lock.unlock();
      try {
        sync();
      } catch (const DatabaseError&) {
        // A failing medium makes the next commit fail, which is where it can be reported.
      }
      lock.lock();
    }
  }

  bool is_written_to_disk() const { return on_disk_ && !read_only_; }

  const bool on_disk_;
  const bool read_only_;
  const Durability durability_;
  const Uuid boot_;
  std::unique_ptr<rocksdb::Env> environment_;
  RecoveredDatabase recovered_;
  rocksdb::DB* db_ = nullptr;  // recovered_'s
  static constexpr std::chrono::seconds kResumePause{1};
  std::atomic<bool> failed_ = false;  // a write or a sync
  std::mutex resume_mutex_;
  std::string fault_;  // of what failed
  std::chrono::steady_clock::time_point next_resume_{};
  std::unique_ptr<RocksReclaimer> reclaimer_;
  LockTable locks_;
  std::atomic<LockTable::Owner> next_owner_ = 1;
  rocksdb::ReadOptions read_options_;

  std::mutex sync_mutex_;
  std::condition_variable sync_ended_;
  bool syncing_ = false;
  rocksdb::SequenceNumber synced_ = 0;

  // kInterval: the thread that syncs.
  std::mutex syncer_mutex_;
  std::condition_variable syncer_wake_;
  bool stopping_ = false;
  std::thread syncer_;
};

RocksTransaction::RocksTransaction(RocksStore& store, const TransactionOptions& options)
    : store_(store), owner_(store.new_owner()) {
  if (options.snapshot) {
    stamp_ = store_.locks().begin_snapshot();
    options_.snapshot = store_.db().GetSnapshot();
  }
  if (options.read_own_writes) {
    indexed_ =
        std::make_unique<rocksdb::WriteBatchWithIndex>(rocksdb::BytewiseComparator(), 0, true);
  } else {
    plain_ = rocksdb::WriteBatch(kReservedBytes);
  }
}

RocksTransaction::~RocksTransaction() { end(); }

void RocksTransaction::end() noexcept {
  if (ended_) return;
  ended_ = true;
  store_.locks().release(locked_);
  end_snapshot();
}

void RocksTransaction::end_snapshot() noexcept {
  if (options_.snapshot == nullptr) return;
  store_.db().ReleaseSnapshot(options_.snapshot);
  store_.locks().end_snapshot(stamp_);
  options_.snapshot = nullptr;
}

void RocksTransaction::lock(BytesView key) {
  store_.check_writable();
  const LockTable::Hash hash = lock_hash(key.data(), key.size());
  switch (store_.locks().acquire(hash, owner_, stamp_)) {
    case LockTable::Outcome::kAcquired:
      locked_.push_back(hash);
      return;
    case LockTable::Outcome::kHeld:
      return;
    case LockTable::Outcome::kConflict:
      throw_conflict();
  }
}

bool RocksTransaction::get(BytesView key, PinnedValue& value) {
  return pin(value, [&](rocksdb::PinnableSlice* out) {
    rocksdb::DB& db = store_.db();
    if (!indexed_) return db.Get(options_, db.DefaultColumnFamily(), slice(key), out);
    return indexed_->GetFromBatchAndDB(&db, options_, slice(key), out);
  });
}

void RocksTransaction::contains(std::span<const BytesView> keys, std::span<bool> found) {
  contains_in_batches(
      keys, found, [this](std::size_t count, rocksdb::Slice* slices, auto* values, auto* statuses) {
        rocksdb::DB& db = store_.db();
        if (!indexed_) {
          db.MultiGet(options_, db.DefaultColumnFamily(), count, slices, values, statuses, true);
        } else {
          indexed_->MultiGetFromBatchAndDB(&db, options_, db.DefaultColumnFamily(), count, slices,
                                           values, statuses, true);
        }
      });
}

std::unique_ptr<Iterator> RocksTransaction::iterator(KeyRange range) {
  return std::make_unique<RocksIterator>(
      range, options_.snapshot, [this](const rocksdb::ReadOptions& options) {
        rocksdb::DB& db = store_.db();
        rocksdb::Iterator* base = db.NewIterator(options);
        if (!indexed_) return base;
        return indexed_->NewIteratorWithBase(db.DefaultColumnFamily(), base, &options);
      });
}

void RocksTransaction::commit() {
  if (writes_ != 0) {
    rocksdb::WriteBatch& written = *batch().GetWriteBatch();
    store_.write([&](rocksdb::DB& db) { return db.Write({}, &written); });
    store_.acknowledge(written);
    end_snapshot();  // before the locks: the commit need not be remembered for its own snapshot
    store_.locks().release_committed(locked_);
    locked_.clear();
  }
  end();
}

}  // namespace

std::unique_ptr<Store> open_rocks_store(const RocksOptions& options) {
  return std::make_unique<RocksStore>(options);
}

RepairReport repair_rocks_store(const RocksOptions& options, bool accept_loss,
                                const StoreContent& content) {
  return RocksStore::repair(options, accept_loss, content);
}

}  // namespace quern::storage
