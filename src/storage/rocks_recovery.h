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

namespace quern::storage {

// The sequence number of the last change of a batch that was written.
rocksdb::SequenceNumber last_sequence(const rocksdb::WriteBatch& batch);

// An open database. The members are destroyed in the order that they need.
struct RecoveredDatabase {
  std::unique_ptr<AcknowledgedMark> mark;
  std::unique_ptr<rocksdb::WalFilter> log_filter;  // used by db
  std::unique_ptr<rocksdb::DB> db;
};

// Opens the database in the directory, or creates it where there is none. Throws DatabaseError that
// says which file is damaged or missing, or how much is missing, and then nothing was changed.
RecoveredDatabase open_recovered(rocksdb::Options options, const std::filesystem::path& directory,
                                 const Uuid& boot);

// What repair_database found, a sentence each; empty: nothing is wrong.
using Findings = std::vector<std::string>;

// Says what is wrong with the database in the directory. With accept_loss it is mended so that it
// can be opened: what cannot be read is given up, and the mark set anew. Throws DatabaseError when
// there is no database, it is open elsewhere, or nothing can be mended.
Findings repair_database(rocksdb::Options options, const std::filesystem::path& directory,
                         const Uuid& boot, bool accept_loss);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_RECOVERY_H_
