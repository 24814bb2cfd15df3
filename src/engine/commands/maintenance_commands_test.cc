// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// compact, validate, collStats, dbStats, and a database that is read only.
#include <gmock/gmock.h>

#include <fstream>
#include <string>

#include "engine/catalog/testing/edited_database.h"
#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void insert_large(TestEngine& engine, int count) {
  const std::string text(4000, 'x');
  for (int i = 0; i < count; ++i) {
    // Not to be compressed away.
    engine.run(R"({"insert": "c", "documents": [{"_id": )" + std::to_string(i) + R"(, "text": ")" +
               std::to_string(i * 7919) + text + "\"}]}");
  }
}

TEST(CompactCommand, GivesTheSpaceOfDeletedDocumentsBack) {
  TemporaryDirectory directory;
  TestEngine engine(directory.path());
  insert_large(engine, 500);
  engine.run(R"({"compact": "c"})");  // to the disk
  const auto size = [&] { return engine.run(R"({"collStats": "c"})")["storageSize"].as_int64(); };
  const std::int64_t before = size();
  EXPECT_GT(before, 0);
  engine.run(R"({"delete": "c", "deletes": [{"q": {"_id": {"$gte": 10}}, "limit": 0}]})");
  const bson::Document reply = engine.run(R"({"compact": "c", "force": true, "comment": "now"})");
  EXPECT_GT(reply["bytesFreed"].as_int64(), 0);
  EXPECT_LT(size(), before / 2);
  EXPECT_EQ(engine.find("c").size(), 10u);
}

TEST(CompactCommand, IsOfACollectionThatIsThere) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"compact": "c"})"), 26);
  engine.run(R"({"create": "c"})");
  EXPECT_REPLY(engine.run(R"({"compact": "c"})"),
               R"({"bytesFreed": {"$numberLong": "0"}, "ok": 1.0})");
  EXPECT_EQ(engine.code_of(R"({"compact": 1})"), 73);
  EXPECT_EQ(engine.code_of(R"({"compact": "c", "forced": true})"), 40415);
  EXPECT_EQ(engine.code_of(R"({"compact": "c", "dryRun": true})"), 115);
}

class ValidateCommandTest : public EditedDatabase {
 protected:
  bson::Document validate(const std::string& more = "") const {
    TestEngine engine(directory());
    return engine.run(R"({"validate": "c")" + more + "}");
  }
};

TEST_F(ValidateCommandTest, ReportsWhatACollectionHolds) {
  const bson::Document reply = validate(R"(, "full": true)");
  const bson::View view = reply.view();
  EXPECT_EQ(view["ns"].as_string(), "test.c");
  EXPECT_NO_THROW(view["uuid"].as_uuid());
  EXPECT_EQ(view["nrecords"].as_int64(), 2);
  EXPECT_EQ(view["nInvalidDocuments"].as_int64(), 0);
  EXPECT_EQ(view["nNonCompliantDocuments"].as_int64(), 0);
  EXPECT_EQ(view["nIndexes"].as_int32(), 2);
  EXPECT_REPLY(view["keysPerIndex"].as_document(),
               R"({"_id_": {"$numberLong": "2"}, "a": {"$numberLong": "2"}})");
  EXPECT_REPLY(view["indexDetails"].as_document(),
               R"({"_id_": {"valid": true}, "a": {"valid": true}})");
  EXPECT_TRUE(view["valid"].as_bool());
  EXPECT_FALSE(view["repaired"].as_bool());
  EXPECT_TRUE(view["warnings"].as_array().empty());
  EXPECT_TRUE(view["errors"].as_array().empty());
}

TEST_F(ValidateCommandTest, FindsIndexEntriesThatAreMissingAndThatAreTooMany) {
  edit([&](Transaction& transaction) {
    remove_table(transaction, table_of_index);
    std::string stray;
    storage::append_table(stray, table_of_index);
    put(transaction, stray + "stray", bson::Document());
  });
  const bson::Document reply = validate();
  EXPECT_FALSE(reply["valid"].as_bool());
  EXPECT_REPLY(reply["indexDetails"].as_document(), R"({"_id_": {"valid": true},
      "a": {"valid": false, "errors": ["index 'a' lacks 2 entries",
                                       "index 'a' has 1 entries that no record has"]}})");
  EXPECT_EQ(reply["errors"].as_array().count(), 2u);
}

// The entry is there, and leads to another document.
TEST_F(ValidateCommandTest, FindsEntriesOfAUniqueIndexThatLeadElsewhere) {
  std::uint32_t table = 0;
  {
    TestEngine engine(directory());
    engine.run(R"({"createIndexes": "c", "indexes": [
        {"name": "u", "key": {"a": -1}, "unique": true}]})");
    table = engine.engine().catalog().snapshot()->find("test.c")->find_index("u")->table();
  }
  edit([&](Transaction& transaction) {
    const storage::TableRange range(table);
    std::string first;
    {
      const auto iterator = transaction.iterator(range);
      iterator->seek(range.lower());
      first = as_text(iterator->key());
    }
    std::string elsewhere;
    storage::append_key(elsewhere, bson::doc("_id", 77).view()["_id"]);
    transaction.put(as_bytes(first), as_bytes(elsewhere));
  });
  const bson::Document reply = validate();
  EXPECT_FALSE(reply["valid"].as_bool());
  EXPECT_THAT(bson::to_json(reply), HasSubstr("index 'u' lacks 1 entries"));
}

TEST_F(ValidateCommandTest, FindsRecordsThatAreNoDocuments) {
  edit([&](Transaction& transaction) {
    std::string record;
    storage::append_table(record, table_of_c);
    storage::append_key(record, bson::doc("_id", 9).view()["_id"]);
    transaction.put(as_bytes(record), as_bytes(std::string("no document")));
    record.resize(storage::kTableSize);
    storage::append_key(record, bson::doc("_id", 10).view()["_id"]);
    put(transaction, record, bson::doc("_id", 11));
  });
  const bson::Document reply = validate();
  EXPECT_FALSE(reply["valid"].as_bool());
  EXPECT_EQ(reply["nInvalidDocuments"].as_int64(), 2);
  EXPECT_EQ(reply["nrecords"].as_int64(), 4);
  EXPECT_THAT(bson::to_json(reply), HasSubstr("record 2 of 'test.c' is no document"));
}

TEST_F(ValidateCommandTest, WarnsOfDocumentsThatTheValidatorWouldRefuse) {
  {
    TestEngine engine(directory());
    engine.run(R"({"collMod": "c", "validator": {"a": {"$gt": 1}}})");
  }
  const bson::Document reply = validate();
  EXPECT_TRUE(reply["valid"].as_bool());
  EXPECT_EQ(reply["nNonCompliantDocuments"].as_int64(), 1);
  EXPECT_EQ(reply["warnings"].as_array().count(), 1u);
}

TEST_F(ValidateCommandTest, InFullReadsFilesThatNobodyElseReads) {
  const std::filesystem::path file = files().front();
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(5);
    const int byte = stream.get() ^ 1;
    stream.seekp(5);
    stream.put(static_cast<char>(byte));
  }
  // The catalog lies there, too: where it is damaged nothing is opened at all.
  std::string said;
  try {
    said = bson::to_json(validate(R"(, "full": true)"));
  } catch (const DatabaseError& error) {
    said = error.what();
  }
  EXPECT_THAT(said, HasSubstr("its file " + file.filename().string() + " is damaged"));
}

TEST_F(ValidateCommandTest, RefusesWhatItDoesNotDo) {
  TestEngine engine(directory());
  EXPECT_EQ(engine.code_of(R"({"validate": "none"})"), 26);
  EXPECT_EQ(engine.code_of(R"({"validate": "c", "repair": true})"), 115);
  EXPECT_EQ(engine.code_of(R"({"validate": "c", "metadata": true})"), 115);
  EXPECT_EQ(engine.code_of(R"({"validate": "c", "fully": true})"), 40415);
  EXPECT_EQ(engine.code_of(R"({"validate": "c", "background": true, "repair": false})"), 0);
}

TEST(CollStatsCommand, CountsDocumentsAndTheirBytes) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 2, "a": 5}]})");
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  const bson::Document reply = engine.run(R"({"collStats": "c"})");
  EXPECT_EQ(reply["ns"].as_string(), "test.c");
  EXPECT_EQ(reply["count"].as_int64(), 2);
  EXPECT_EQ(reply["size"].as_int64(), 14 + 21);
  EXPECT_EQ(reply["avgObjSize"].as_int64(), 17);
  EXPECT_EQ(reply["nindexes"].as_int64(), 2);
  EXPECT_EQ(reply["scaleFactor"].as_int64(), 1);
  EXPECT_EQ(reply["totalSize"].as_int64(),
            reply["storageSize"].as_int64() + reply["totalIndexSize"].as_int64());
  std::vector<std::string> indexes;
  for (const bson::Element& index : reply["indexSizes"].as_document()) {
    indexes.emplace_back(index.key());
  }
  EXPECT_THAT(indexes, ElementsAre("_id_", "a"));
  const bson::Document scaled = engine.run(R"({"collStats": "c", "scale": 10})");
  EXPECT_EQ(scaled["size"].as_int64(), 3);
  EXPECT_EQ(scaled["avgObjSize"].as_int64(), 17);
  EXPECT_EQ(scaled["scaleFactor"].as_int64(), 10);
}

TEST(CollStatsCommand, OfNoCollectionIsAllZeros) {
  TestEngine engine;
  const bson::Document reply = engine.run(R"({"collStats": "none"})");
  EXPECT_EQ(reply["count"].as_int64(), 0);
  EXPECT_EQ(reply["nindexes"].as_int64(), 0);
  EXPECT_FALSE(reply.view().contains("avgObjSize"));
  EXPECT_EQ(engine.code_of(R"({"collStats": "c", "scale": 0})"), 2);
  EXPECT_EQ(engine.code_of(R"({"collStats": "c", "scales": 1})"), 40415);
}

TEST(DbStatsCommand, SumsUpTheCollections) {
  TemporaryDirectory directory;
  TestEngine engine({.directory = directory.path()});
  engine.run(R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 2}]})");
  engine.run(R"({"insert": "d", "documents": [{"_id": 1}, {"_id": 2, "a": 5}]})");
  engine.run(R"({"createIndexes": "d", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  engine.run(R"({"insert": "c", "documents": [{"_id": 1}], "$db": "other"})");
  const bson::Document reply = engine.run(R"({"dbStats": 1, "freeStorage": 1})");
  EXPECT_EQ(reply["db"].as_string(), "test");
  EXPECT_EQ(reply["collections"].as_int64(), 2);
  EXPECT_EQ(reply["objects"].as_int64(), 4);
  EXPECT_EQ(reply["indexes"].as_int64(), 3);
  EXPECT_EQ(reply["dataSize"].as_double(), 3 * 14 + 21);
  EXPECT_EQ(reply["avgObjSize"].as_double(), (3 * 14 + 21) / 4.0);
  EXPECT_EQ(reply["totalSize"].as_double(),
            reply["storageSize"].as_double() + reply["indexSize"].as_double());
  EXPECT_EQ(reply["totalFreeStorageSize"].as_double(), 0.0);
  EXPECT_GT(reply["fsTotalSize"].as_double(), reply["fsUsedSize"].as_double());
  EXPECT_EQ(engine.run(R"({"dbStats": 1, "scale": 2})")["dataSize"].as_double(),
            (3 * 14 + 21) / 2.0);
  EXPECT_EQ(engine.run(R"({"dbStats": 1, "$db": "none"})")["objects"].as_int64(), 0);
}

TEST_F(EditedDatabase, ThatIsReadOnlyIsReadAndNotWritten) {
  EngineOptions options{.directory = directory()};
  options.read_only = true;
  TestEngine engine(options);
  EXPECT_EQ(engine.find("c", R"({"a": 2})").size(), 1u);
  EXPECT_EQ(engine.winning_stage("c", R"({"a": 2})"), "IXSCAN");
  EXPECT_TRUE(engine.run(R"({"hello": 1})")["readOnly"].as_bool());
  EXPECT_TRUE(engine.run(R"({"validate": "c", "full": true})")["valid"].as_bool());
  for (const char* write :
       {R"({"insert": "c", "documents": [{"_id": 9}]})", R"({"create": "e"})", R"({"drop": "c"})",
        R"({"update": "c", "updates": [{"q": {"_id": 99}, "u": {"$set": {"b": 1}}}]})",
        R"({"delete": "c", "deletes": [{"q": {}, "limit": 0}]})", R"({"compact": "c"})",
        R"({"createIndexes": "c", "indexes": [{"name": "b", "key": {"b": 1}}]})"}) {
    EXPECT_EQ(engine.code_of(write), 20) << write;
  }
  TestSession session(engine);
  session.run(R"({"find": "c"})");
  EXPECT_REPLY(session.commit(), R"({"ok": 1.0})");
  session.start();
  EXPECT_EQ(session.run_raw(R"({"insert": "c", "documents": [{"_id": 9}]})")["code"].as_int32(),
            20);
}

}  // namespace
}  // namespace quern::engine
