// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A cursor of a multi-document transaction that writes between two batches: what it has not handed
// out yet is what there is by then.
#include <gtest/gtest.h>

#include <string>

#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

class TransactionCursor : public ::testing::Test {
 protected:
  TransactionCursor() {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a", "key": {"a": 1}},
                   {"name": "u", "key": {"u": 1}, "unique": true, "sparse": true}]})");
    std::string list;
    for (int i = 1; i <= 8; ++i) {
      const std::string n = std::to_string(i);
      list +=
          (i == 1 ? "" : ", ") + (R"({"_id": )" + n) + R"(, "a": )" + n + R"(, "u": )" + n + "}";
    }
    engine.run(R"({"insert": "c", "documents": [)" + list + "]}");
  }

  // The ids that a find hands out by twos; after the first two the statement runs.
  std::string ids(const std::string& members, std::string_view statement) {
    return read(R"({"find": "c", "batchSize": 2, )" + members + "}", statement);
  }
  std::string read(const std::string& query, std::string_view statement) {
    session.start();
    bson::Document reply = session.run(query);
    std::string ids;
    for (bool written = false;;) {
      const bson::View cursor = reply["cursor"].as_document();
      const bson::Element first = cursor["firstBatch"];
      for (const bson::Element& each : (first ? first : cursor["nextBatch"]).as_array()) {
        ids += std::to_string(*each.as_document()["_id"].whole_number());
      }
      const std::int64_t id = cursor["id"].as_int64();
      if (id == 0) break;
      if (!written) session.run(statement);
      written = true;
      reply = session.run(R"({"getMore": {"$numberLong": ")" + std::to_string(id) +
                          R"("}, "collection": "c", "batchSize": 2})");
    }
    session.abort();
    return ids;
  }

  TestEngine engine;
  TestSession session{engine};
};

constexpr const char* kDeleteMost =
    R"({"delete": "c", "deletes": [{"q": {"_id": {"$in": [2, 3, 4, 6, 7]}}, "limit": 0}]})";
constexpr const char* kInsertAhead =
    R"({"insert": "c", "documents": [{"_id": 0, "a": 0}, {"_id": 9, "a": 9, "u": 9}]})";

TEST_F(TransactionCursor, SkipsWhatTheTransactionDeleted) {
  EXPECT_EQ(ids(R"("filter": {})", kDeleteMost), "1258");
  EXPECT_EQ(ids(R"("filter": {"a": {"$gte": 0}})", kDeleteMost), "1258");
  EXPECT_EQ(ids(R"("filter": {"u": {"$gte": 0}})", kDeleteMost), "1258");
  EXPECT_EQ(ids(R"("filter": {"_id": {"$gte": 0}}, "sort": {"_id": -1})", kDeleteMost), "8751");
  EXPECT_EQ(ids(R"("filter": {}, "sort": {"a": -1})", kDeleteMost), "8751");
}

TEST_F(TransactionCursor, ShowsWhatTheTransactionInsertedAhead) {
  EXPECT_EQ(ids(R"("filter": {})", kInsertAhead), "123456789");
  EXPECT_EQ(ids(R"("filter": {"a": {"$gte": 0}})", kInsertAhead), "123456789");
  EXPECT_EQ(ids(R"("filter": {}, "sort": {"a": -1})", kInsertAhead), "876543210");
  EXPECT_EQ(ids(R"("filter": {"a": {"$in": [1, 2, 3, 9]}})", kInsertAhead), "1239");
}

TEST_F(TransactionCursor, SkipsWhatMatchesNoMore) {
  const char* move = R"({"update": "c", "updates": [{"q": {"a": {"$gt": 4}},
                         "u": {"$inc": {"a": -100, "u": -100}}, "multi": true}]})";
  EXPECT_EQ(ids(R"("filter": {"a": {"$gte": 0}})", move), "1234");
  EXPECT_EQ(ids(R"("filter": {"u": {"$gte": 0}})", move), "1234");
  EXPECT_EQ(ids(R"("filter": {"a": {"$gte": 0}}, "hint": {"$natural": 1})", move), "1234");
}

TEST_F(TransactionCursor, ShowsADocumentOnceThatGotSeveralKeys) {
  EXPECT_EQ(
      ids(R"("filter": {"a": {"$gte": 0}})",
          R"({"update": "c", "updates": [{"q": {"_id": 5}, "u": {"$set": {"a": [5, 6, 7]}}}]})"),
      "12345678");
}

TEST_F(TransactionCursor, AsksTheFilterAboutADocumentThatGotSeveralKeys) {
  EXPECT_EQ(ids(R"("filter": {"a": {"$ne": 6}})",
                R"({"update": "c", "updates": [{"q": {"_id": 5}, "u": {"$set": {"a": [5, 6]}}}]})"),
            "123478");
}

TEST_F(TransactionCursor, GoesOnThroughWritesOfTheTransactionBeforeIt) {
  // Enough of them to move what the transaction holds in memory.
  std::string list;
  for (int i = 100; i < 1100; ++i) {
    list += (i == 100 ? "" : ", ") + (R"({"_id": )" + std::to_string(i)) + R"(, "text": ")" +
            std::string(100, 'x') + R"("})";
  }
  session.start();
  session.run(R"({"insert": "c", "documents": [{"_id": 9, "list": [1, 2, 3, 4]}]})");
  bson::Document reply = session.run(
      R"({"aggregate": "c", "pipeline": [{"$match": {"_id": {"$lt": 10}, "list": {"$exists": true}}},
          {"$unwind": "$list"}], "cursor": {"batchSize": 2}})");
  session.run(R"({"insert": "c", "documents": [)" + list + "]}");
  const std::int64_t id = reply["cursor"].as_document()["id"].as_int64();
  reply = session.run(R"({"getMore": {"$numberLong": ")" + std::to_string(id) +
                      R"("}, "collection": "c"})");
  std::string rest;
  for (const bson::Element& each : reply["cursor"].as_document()["nextBatch"].as_array()) {
    rest += bson::to_json(each.as_document());
  }
  EXPECT_EQ(rest, normalised(R"({"_id": 9, "list": 3})") + normalised(R"({"_id": 9, "list": 4})"));
}

}  // namespace
}  // namespace quern::engine
