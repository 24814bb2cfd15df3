// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which migrations a database has seen: the collection quern_migrations, one document each, as
// docs/format/migrations.md describes it.
#ifndef QUERN_MIGRATIONS_HISTORY_H_
#define QUERN_MIGRATIONS_HISTORY_H_

#include <string>
#include <vector>

#include "migrations/database.h"
#include "migrations/graph.h"

namespace quern::migrations {

struct HistoryEntry {
  MigrationKey key;
  bson::Date applied = {};
  std::string hash = {};                  // Migration::hash() when it was applied
  std::vector<std::string> skipped = {};  // operations that the routers kept out of this database
  bool faked = false;
};

// Borrows the database.
class History {
 public:
  static constexpr std::string_view kCollection = "quern_migrations";

  explicit History(Database& database) : database_(database) {}

  // None when the collection or the database does not exist; then it is not created either.
  std::vector<HistoryEntry> read() const;
  void record(const HistoryEntry& entry);  // creates the collection
  void forget(const MigrationKey& key);

 private:
  Database& database_;
};

Applied applied_keys(const std::vector<HistoryEntry>& entries);

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_HISTORY_H_
