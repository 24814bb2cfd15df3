// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/operation.h"

#include <gtest/gtest.h>

#include "engine/testing.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

// A collection with one document per millisecond around the time at which the clock stands.
class Now : public ::testing::Test {
 protected:
  Now() {
    engine.run(R"({"insert": "c", "documents": [
        {"_id": -1, "d": {"$date": {"$numberLong": "1599999999999"}}},
        {"_id": 0, "d": {"$date": {"$numberLong": "1600000000000"}}},
        {"_id": 1, "d": {"$date": {"$numberLong": "1600000000001"}}}]})");
  }

  // How many documents a find, count, delete, … with the command's filter and let gives.
  std::int64_t n(std::string_view command) {
    const bson::Document reply = engine.run(command);
    return reply["n"].whole_number().value_or(-1);
  }
  bson::Document only(std::string_view cursor_command) {
    const auto found = engine.documents(cursor_command);
    EXPECT_EQ(found.size(), 1u) << cursor_command;
    return found.empty() ? bson::Document() : found.front();
  }

  ManualClock clock;  // stands at 1 600 000 000 000
  TestEngine engine{EngineOptions{.clock = &clock}};
};

TEST_F(Now, IsTheTimeOfTheCommandInEveryFilter) {
  const std::string filter = R"({"$expr": {"$eq": ["$d", "$$NOW"]}})";
  const std::string by_let = R"({"$expr": {"$eq": ["$d", "$$t"]}})";
  EXPECT_EQ(only(R"({"find": "c", "filter": )" + filter + "}")["_id"].as_int32(), 0);
  EXPECT_EQ(
      only(R"({"find": "c", "let": {"t": "$$NOW"}, "filter": )" + by_let + "}")["_id"].as_int32(),
      0);
  EXPECT_EQ(n(R"({"count": "c", "query": )" + filter + "}"), 1);
  const bson::Document distinct =
      engine.run(R"({"distinct": "c", "key": "_id", "query": )" + filter + "}");
  EXPECT_EQ(distinct["values"].as_array().front().as_int32(), 0);
  EXPECT_EQ(
      only(R"({"aggregate": "c", "cursor": {}, "pipeline": [{"$match": )" + filter + "}]}")["_id"]
          .as_int32(),
      0);
  EXPECT_EQ(only(R"({"aggregate": "c", "cursor": {}, "let": {"t": "$$NOW"}, "pipeline": [
                     {"$match": )" +
                 by_let + "}]}")["_id"]
                .as_int32(),
            0);
  const auto returned = [&](const std::string& explained) {
    const bson::Document reply =
        engine.run(R"({"explain": )" + explained + R"(, "verbosity": "executionStats"})");
    return reply.view().at_path("executionStats.nReturned").whole_number();
  };
  EXPECT_EQ(returned(R"({"find": "c", "filter": )" + filter + "}"), 1);
  EXPECT_EQ(returned(R"({"delete": "c", "let": {"t": "$$NOW"}, "deletes": [{"limit": 0, "q": )" +
                     by_let + "}]}"),
            1);
}

TEST_F(Now, IsTheTimeOfTheCommandInEveryWrite) {
  const std::string filter = R"({"$expr": {"$eq": ["$d", "$$NOW"]}})";
  const std::string by_let = R"({"$expr": {"$eq": ["$d", "$$t"]}})";
  const std::string let = R"(, "let": {"t": "$$NOW"}})";
  EXPECT_EQ(n(R"({"update": "c", "updates": [{"q": )" + filter +
              R"(, "u": [{"$set": {"a": "$$NOW"}}]}]})"),
            1);
  EXPECT_EQ(n(R"({"update": "c", "updates": [{"q": )" + by_let +
              R"(, "u": [{"$set": {"b": "$$t"}}]}])" + let),
            1);
  EXPECT_EQ(
      n(R"({"update": "c", "updates": [{"q": {"_id": 0}, "u": {"$currentDate": {"c": true}}}]})"),
      1);
  EXPECT_EQ(engine
                .run(R"({"findAndModify": "c", "query": )" + by_let +
                     R"(, "update": [{"$set": {"e": "$$t", "f": "$$NOW"}}])" + let)["value"]
                .as_document()["_id"]
                .as_int32(),
            0);
  const bson::Document stored = only(R"({"find": "c", "filter": {"_id": 0}})");
  for (const char* member : {"a", "b", "c", "e", "f"}) {
    EXPECT_EQ(stored[member].as_date(), stored["d"].as_date()) << member;
  }
  EXPECT_EQ(n(R"({"delete": "c", "deletes": [{"limit": 0, "q": )" + filter + "}]}"), 1);
  engine.run(R"({"insert": "c", "documents": [
      {"_id": 5, "d": {"$date": {"$numberLong": "1600000000000"}}}]})");
  EXPECT_EQ(n(R"({"delete": "c", "deletes": [{"limit": 0, "q": )" + by_let + "}]" + let), 1);
}

}  // namespace
}  // namespace quern::engine
