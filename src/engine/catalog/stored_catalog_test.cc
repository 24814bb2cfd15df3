// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What opening makes of a database whose files have lost some of its catalog, or brought some back.
#include "engine/catalog/stored_catalog.h"

#include <gmock/gmock.h>
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
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StoredCatalogTest : public ::testing::Test {
 protected:
  StoredCatalogTest() {
    TestEngine engine(directory());
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}, {"_id": 2, "a": 2}]})");
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
    engine.run(R"({"insert": "d", "documents": [{"_id": 3}]})");
    table_of_c = engine.engine().catalog().snapshot()->find("test.c")->table();
  }

  const fs::path& directory() const { return directory_.path(); }
  storage::RocksOptions options() const {
    storage::RocksOptions options;
    options.directory = directory();
    return options;
  }
  // Changes what is stored behind the engine's back.
  void edit(const std::function<void(storage::WriteTransaction&)>& change) const {
    const auto store = storage::open_rocks_store(options());
    const auto transaction = store->begin();
    change(*transaction);
    transaction->commit();
  }
  static bson::Document stored(storage::WriteTransaction& transaction, const std::string& key) {
    storage::PinnedValue value;
    EXPECT_TRUE(transaction.get(as_bytes(key), value));
    return bson::Document(bson::View::parse(value.bytes()));
  }
  std::string open_error() const {
    try {
      const TestEngine engine(directory());
      return "";
    } catch (const DatabaseError& error) {
      return error.what();
    }
  }
  std::vector<fs::path> tables() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory())) {
      if (entry.path().extension() == ".sst") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const std::string key_of_c = collection_key({"test", "c"});
  const std::string key_of_d = collection_key({"test", "d"});
  std::uint32_t table_of_c = 0;

 private:
  TemporaryDirectory directory_;
};

TEST_F(StoredCatalogTest, LostAsAWholeLeavesNoEmptyDatabase) {
  edit([](storage::WriteTransaction& transaction) {
    std::vector<std::string> keys;
    const auto iterator = transaction.iterator(storage::TableRange(0));
    for (iterator->seek({}); iterator->valid(); iterator->next()) {
      keys.emplace_back(as_text(iterator->key()));
    }
    for (const std::string& key : keys) transaction.remove(as_bytes(key));
  });
  EXPECT_THAT(open_error(), HasSubstr("it has lost its catalog, which says what its collections "
                                      "are; it holds 3 tables that no collection"));
  EXPECT_THAT(open_error(), HasSubstr("it has lost its catalog")) << "and goes on refusing";
}

// The table that holds the catalog is gone, and RocksDB does without it.
TEST_F(StoredCatalogTest, LostWithAFileLeavesNoEmptyDatabase) {
  {
    TestEngine engine(directory());
    engine.run(R"({"insert": "c", "documents": [{"_id": 4, "a": 4}]})");
  }
  ASSERT_EQ(tables().size(), 2u);
  fs::remove(tables().front());
  ASSERT_FALSE(storage::repair_rocks_store(options(), true).empty());
  EXPECT_THAT(open_error(), HasSubstr("it has lost its catalog"));
}

TEST_F(StoredCatalogTest, WithoutTheEntryOfACollectionIsRefused) {
  edit([&](storage::WriteTransaction& transaction) { transaction.remove(as_bytes(key_of_d)); });
  EXPECT_THAT(open_error(), HasSubstr("it holds 1 table that no collection or index"));
}

TEST_F(StoredCatalogTest, WithoutItsFormatIsRefused) {
  edit([](storage::WriteTransaction& transaction) { transaction.remove(as_bytes(format_key())); });
  EXPECT_THAT(open_error(), HasSubstr("it has lost the entry that says in which format it is"));
}

TEST_F(StoredCatalogTest, WithADamagedEntryIsRefused) {
  edit([&](storage::WriteTransaction& transaction) {
    transaction.put(as_bytes(key_of_c), bson::doc("ns", "test.c").view().bytes());
  });
  EXPECT_THAT(open_error(), HasSubstr("the catalog's entry of 'test.c' is damaged"));
}

TEST_F(StoredCatalogTest, WithAnEntryUnderAnotherNameIsRefused) {
  edit([&](storage::WriteTransaction& transaction) {
    transaction.put(as_bytes(collection_key({"test", "e"})),
                    stored(transaction, key_of_c).view().bytes());
  });
  EXPECT_THAT(open_error(), HasSubstr("entry of 'test.e' is that of another collection"));
}

TEST_F(StoredCatalogTest, ThatNamesATableThatCannotBeIsRefused) {
  for (const std::int64_t table : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 32}) {
    edit([&](storage::WriteTransaction& transaction) {
      bson::Builder entry;
      const bson::Document before = stored(transaction, key_of_d);
      for (const bson::Element& member : before.view()) {
        if (member.key() == "table") {
          entry.append("table", table);
        } else {
          entry.append(member);
        }
      }
      transaction.put(as_bytes(key_of_d), entry.finish().view().bytes());
    });
    EXPECT_THAT(open_error(), HasSubstr("the catalog's entry of 'test.d' is damaged")) << table;
  }
}

TEST_F(StoredCatalogTest, ThatGivesATableToTwoIsRefused) {
  edit([&](storage::WriteTransaction& transaction) {
    bson::Builder entry;
    const bson::Document before = stored(transaction, key_of_c);
    for (const bson::Element& member : before.view()) {
      if (member.key() == "ns") {
        entry.append("ns", "test.e");
      } else {
        entry.append(member);
      }
    }
    transaction.put(as_bytes(collection_key({"test", "e"})), entry.finish().view().bytes());
  });
  EXPECT_THAT(open_error(), HasSubstr("is that of test.c and of test.e"));
}

TEST_F(StoredCatalogTest, ThatDeletesATableInUseIsRefusedAndDeletesNothing) {
  const std::string key = doomed_key(table_of_c);
  edit([&](storage::WriteTransaction& transaction) {
    transaction.put(as_bytes(key), bson::Document().view().bytes());
  });
  EXPECT_THAT(open_error(), HasSubstr("is that of test.c and of what is to be deleted"));
  edit([&](storage::WriteTransaction& transaction) { transaction.remove(as_bytes(key)); });
  EXPECT_EQ(TestEngine(directory()).find("c").size(), 2u);
}

// What was given out shows in the tables that there are.
TEST_F(StoredCatalogTest, WithoutItsBoundGivesOutNoTableTwice) {
  for (const bool lost : {true, false}) {
    edit([&](storage::WriteTransaction& transaction) {
      if (lost) {
        transaction.remove(as_bytes(next_table_key()));
      } else {
        transaction.put(as_bytes(next_table_key()),
                        bson::doc("next", std::int64_t{1}).view().bytes());
      }
    });
    TestEngine engine(directory());
    engine.run(R"({"create": "e"})");
    EXPECT_EQ(engine.find("e").size(), 0u);
    EXPECT_EQ(engine.find("c").size(), 2u);
    EXPECT_EQ(engine.find("d").size(), 1u);
    engine.run(R"({"drop": "e"})");
  }
}

TEST_F(StoredCatalogTest, ThatHasGivenOutAllTablesMakesNoCollection) {
  edit([](storage::WriteTransaction& transaction) {
    transaction.put(as_bytes(next_table_key()),
                    bson::doc("next", std::int64_t{kTableLimit} - 1).view().bytes());
  });
  TestEngine engine(directory());
  engine.run(R"({"create": "last"})");
  EXPECT_EQ(engine.code_of(R"({"create": "one_more"})"), 1);
  engine.run(R"({"insert": "last", "documents": [{"_id": 1}]})");
  EXPECT_EQ(engine.find("last").size(), 1u);
}

}  // namespace
}  // namespace quern::engine
