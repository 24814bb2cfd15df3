// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_recovery.h"

#include <fmt/format.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "quern/base/bytes.h"
#include "quern/base/error.h"
#include "storage/durable_file.h"
#include "storage/rocks_directory.h"
#include "storage/rocks_fault.h"
#include "storage/rocks_lock.h"

namespace quern::storage {
namespace {

using Sequence = rocksdb::SequenceNumber;

// The sequence numbers of a log record. A batch begins with that of its first change.
struct Span {
  Sequence first = 0;
  Sequence last = 0;
};
std::optional<Span> span_of(const rocksdb::WriteBatch& batch) {
  if (batch.Count() == 0) return std::nullopt;
  const auto first =
      load_le<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(batch.Data().data()));
  return Span{first, first + batch.Count() - 1};
}

// Whether a record goes on where those before it ended.
bool follows(const Span& span, Sequence reach) { return span.first <= reach + 1; }

// Notes which numbers the logs have, and replays nothing.
class LogSurvey : public rocksdb::WalFilter {
 public:
  struct Stretch {
    Span span;
    std::string first_file;
    std::string last_file;
  };

  const char* Name() const override { return "quern.LogSurvey"; }
  WalProcessingOption LogRecordFound(unsigned long long, const std::string& file,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override {
    if (const auto span = span_of(batch)) note(*span, std::filesystem::path(file).filename());
    return WalProcessingOption::kIgnoreCurrentRecord;
  }
  const std::vector<Stretch>& stretches() const { return stretches_; }

 private:
  void note(const Span& span, const std::string& file) {
    if (stretches_.empty() || !follows(span, stretches_.back().span.last)) {
      stretches_.push_back({span, file, file});
      return;
    }
    Stretch& latest = stretches_.back();
    latest.span.last = std::max(latest.span.last, span.last);
    latest.last_file = file;
  }

  std::vector<Stretch> stretches_;
};

// Replays records as long as they follow one another.
class LogReplay : public rocksdb::WalFilter {
 public:
  explicit LogReplay(Sequence reach) : reach_(reach) {}
  const char* Name() const override { return "quern.LogReplay"; }
  WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                     bool*) override {
    if (const auto span = span_of(batch)) {
      if (!follows(*span, reach_)) return WalProcessingOption::kStopReplay;
      reach_ = std::max(reach_, span->last);
    }
    return WalProcessingOption::kContinueProcessing;
  }

 private:
  Sequence reach_;
};

// How much of the tables is read through: what RocksDB needs to open them, or all.
enum class Depth { kToOpen, kEveryBlock };

// What a database's files hold.
struct Survey {
  Sequence in_tables = 0;
  Sequence reach = 0;    // everything up to here
  std::string end;       // what is known of the place where it ends
  bool has_gap = false;  // there are records behind it
};

Survey survey_of(const LogSurvey& logs, Sequence in_tables) {
  Survey survey;
  survey.in_tables = in_tables;
  survey.reach = in_tables;
  survey.end = "no log goes on from there: a log is gone, or the end of the MANIFEST";
  for (const LogSurvey::Stretch& stretch : logs.stretches()) {
    if (!follows(stretch.span, survey.reach)) {
      survey.has_gap = true;
      survey.end += "; the log " + stretch.first_file + " goes on only behind them";
      break;
    }
    survey.reach = std::max(survey.reach, stretch.span.last);
    survey.end = "the log " + stretch.last_file + " ends there, damaged or cut";
  }
  return survey;
}

// Opens without changing a file, and so without a lock: whoever calls has it.
rocksdb::Status survey(rocksdb::Options options, const std::filesystem::path& directory,
                       Depth depth, Survey& result) {
  LogSurvey logs;
  options.create_if_missing = false;
  options.wal_filter = &logs;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, directory.string(), &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (status.ok()) result = survey_of(logs, db->GetLatestSequenceNumber());
  if (status.ok() && depth == Depth::kEveryBlock) status = db->VerifyChecksum();
  return status;
}

std::string missing_writes(const Survey& survey, Sequence owed) {
  return "acknowledged writes are missing, the last " + std::to_string(owed - survey.reach) +
         " changes: writes were acknowledged up to number " + std::to_string(owed) +
         ", and its files hold them up to number " + std::to_string(survey.reach) + " (" +
         survey.end + ")";
}

// A file that is there while a repair is under way.
constexpr const char* kRepairing = "REPAIRING";

constexpr int kManyFiles = 1 << 20;

// What is in the directory, of whose database nothing was changed.
struct Examination {
  bool is_new = false;
  Survey survey;
  Findings faults;
  bool readable = true;  // by RocksDB as it is
};

// Throws for faults that are no damage, such as a missing permission.
Examination examine(const rocksdb::Options& options, const std::filesystem::path& directory,
                    const Uuid& boot, Depth depth = Depth::kToOpen) {
  Examination result;
  const DirectoryContent content = content_of(directory);
  const AcknowledgedMark::Reading mark = AcknowledgedMark::read(directory);
  if (!content.current) {
    // The mark comes first: a creation that was interrupted leaves one of nothing.
    result.is_new = mark.state ? mark.state->owed(boot) == 0 && mark.state->written == 0
                               : mark.missing && !content.others;
    if (result.is_new) return result;
    result.faults.emplace_back("its file CURRENT is missing");
    result.readable = false;
  }
  if (!mark.state) result.faults.push_back(mark.fault);
  if (std::filesystem::exists(directory / kRepairing))
    result.faults.emplace_back("its repair was interrupted: do it again");
  if (!result.readable) return result;
  const rocksdb::Status status = survey(options, directory, depth, result.survey);
  if (!status.ok()) {
    if (!is_damage(status)) throw_cannot_open(directory, status);
    result.faults.push_back(fault_of(status));
    result.readable = false;
  } else if (mark.state && result.survey.reach < mark.state->owed(boot)) {
    result.faults.push_back(missing_writes(result.survey, mark.state->owed(boot)));
  }
  return result;
}

RecoveredDatabase open_now(rocksdb::Options options, const std::filesystem::path& directory,
                           const Uuid& boot, Sequence in_tables) {
  RecoveredDatabase result;
  result.log_filter = std::make_unique<LogReplay>(in_tables);
  options.wal_filter = result.log_filter.get();
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, directory.string(), &opened);
  if (!status.ok()) throw_cannot_open(directory, status);
  result.db.reset(opened);
  // Opening has written what it replayed to tables, and synced them.
  const Sequence reach = result.db->GetLatestSequenceNumber();
  result.mark =
      std::make_unique<AcknowledgedMark>(directory, AcknowledgedMark::State{reach, reach, boot});
  return result;
}

void refuse_faults(const std::filesystem::path& directory, const Examination& found) {
  if (found.faults.empty()) return;
  throw_cannot_open(directory, fmt::format("{}. Nothing was changed: {}",
                                           fmt::join(found.faults, "; "), kMendDamage));
}

// RepairDB takes every table that is there, also those that others were made of: a key may be in two
// with one and the same number, which RocksDB's iterators do not know of and abort on.
void merge_tables(rocksdb::DB& db, const std::filesystem::path& directory) {
  rocksdb::CompactRangeOptions all;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const rocksdb::Status status = db.CompactRange(all, nullptr, nullptr);
  if (!status.ok()) throw_cannot_open(directory, fault_of(status) + ", beyond repair");
}

void require_database(const std::filesystem::path& directory) {
  if (!holds_rocks_store(directory)) throw_cannot_open(directory, "there is none");
}

// Records are taken as long as they follow one another, whatever RocksDB makes of what lies
// between.
rocksdb::Options for_recovery(rocksdb::Options options) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  return options;
}

}  // namespace

rocksdb::SequenceNumber last_sequence(const rocksdb::WriteBatch& batch) {
  const auto span = span_of(batch);
  return span ? span->last : 0;
}

RecoveredDatabase open_recovered(rocksdb::Options options, const std::filesystem::path& directory,
                                 const Uuid& boot) {
  options = for_recovery(std::move(options));
  make_private_directory(directory);
  Examination found;
  {
    const RocksLock lock(*options.env, directory);
    found = examine(options, directory, boot);
    if (found.is_new) {
      const AcknowledgedMark nothing_yet(directory, {.boot = boot});
    }
  }
  refuse_faults(directory, found);
  options.create_if_missing = found.is_new;
  return open_now(std::move(options), directory, boot, found.survey.in_tables);
}

RecoveredDatabase open_for_reading(rocksdb::Options options, const std::filesystem::path& directory,
                                   const Uuid& boot) {
  options = for_recovery(std::move(options));
  require_database(directory);
  // Unbounded, RocksDB may choose another reader, for databases that are compacted whole, which
  // does less.
  options.max_open_files = kManyFiles;
  RecoveredDatabase result;
  result.lock = std::make_unique<RocksLock>(*options.env, directory, RocksLock::Purpose::kReading);
  const Examination found = examine(options, directory, boot);
  if (found.is_new) throw_cannot_open(directory, "there is none");
  refuse_faults(directory, found);
  result.log_filter = std::make_unique<LogReplay>(found.survey.in_tables);
  options.wal_filter = result.log_filter.get();
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, directory.string(), &opened);
  if (!status.ok()) throw_cannot_open(directory, status);
  result.db.reset(opened);
  return result;
}

Findings examine_database(rocksdb::Options options, const std::filesystem::path& directory,
                          const Uuid& boot) {
  options = for_recovery(std::move(options));
  require_database(directory);
  const RocksLock lock(*options.env, directory, RocksLock::Purpose::kReading);
  return examine(options, directory, boot, Depth::kEveryBlock).faults;
}

RecoveredDatabase mend_database(rocksdb::Options options, const std::filesystem::path& directory,
                                const Uuid& boot) {
  options = for_recovery(std::move(options));
  options.create_if_missing = false;
  require_database(directory);
  Examination found;
  {
    const RocksLock lock(*options.env, directory);
    found = examine(options, directory, boot, Depth::kEveryBlock);
    replace_file(directory / kRepairing, {});
  }
  if (!found.readable) {
    rocksdb::Status status = rocksdb::RepairDB(directory.string(), options);
    if (status.ok()) status = survey(options, directory, Depth::kToOpen, found.survey);
    if (!status.ok()) throw_cannot_open(directory, fault_of(status) + ", beyond repair");
  }
  RecoveredDatabase mended = open_now(std::move(options), directory, boot, found.survey.in_tables);
  if (!found.readable) merge_tables(*mended.db, directory);
  mended.mark->flush();
  return mended;
}

void finish_repair(const std::filesystem::path& directory) { remove_file(directory / kRepairing); }

}  // namespace quern::storage
