// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// create, drop, collMod, listCollections, listDatabases, renameCollection, and the catalog on disk.
#include <gmock/gmock.h>

#include <string>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "storage/key_format.h"
#include "storage/rocks_store.h"

namespace quern::engine {
namespace {

TEST(CreateCommand, ShowsItsOptionsInListCollections) {
  TestEngine engine;
  engine.run(R"({"create": "c", "validator": {"a": {"$exists": true}}})");
  const auto listed = engine.documents(R"({"listCollections": 1, "filter": {"name": "c"}})");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_REPLY(listed[0]["options"].as_document(),
               R"({"validator": {"a": {"$exists": true}}, "validationLevel": "strict",
                   "validationAction": "error"})");
  EXPECT_REPLY(listed[0]["idIndex"].as_document(),
               R"({"v": 2, "key": {"_id": 1}, "name": "_id_"})");
}

TEST(CreateCommand, RepeatedIsFineOnlyWithTheSameOptions) {
  TestEngine engine;
  const std::string clustered =
      R"({"create": "c", "clusteredIndex": {"key": {"_id": 1}, "unique": true}})";
  engine.run(clustered);
  EXPECT_EQ(engine.code_of(clustered), 0);
  EXPECT_EQ(engine.code_of(R"({"create": "c"})"), 48);
}

TEST(CreateCommand, RefusesWhatIsNotSupportedByName) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"create": "c", "capped": true, "size": 5})"), 115);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "viewOn": "d", "pipeline": []})"), 115);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "collation": {"locale": "de"}})"), 115);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "collation": {"locale": "simple"}})"), 0);
  EXPECT_EQ(engine.code_of(R"({"create": "d", "strange": 1})"), 40415);
  EXPECT_EQ(engine.code_of(R"({"create": "a$b"})"), 73);
  EXPECT_EQ(engine.code_of(R"({"create": "e", "validator": {"$bad": 1}})"), 2);
}

TEST(CreateCommand, RefusesWhatWouldHaveNoEffect) {
  TestEngine engine;
  for (const char* option :
       {R"("changeStreamPreAndPostImages": {"enabled": true})", R"("temp": true)",
        R"("storageEngine": {"wiredTiger": {"configString": "x"}})",
        R"("indexOptionDefaults": {"storageEngine": {"x": 1}})"}) {
    EXPECT_EQ(engine.code_of(std::string(R"({"create": "c", )") + option + "}"), 115) << option;
  }
  for (const char* option : {R"("pipeline": [])", R"("autoIndexId": false)"}) {
    EXPECT_EQ(engine.code_of(std::string(R"({"create": "c", )") + option + "}"), 72) << option;
  }
  EXPECT_EQ(engine.code_of(R"({"create": "c", "idIndex": {"key": {"a": 1}}})"), 2);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "changeStreamPreAndPostImages": {"enabled": false},
                               "storageEngine": {}, "temp": false, "autoIndexId": true,
                               "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}})"),
            0);
}

TEST(ListCollectionsCommand, HandsOutCursorsThatCanBeKilled) {
  TestEngine engine;
  engine.run(R"({"create": "a"})");
  engine.run(R"({"create": "b"})");
  const bson::Document reply = engine.run(R"({"listCollections": 1, "cursor": {"batchSize": 1}})");
  const std::string id = std::to_string(reply["cursor"].as_document()["id"].as_int64());
  EXPECT_REPLY(
      engine.run(R"({"killCursors": "$cmd.listCollections", "cursors": [{"$numberLong": ")" + id +
                 R"("}]})"),
      R"({"cursorsKilled": [{"$numberLong": ")" + id + R"("}], "cursorsNotFound": [],
                   "cursorsAlive": [], "cursorsUnknown": [], "ok": 1.0})");
}

TEST(ListIndexes, OfAClusteredCollectionShowsTheClusteredIndex) {
  TestEngine engine;
  engine.run(R"({"create": "c", "clusteredIndex": {"key": {"_id": 1}, "unique": true}})");
  EXPECT_DOCUMENTS(engine.documents(R"({"listIndexes": "c"})"),
                   R"([{"v": 2, "key": {"_id": 1}, "name": "_id_", "unique": true,
                        "clustered": true}])");
  EXPECT_EQ(engine.code_of(R"({"listIndexes": "none"})"), 26);
}

TEST(DropCommand, LeavesNothingBehind) {
  TestEngine engine;
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
  engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}]})");
  EXPECT_REPLY(engine.run(R"({"drop": "c"})"), R"({"nIndexesWas": 2, "ns": "test.c", "ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"drop": "c"})"), R"({"ok": 1.0})");
  engine.run(R"({"create": "c"})");
  EXPECT_EQ(engine.find("c").size(), 0u);
}

TEST(DropCommand, DropsOnlyTheCollectionWithTheUuid) {
  TestEngine engine;
  engine.run(R"({"create": "c"})");
  const bson::Document reply = engine.run_raw(
      R"({"drop": "c", "collectionUUID": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}})");
  EXPECT_EQ(reply["code"].as_int32(), 361);
  EXPECT_EQ(reply["codeName"].as_string(), "CollectionUUIDMismatch");
  const auto listed = engine.documents(R"({"listCollections": 1})");
  ASSERT_EQ(listed.size(), 1u);
  bson::Builder drop;
  drop.append("drop", "c");
  drop.append("collectionUUID", listed[0]["info"].as_document()["uuid"].value());
  EXPECT_EQ(engine.run_raw(drop.finish().view())["ok"].as_double(), 1);
  EXPECT_EQ(engine.documents(R"({"listCollections": 1})").size(), 0u);
}

TEST(DropDatabaseCommand, DropsItsCollectionsOnly) {
  TestEngine engine;
  engine.run(R"({"create": "c"})");
  engine.run(R"({"create": "c", "$db": "other"})");
  EXPECT_REPLY(engine.run(R"({"dropDatabase": 1})"), R"({"ok": 1.0})");
  EXPECT_REPLY(engine.run(R"({"listDatabases": 1, "nameOnly": true, "$db": "admin"})"),
               R"({"databases": [{"name": "other"}], "ok": 1.0})");
}

TEST(DropDatabaseCommand, SparesAdmin) {
  TestEngine engine;
  engine.run(R"({"create": "c", "$db": "admin"})");
  EXPECT_EQ(engine.code_of(R"({"dropDatabase": 1, "$db": "admin"})"), 20);
  EXPECT_EQ(engine.documents(R"({"listCollections": 1, "$db": "admin"})").size(), 1u);
}

TEST(CreateCommand, RefusesUnknownValidationEvenWithoutAValidator) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"create": "c", "validationAction": "arbitrary"})"), 2);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "validationLevel": "arbitrary"})"), 2);
  EXPECT_EQ(engine.code_of(R"({"create": "c", "validationAction": "warn"})"), 0);
}

TEST(Commands, RefuseConcernsThatNoNodeCanMeet) {
  TestEngine engine;
  const auto code = [&](const std::string& member) {
    return engine.code_of((R"({"count": "c", )" + member + "}").c_str());
  };
  EXPECT_EQ(code(R"("readConcern": {"level": "nonsense"})"), 2);
  EXPECT_EQ(code(R"("readConcern": {"level": 5})"), 14);
  EXPECT_EQ(code(R"("readConcern": 5)"), 14);
  EXPECT_EQ(code(R"("readConcern": {"level": "majority"})"), 0);
  EXPECT_EQ(code(R"("readConcern": {})"), 0);
  EXPECT_EQ(code(R"("writeConcern": {"w": 99})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"w": -1})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"w": {"$numberDouble": "NaN"}})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"w": true})"), 9);
  EXPECT_EQ(code(R"("writeConcern": "majority")"), 14);
  EXPECT_EQ(code(R"("writeConcern": null)"), 0);
  EXPECT_EQ(code(R"("writeConcern": {"w": {}})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"w": {"dc": "x"}})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"w": {"dc": 1}})"), 0);
  EXPECT_EQ(code(R"("writeConcern": {"j": "yes"})"), 14);
  EXPECT_EQ(code(R"("writeConcern": {"wtimeout": {"$numberLong": "2147483648"}})"), 9);
  EXPECT_EQ(code(R"("writeConcern": {"wtimeout": 5000})"), 0);
  EXPECT_EQ(code(R"("maxTimeMS": "5")"), 14);
  EXPECT_EQ(code(R"("maxTimeMS": -1)"), 2);
  EXPECT_EQ(code(R"("writeConcern": {"w": 2})"), 2);
  EXPECT_EQ(code(R"("writeConcern": {"w": "nowhere"})"), 2);
  EXPECT_EQ(code(R"("writeConcern": {"w": "majority"})"), 0);
  EXPECT_EQ(code(R"("writeConcern": {"w": 1.9, "j": true})"), 0);
}

TEST(Commands, HeedTheTimeLimitWithinADocument) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  EXPECT_EQ(engine.code_of(R"({"aggregate": "c", "cursor": {}, "maxTimeMS": 1, "pipeline": [
      {"$project": {"x": {"$size": {"$map": {"input": {"$range": ["$_id", 3000000]}, "in": {"$add": ["$$this", 1]}}}}}}]})"),
            50);
}

TEST(Commands, AreFoundByTheirOlderSpellings) {
  TestEngine engine;
  EXPECT_EQ(engine.code_of(R"({"buildinfo": 1})"), 0);
}

TEST(RenameCollectionCommand, KeepsDocumentsAndIndexes) {
  TestEngine engine;
  engine.run(R"({"createIndexes": "a", "indexes": [{"name": "x", "key": {"x": 1}}]})");
  engine.run(R"({"insert": "a", "documents": [{"_id": 1, "x": 5}]})");
  engine.run(R"({"renameCollection": "test.a", "to": "test.b", "$db": "admin"})");
  EXPECT_DOCUMENTS(engine.find("b", R"({"x": 5})", R"(, "hint": "x")"), R"([{"_id": 1, "x": 5}])");
  EXPECT_EQ(engine.find("a").size(), 0u);
  engine.run(R"({"insert": "a", "documents": [{"_id": 2}]})");
  EXPECT_EQ(engine.find("b").size(), 1u);
  EXPECT_EQ(engine.code_of(R"({"renameCollection": "test.a", "to": "test.b", "$db": "admin"})"),
            48);
}

TEST(RenameCollectionCommand, ChecksTheNewNameAsCreateDoes) {
  TestEngine engine;
  engine.run(R"({"create": "a"})");
  const std::string database(60, 'd');
  const std::string longest(234, 'c');
  engine.run(R"({"create": "a", "$db": ")" + database + R"("})");
  const std::string rename = R"({"renameCollection": ")" + database + R"(.a", "to": ")" + database +
                             "." + longest + R"(", "$db": "admin"})";
  EXPECT_EQ(engine.code_of(rename), 73);
  EXPECT_EQ(engine.code_of(R"({"create": ")" + longest + R"(", "$db": ")" + database + R"("})"),
            73);
}

TEST(ValidatorNow, IsTheTimeOfTheWrite) {
  ManualClock clock;  // stands at 1 600 000 000 000
  TestEngine engine(EngineOptions{.clock = &clock});
  engine.run(R"({"create": "c", "validator": {"$expr": {"$lte": ["$d", "$$NOW"]}}})");
  const auto insert = [&](std::string_view milliseconds) {
    return engine.code_of(R"({"insert": "c", "documents": [{"d": {"$date": {"$numberLong": ")" +
                          std::string(milliseconds) + R"("}}}]})");
  };
  EXPECT_EQ(insert("1600000000000"), 0);
  EXPECT_EQ(insert("1600000000001"), 121);
  EXPECT_EQ(engine.code_of(R"({"update": "c", "updates": [{"q": {}, "u": [
                {"$set": {"d": {"$add": ["$d", 1]}}}]}]})"),
            121);
}

TEST(CollModCommand, ChangesTheValidator) {
  TestEngine engine;
  engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": 1}]})");
  engine.run(R"({"collMod": "c", "validator": {"a": {"$lt": 5}}})");
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 2, "a": 7}]})"), 121);
  engine.run(R"({"collMod": "c", "validationAction": "warn"})");
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{"_id": 2, "a": 7}]})"), 0);
  engine.run(R"({"collMod": "c", "validator": {}})");
  EXPECT_REPLY(engine.documents(R"({"listCollections": 1})")[0]["options"].as_document(), "{}");
}

TEST(Catalog, RefusesAStoreOfANewerFormat) {
  const TemporaryDirectory directory;
  storage::RocksOptions options;
  options.directory = directory.path();
  {
    const auto store = storage::open_rocks_store(options);
    std::string key;
    storage::append_table(key, 0);
    key += 'f';
    const auto transaction = store->begin();
    transaction->put(as_bytes(key), bson::doc("version", 2).bytes());
    transaction->commit();
  }
  try {
    TestEngine engine(directory.path());
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_THAT(std::string(error.what()), ::testing::HasSubstr("format version 2"));
  }
}

TEST(Catalog, RemembersCollectionsOptionsAndMultikeyIndexes) {
  const TemporaryDirectory directory;
  {
    TestEngine engine(directory.path());
    engine.run(R"({"create": "c", "validator": {"a": {"$exists": true}}})");
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}}]})");
    engine.run(R"({"insert": "c", "documents": [{"_id": 1, "a": [1, 5, 9]}]})");
    engine.run(R"({"create": "gone"})");
    engine.run(R"({"drop": "gone"})");
  }
  TestEngine engine(directory.path());
  EXPECT_EQ(engine.documents(R"({"listCollections": 1})").size(), 1u);
  EXPECT_EQ(engine.code_of(R"({"insert": "c", "documents": [{}]})"), 121);
  // Were the index not known as multikey, both bounds would be applied to one element.
  EXPECT_EQ(engine.find("c", R"({"a": {"$gt": 5, "$lt": 2}})", R"(, "hint": "a")").size(), 1u);
}

TEST(HelloAndFriends, Answer) {
  TestEngine engine;
  EXPECT_REPLY(engine.run(R"({"ping": 1})"), R"({"ok": 1.0})");
  EXPECT_EQ(engine.run(R"({"buildInfo": 1})")["versionArray"].as_array().front().as_int32(), 8);
  EXPECT_TRUE(engine.run(R"({"isMaster": 1})")["ismaster"].as_bool());
  EXPECT_EQ(engine.code_of(R"({"listDatabases": 1})"), 13);
}

}  // namespace
}  // namespace quern::engine
