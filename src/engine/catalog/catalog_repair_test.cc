// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What is left of a database whose files have lost some of its catalog, or of its index entries,
// once that loss was accepted.
#include "engine/catalog/catalog_repair.h"

#include <gmock/gmock.h>

#include "engine/catalog/consistency.h"
#include "engine/catalog/testing/edited_database.h"

namespace quern::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CatalogRepairTest : public EditedDatabase {
 protected:
  // What was lost, once it can be opened again.
  std::vector<std::string> repair() const {
    EXPECT_NE(open_error(), "");
    const EngineOptions engine{.directory = directory()};
    const auto found = EngineRunner::repair(engine, false);
    EXPECT_FALSE(found.faults.empty());
    EXPECT_THAT(found.losses, IsEmpty());
    EXPECT_NE(open_error(), "") << "looking mends nothing";
    const auto mended = EngineRunner::repair(engine, true);
    EXPECT_EQ(mended.faults, found.faults);
    EXPECT_THAT(EngineRunner::repair(engine, false).faults, IsEmpty());
    EXPECT_EQ(open_error(), "");
    return mended.losses;
  }
  // Something that only repair mends.
  void damage() const { std::filesystem::remove(directory() / "ACKNOWLEDGED"); }
  static std::string found_place(std::uint32_t table) {
    return "lost_and_found.table_" + std::to_string(table);
  }
  static std::size_t count_found(TestEngine& engine, std::uint32_t table) {
    return engine
        .documents(R"({"find": "table_)" + std::to_string(table) + R"(", "$db": "lost_and_found"})")
        .size();
  }
  static std::vector<std::string> faults_of_c(TestEngine& engine) {
    const bson::Document command = bson::doc("check", 1);
    Operation operation(engine.engine(), "test", command);
    return check_records_and_indexes(operation, *operation.collection(operation.ns("c")))
        .all_faults();
  }
};

TEST_F(CatalogRepairTest, KeepsTheDocumentsOfCollectionsWhoseNamesAreLost) {
  edit([](Transaction& transaction) { remove_table(transaction, 0); });
  EXPECT_THAT(repair(),
              ElementsAre(HasSubstr(found_place(table_of_c)), HasSubstr(found_place(table_of_d))));
  TestEngine engine(directory());
  EXPECT_EQ(count_found(engine, table_of_c), 2u);
  EXPECT_EQ(count_found(engine, table_of_d), 1u);
  EXPECT_THAT(engine.documents(R"({"listCollections": 1, "$db": "lost_and_found"})"), SizeIs(2))
      << "entries of an index are no documents";
  engine.run(R"({"create": "c"})");
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST_F(CatalogRepairTest, LeavesOtherCollectionsAsTheyAre) {
  edit([&](Transaction& transaction) { transaction.remove(as_bytes(key_of_d)); });
  EXPECT_THAT(repair(), ElementsAre(HasSubstr(found_place(table_of_d))));
  TestEngine engine(directory());
  EXPECT_EQ(engine.find("c").size(), 2u);
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 2})"), "IXSCAN");
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
}

TEST_F(CatalogRepairTest, GivesUpAnEntryThatIsDamaged) {
  edit([&](Transaction& transaction) { put(transaction, key_of_c, bson::doc("ns", "test.c")); });
  EXPECT_THAT(repair(), ElementsAre(AllOf(HasSubstr("'test.c'"), HasSubstr("given up")),
                                    HasSubstr(found_place(table_of_c))));
  TestEngine engine(directory());
  EXPECT_EQ(count_found(engine, table_of_c), 2u);
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST_F(CatalogRepairTest, GivesUpASecondNameOfTheSameTable) {
  edit([&](Transaction& transaction) {
    put(transaction, collection_key({"test", "e"}),
        with(transaction, key_of_c, "ns", bson::Value::of("test.e")));
  });
  EXPECT_THAT(repair(), ElementsAre(HasSubstr("'test.e' are given up")));
  TestEngine engine(directory());
  EXPECT_EQ(engine.find("c").size(), 2u);
  EXPECT_EQ(engine.find("e").size(), 0u);
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
}

TEST_F(CatalogRepairTest, DeletesNoTableInUse) {
  edit([&](Transaction& transaction) {
    put(transaction, doomed_key(table_of_c), bson::Document());
    put(transaction, doomed_key(table_of_index), bson::Document());
  });
  EXPECT_THAT(repair(), IsEmpty());
  TestEngine engine(directory());
  EXPECT_EQ(engine.find("c").size(), 2u);
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
}

TEST_F(CatalogRepairTest, GivesAnIndexATableOfItsOwn) {
  edit([&](Transaction& transaction) {
    const bson::Document index =
        bson::doc("spec", bson::doc("v", 2, "key", bson::doc("a", 1), "name", "a"), "table",
                  static_cast<std::int64_t>(table_of_d), "multikey", false);
    put(transaction, key_of_c,
        with(transaction, key_of_c, "indexes", bson::Value::of(bson::array(index))));
  });
  EXPECT_THAT(repair(), IsEmpty());
  TestEngine engine(directory());
  EXPECT_EQ(engine.find("d").size(), 1u);
  EXPECT_EQ(engine.find("c", R"({"a": 2})").size(), 1u);
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
}

// Keys that were lost, and keys that are back.
TEST_F(CatalogRepairTest, BuildsIndexesAnew) {
  {
    TestEngine engine(directory());
    engine.run(R"({"insert": "c", "documents": [{"_id": 5, "a": [5, 6]}]})");
  }
  edit([&](Transaction& transaction) {
    remove_table(transaction, table_of_index);
    std::string stray;
    storage::append_table(stray, table_of_index);
    put(transaction, stray + "stray", bson::Document());
    std::string record;
    storage::append_table(record, table_of_c);
    storage::append_key(record, bson::doc("_id", 9).view()["_id"]);
    put(transaction, record, bson::doc("_id", 9, "a", 9));
  });
  damage();
  EXPECT_THAT(repair(), IsEmpty());
  TestEngine engine(directory());
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 9})"), "IXSCAN");
  EXPECT_EQ(engine.find("c", R"({"a": 9})").size(), 1u);
  EXPECT_EQ(engine.find("c", R"({"a": 6})").size(), 1u);
}

TEST_F(CatalogRepairTest, GivesUpAUniqueIndexThatDocumentsContradict) {
  {
    TestEngine engine(directory());
    engine.run(R"({"createIndexes": "c", "indexes": [
        {"name": "u", "key": {"a": -1}, "unique": true}, {"name": "b", "key": {"b": 1}}]})");
  }
  edit([&](Transaction& transaction) {
    std::string record;
    storage::append_table(record, table_of_c);
    storage::append_key(record, bson::doc("_id", 9).view()["_id"]);
    put(transaction, record, bson::doc("_id", 9, "a", 2));
  });
  damage();
  EXPECT_THAT(repair(), ElementsAre(AllOf(HasSubstr("The index 'u' of 'test.c' is given up"),
                                          HasSubstr("DuplicateKey"))));
  TestEngine engine(directory());
  EXPECT_EQ(engine.find("c", R"({"a": 2})").size(), 2u);
  EXPECT_THAT(faults_of_c(engine), IsEmpty());
  std::vector<std::string> names;
  for (const bson::Document& index : engine.documents(R"({"listIndexes": "c"})")) {
    names.emplace_back(index["name"].as_string());
  }
  EXPECT_THAT(names, ElementsAre("_id_", "a", "b")) << "the others are in their order";
}

// The table that holds the catalog is gone from the disk.
TEST_F(CatalogRepairTest, KeepsWhatOtherFilesHold) {
  {
    TestEngine engine(directory());
    engine.run(R"({"insert": "c", "documents": [{"_id": 4, "a": 4}]})");
  }
  ASSERT_EQ(files().size(), 2u);
  std::filesystem::remove(files().front());
  EXPECT_THAT(repair(), ElementsAre(HasSubstr(found_place(table_of_c))));
  TestEngine engine(directory());
  EXPECT_EQ(count_found(engine, table_of_c), 1u);
}

}  // namespace
}  // namespace quern::engine
