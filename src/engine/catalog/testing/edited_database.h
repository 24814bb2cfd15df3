// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: a database on disk, whose store they change behind the engine's back.
#ifndef QUERN_ENGINE_CATALOG_TESTING_EDITED_DATABASE_H_
#define QUERN_ENGINE_CATALOG_TESTING_EDITED_DATABASE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/catalog/catalog_entry.h"
#include "engine/testing.h"
#include "quern/base/error.h"
#include "storage/rocks_store.h"
#include "storage/table_range.h"

namespace quern::engine {

// Collection test.c with an index on a and two documents, and test.d with one.
class EditedDatabase : public ::testing::Test {
 protected:
  using Transaction = storage::WriteTransaction;

  EditedDatabase() {
    TestEngine engine(directory());
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}, {"_id": 2, "a": 2}]})");
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
    engine.run(R"({"insert": "d", "documents": [{"_id": 3}]})");
    const auto catalog = engine.engine().catalog().snapshot();
    table_of_c = catalog->find("test.c")->table();
    table_of_index = catalog->find("test.c")->indexes().front()->table();
    table_of_d = catalog->find("test.d")->table();
  }

  const std::filesystem::path& directory() const { return directory_.path(); }
  storage::RocksOptions options() const { return {.directory = directory()}; }

  void edit(const std::function<void(Transaction&)>& change) const {
    const auto store = storage::open_rocks_store(options());
    const auto transaction = store->begin();
    change(*transaction);
    transaction->commit();
  }
  static void put(Transaction& transaction, const std::string& key, const bson::Document& value) {
    transaction.put(as_bytes(key), value.view().bytes());
  }
  static void remove_table(Transaction& transaction, std::uint32_t table) {
    const storage::TableRange range(table);
    std::vector<std::string> keys;
    const auto iterator = transaction.iterator(range);
    for (iterator->seek(range.lower()); iterator->valid(); iterator->next()) {
      keys.emplace_back(as_text(iterator->key()));
    }
    for (const std::string& key : keys) transaction.remove(as_bytes(key));
  }
  // The stored document with one member replaced.
  static bson::Document with(Transaction& transaction, const std::string& key,
                             std::string_view member, const bson::Value& value) {
    storage::PinnedValue stored;
    EXPECT_TRUE(transaction.get(as_bytes(key), stored));
    bson::Builder builder;
    for (const bson::Element& each : bson::View::parse(stored.bytes())) {
      if (each.key() == member) {
        builder.append(member, value.view());
      } else {
        builder.append(each);
      }
    }
    return builder.finish();
  }
  std::string open_error() const {
    try {
      const TestEngine engine(directory());
      return "";
    } catch (const DatabaseError& error) {
      return error.what();
    }
  }
  // RocksDB's tables, the oldest first.
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      if (entry.path().extension() == ".sst") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const std::string key_of_c = collection_key({"test", "c"});
  const std::string key_of_d = collection_key({"test", "d"});
  std::uint32_t table_of_c = 0;
  std::uint32_t table_of_index = 0;
  std::uint32_t table_of_d = 0;

 private:
  TemporaryDirectory directory_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_TESTING_EDITED_DATABASE_H_
