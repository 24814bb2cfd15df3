// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What opening makes of a database whose files have lost some of its catalog, or brought some back.
#include "engine/catalog/stored_catalog.h"

#include <gmock/gmock.h>

#include "engine/catalog/testing/edited_database.h"

namespace quern::engine {
namespace {

using ::testing::HasSubstr;

class StoredCatalogTest : public EditedDatabase {};

TEST_F(StoredCatalogTest, LostAsAWholeLeavesNoEmptyDatabase) {
  edit([](Transaction& transaction) { remove_table(transaction, 0); });
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
  ASSERT_EQ(files().size(), 2u);
  std::filesystem::remove(files().front());
  const auto nothing = [](storage::Store&) { return std::vector<std::string>(); };
  ASSERT_FALSE(storage::repair_rocks_store(options(), true, {nothing, nothing}).faults.empty());
  EXPECT_THAT(open_error(), HasSubstr("it has lost its catalog"));
}

TEST_F(StoredCatalogTest, WithoutTheEntryOfACollectionIsRefused) {
  edit([&](Transaction& transaction) { transaction.remove(as_bytes(key_of_d)); });
  EXPECT_THAT(open_error(), HasSubstr("it holds 1 table that no collection or index"));
}

TEST_F(StoredCatalogTest, WithoutItsFormatIsRefused) {
  edit([](Transaction& transaction) { transaction.remove(as_bytes(format_key())); });
  EXPECT_THAT(open_error(), HasSubstr("it has lost the entry that says in which format it is"));
}

TEST_F(StoredCatalogTest, WithADamagedEntryIsRefused) {
  edit([&](Transaction& transaction) { put(transaction, key_of_c, bson::doc("ns", "test.c")); });
  EXPECT_THAT(open_error(), HasSubstr("the catalog's entry of 'test.c' is damaged"));
}

TEST_F(StoredCatalogTest, WithAnEntryUnderAnotherNameIsRefused) {
  edit([&](Transaction& transaction) {
    put(transaction, collection_key({"test", "e"}),
        with(transaction, key_of_c, "options", bson::Value::of(bson::Document())));
  });
  EXPECT_THAT(open_error(), HasSubstr("entry of 'test.e' is that of another collection"));
}

TEST_F(StoredCatalogTest, ThatNamesATableThatCannotBeIsRefused) {
  for (const std::int64_t table : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 32}) {
    edit([&](Transaction& transaction) {
      put(transaction, key_of_d, with(transaction, key_of_d, "table", bson::Value::of(table)));
    });
    EXPECT_THAT(open_error(), HasSubstr("the catalog's entry of 'test.d' is damaged")) << table;
  }
}

TEST_F(StoredCatalogTest, ThatGivesATableToTwoIsRefused) {
  edit([&](Transaction& transaction) {
    put(transaction, collection_key({"test", "e"}),
        with(transaction, key_of_c, "ns", bson::Value::of("test.e")));
  });
  EXPECT_THAT(open_error(), HasSubstr("is that of test.c and of test.e"));
}

TEST_F(StoredCatalogTest, ThatDeletesATableInUseIsRefusedAndDeletesNothing) {
  const std::string key = doomed_key(table_of_c);
  edit([&](Transaction& transaction) { put(transaction, key, bson::Document()); });
  EXPECT_THAT(open_error(), HasSubstr("is that of test.c and of what is to be deleted"));
  edit([&](Transaction& transaction) { transaction.remove(as_bytes(key)); });
  EXPECT_EQ(TestEngine(directory()).find("c").size(), 2u);
}

// What was given out shows in the tables that there are.
TEST_F(StoredCatalogTest, WithoutItsBoundGivesOutNoTableTwice) {
  for (const bool lost : {true, false}) {
    edit([&](Transaction& transaction) {
      if (lost) {
        transaction.remove(as_bytes(next_table_key()));
      } else {
        put(transaction, next_table_key(), bson::doc("next", std::int64_t{1}));
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
  edit([](Transaction& transaction) {
    put(transaction, next_table_key(), bson::doc("next", std::int64_t{kTableLimit} - 1));
  });
  TestEngine engine(directory());
  engine.run(R"({"create": "last"})");
  EXPECT_EQ(engine.code_of(R"({"create": "one_more"})"), 1);
  engine.run(R"({"insert": "last", "documents": [{"_id": 1}]})");
  EXPECT_EQ(engine.find("last").size(), 1u);
}

}  // namespace
}  // namespace quern::engine
