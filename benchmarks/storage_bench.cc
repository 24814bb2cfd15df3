// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The embedded engine against the store below it and against SQLite: inserting one document of 250
// bytes, and finding one by _id (P14, P15, P16). Write-ahead logs on, not synced, on the disk of
// the temporary directory; everything in one process, in turns.
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/harness.h"
#include "engine/engine_runner.h"
#include "quern/bson/document.h"
#include "quern/command/reply.h"

namespace {

namespace fs = std::filesystem;
using quern::ObjectId;
namespace bson = quern::bson;

constexpr int kRounds = 11;
constexpr int kOperations = 20'000;  // in a round
constexpr std::size_t kDocumentBytes = 250;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

class Directory {
 public:
  Directory() {
    std::string pattern = (fs::temp_directory_path() / "quern-bench-XXXXXX").string();
    require(mkdtemp(pattern.data()) != nullptr, "no temporary directory");
    path_ = pattern;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

bson::Document make_document(const ObjectId& id) {
  bson::Builder b;
  b.append("_id", id).append("number", 123456);
  const std::size_t rest = kDocumentBytes - b.size() - 8 - 4 - 1;
  b.append("text", std::string(rest, 'x'));
  return b.finish();
}

class Quern {
 public:
  explicit Quern(const std::string& path)
      : runner_(quern::engine::EngineOptions{
            .directory = path, .durability = {quern::storage::Durability::Mode::kNever, {}}}) {}

  void insert(const bson::Document& document) {
    bson::Builder command;
    command.reserve(document.size() + 64);
    command.append("insert", "c").open_array("documents").push(document).close();
    quern::throw_if_error(runner_.run("bench", command.finish()));
  }
  void find(const ObjectId& id) {
    bson::Builder command;
    command.append("find", "c").open_document("filter").append("_id", id).close();
    command.append("limit", 1).append("singleBatch", true);
    const bson::Document reply = runner_.run("bench", command.finish());
    const bson::View batch = reply["cursor"].as_document()["firstBatch"].as_array();
    require(!batch.empty(), "quern lost a document");
    quern::bench::keep(batch);
  }

 private:
  quern::engine::EngineRunner runner_;
};

class Rocks {
 public:
  explicit Rocks(const std::string& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 32 << 20;
    options.compression = rocksdb::kLZ4Compression;
    rocksdb::BlockBasedTableOptions table;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_cache = rocksdb::NewLRUCache(64 << 20);
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, path, &db).ok(), "RocksDB does not open");
    db_.reset(db);
  }

  void insert(const ObjectId& id, const bson::Document& document) {
    require(db_->Put({}, slice(id.bytes()), slice(document.bytes())).ok(), "RocksDB Put");
  }
  void find(const ObjectId& id) {
    value_.Reset();
    require(db_->Get({}, db_->DefaultColumnFamily(), slice(id.bytes()), &value_).ok(),
            "RocksDB Get");
    quern::bench::keep(value_);
  }

 private:
  static rocksdb::Slice slice(quern::BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::PinnableSlice value_;
};

class Sqlite {
 public:
  explicit Sqlite(const std::string& path) {
    require(sqlite3_open(path.c_str(), &db_) == SQLITE_OK, "SQLite does not open");
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=NORMAL");
    execute("CREATE TABLE c (id BLOB PRIMARY KEY, document BLOB) WITHOUT ROWID");
    prepare("INSERT INTO c VALUES (?, ?)", &insert_);
    prepare("SELECT document FROM c WHERE id = ?", &select_);
  }
  ~Sqlite() {
    sqlite3_finalize(insert_);
    sqlite3_finalize(select_);
    sqlite3_close(db_);
  }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void insert(const ObjectId& id, const bson::Document& document) {
    bind(insert_, 1, id.bytes());
    bind(insert_, 2, document.bytes());
    require(sqlite3_step(insert_) == SQLITE_DONE, "SQLite INSERT");
    sqlite3_reset(insert_);
  }
  void find(const ObjectId& id) {
    bind(select_, 1, id.bytes());
    require(sqlite3_step(select_) == SQLITE_ROW, "SQLite SELECT");
    quern::bench::keep(sqlite3_column_blob(select_, 0));
    sqlite3_reset(select_);
  }

 private:
  void execute(const char* sql) {
    require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  void prepare(const char* sql, sqlite3_stmt** statement) {
    require(sqlite3_prepare_v2(db_, sql, -1, statement, nullptr) == SQLITE_OK, sql);
  }
  static void bind(sqlite3_stmt* statement, int at, quern::BytesView bytes) {
    sqlite3_bind_blob(statement, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* select_ = nullptr;
};

// What all contenders write in one round, and in the same order.
struct Batch {
  std::vector<ObjectId> ids;
  std::vector<bson::Document> documents;
};

class Workload {
 public:
  // The batch of a contender's next round: each contender writes the same batches.
  const Batch& next(std::size_t& round) {
    if (round == batches_.size()) {
      Batch batch;
      for (int i = 0; i < kOperations; ++i) {
        batch.ids.push_back(ObjectId::generate());
        batch.documents.push_back(make_document(batch.ids.back()));
      }
      batches_.push_back(std::move(batch));
    }
    return batches_[round++];
  }
  // Ids that were written, spread over all rounds.
  ObjectId some(std::uint64_t n) const {
    n *= 0x9E3779B97F4A7C15;
    const Batch& batch = batches_[(n >> 40) % batches_.size()];
    return batch.ids[(n >> 20) % batch.ids.size()];
  }

 private:
  std::vector<Batch> batches_;
};

}  // namespace

int main() {
  const Directory directory;
  Quern quern(directory / "quern");
  Rocks rocks(directory / "rocks");
  Sqlite sqlite(directory / "sqlite");
  Workload workload;

  std::size_t quern_round = 0;
  std::size_t rocks_round = 0;
  std::size_t sqlite_round = 0;
  std::puts("insert one document of 250 bytes");
  const auto inserts = quern::bench::interleave(
      {{"Quern insert",
        [&] {
          for (const bson::Document& document : workload.next(quern_round).documents) {
            quern.insert(document);
          }
        },
        kOperations},
       {"RocksDB Put",
        [&] {
          const Batch& batch = workload.next(rocks_round);
          for (int i = 0; i < kOperations; ++i) rocks.insert(batch.ids[i], batch.documents[i]);
        },
        kOperations},
       {"SQLite INSERT, WAL, synchronous=NORMAL",
        [&] {
          const Batch& batch = workload.next(sqlite_round);
          for (int i = 0; i < kOperations; ++i) sqlite.insert(batch.ids[i], batch.documents[i]);
        },
        kOperations}},
      kRounds);

  std::uint64_t n = 0;
  std::puts("find one document by _id, at random");
  const auto spread = [&](auto& peer) {
    return [&] {
      for (int i = 0; i < kOperations; ++i) peer.find(workload.some(n + static_cast<unsigned>(i)));
    };
  };
  std::vector<quern::bench::Contender> finders = {{"Quern find", spread(quern), kOperations},
                                                  {"RocksDB Get", spread(rocks), kOperations},
                                                  {"SQLite SELECT", spread(sqlite), kOperations}};
  const auto finds = quern::bench::interleave(finders, kRounds);

  quern::bench::print_ratio("P14", inserts[1] / inserts[0], 0.6);
  quern::bench::print_ratio("P15 (RocksDB Get)", finds[1] / finds[0], 0.6);
  quern::bench::print_ratio("P15 (SQLite)", finds[2] / finds[0], 1.0);
  quern::bench::print_ratio("P16", inserts[2] / inserts[0], 3);
  return 0;
}
