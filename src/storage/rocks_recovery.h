// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Opening a database on disk so that nothing that was acknowledged is missing without a word.
//
// RocksDB takes a log that ends early for one whose writer was killed: damage in a log, or in the
// list of its files, looks like a crash some time ago. So before it opens a database, which throws
// away what it does not use, its files are surveyed and nothing in them is changed. Its writes are
// numbered in sequence: the tables hold everything up to some number, and the logs go on from there
// as far as record follows record without a gap. That must be at least as far as the mark of the
// acknowledged writes (storage/acknowledged_mark.h); what lies behind it is a tail that nobody was
// promised, and may be torn.
#ifndef QUERN_STORAGE_ROCKS_RECOVERY_H_
#define QUERN_STORAGE_ROCKS_RECOVERY_H_

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "quern/base/uuid.h"
#include "storage/acknowledged_mark.h"
#include "storage/rocks_lock.h"

namespace quern::storage {

// The sequence number of the last change of a batch that was written.
rocksdb::SequenceNumber last_sequence(const rocksdb::WriteBatch& batch);

// An open database. The members are destroyed in the order that they need.
struct RecoveredDatabase {
  std::unique_ptr<RocksLock> lock;                 // of one that is read only: RocksDB takes none
  std::unique_ptr<AcknowledgedMark> mark;          // null where it is read only
  std::unique_ptr<rocksdb::WalFilter> log_filter;  // used by db
  std::unique_ptr<rocksdb::DB> db;
};

// Opens the database in the directory, or creates it where there is none. Throws DatabaseError that
// says which file is damaged or missing, or how much is missing, and then nothing was changed.
RecoveredDatabase open_recovered(rocksdb::Options options, const std::filesystem::path& directory,
                                 const Uuid& boot);

// The same of a database that is there, changing no file: where this user may not write, too.
RecoveredDatabase open_for_reading(rocksdb::Options options, const std::filesystem::path& directory,
                                   const Uuid& boot);

// What is wrong, a clause each; empty: nothing is.
using Findings = std::vector<std::string>;

// What keeps the database in the directory from being opened. Throws DatabaseError when there is
// none, or it is open elsewhere.
Findings examine_database(rocksdb::Options options, const std::filesystem::path& directory,
                          const Uuid& boot);

// Mends it and opens it: what cannot be read is given up, and the mark set anew. From then on until
// finish_repair it can be opened in no other way, so that whoever knows what the database should
// hold can mend that as well: RocksDB may have given up keys and brought deleted ones back. Throws
// DatabaseError when nothing can be mended.
RecoveredDatabase mend_database(rocksdb::Options options, const std::filesystem::path& directory,
                                const Uuid& boot);
void finish_repair(const std::filesystem::path& directory);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_RECOVERY_H_
