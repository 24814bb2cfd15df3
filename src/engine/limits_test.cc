// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an engine refuses so that it stays alive and what it has stays right: commands in a forked
// process, deep documents, more cursors than anybody reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

using ::testing::HasSubstr;

// {a: {a: … 1 … }}, so many documents in one another.
bson::Document nested(int levels) {
  bson::Document document = bson::doc("a", 1);
  for (int i = 1; i < levels; ++i) document = bson::doc("a", document);
  return document;
}

TEST(ForkedEngine, RefusesInTheChildAndGoesOnInTheParent) {
  const TemporaryDirectory directory;
  auto engine = std::make_unique<TestEngine>(directory.path());
  engine->run(R"({"insert": "c", "documents": [{"_id": 1}]})");
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // where it hangs
    const bool refused = engine->code_of(R"({"insert": "c", "documents": [{"_id": 2}]})") == 20 &&
                         engine->code_of(R"({"find": "c"})") == 20;
    engine.reset();
    ::_exit(refused ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  engine->run(R"({"insert": "c", "documents": [{"_id": 3}]})");
  engine.reset();
  TestEngine again(directory.path());
  EXPECT_DOCUMENTS(again.find("c"), R"([{"_id": 1}, {"_id": 3}])");
}

TEST(Depth, OfADocumentThatIsStoredHasALimit) {
  TestEngine engine;
  const auto insert = [&](int levels) {
    return engine.run_raw(
        bson::doc("insert", "c", "documents", bson::array(nested(levels))).view());
  };
  EXPECT_EQ(insert(180)["n"].as_int32(), 1);
  const bson::Document refused = insert(181);
  const bson::View error = refused["writeErrors"].as_array().front().as_document();
  EXPECT_EQ(error["code"].as_int32(), 15);
  EXPECT_EQ(error["errmsg"].as_string(), "Document exceeds maximum nested object depth: 180");
}

TEST(Depth, OfACommandHasALimitWhateverItsMember) {
  TestEngine engine;
  for (const int levels : {200, 20'000}) {
    const bson::Document deep = nested(levels);
    for (const char* member : {"filter", "projection", "sort", "let", "comment"}) {
      const bson::Document reply = engine.run_raw(bson::doc("find", "c", member, deep).view());
      EXPECT_EQ(reply["code"].as_int32(), 15) << member;
      EXPECT_THAT(std::string(reply["errmsg"].as_string()),
                  HasSubstr("exceeds maximum nested object depth: 200"));
    }
  }
  EXPECT_EQ(engine.run_raw(bson::doc("find", "c", "filter", nested(100)).view())["ok"].number(), 1);
}

class RestingCursor : public ::testing::Test {
 protected:
  RestingCursor() {
    engine.run(R"({"createIndexes": "c", "indexes": [{"name": "a_1", "key": {"a": 1}}]})");
    std::string list;
    for (int i = 0; i < 9; ++i) {
      list += (list.empty() ? "" : ", ") + (R"({"_id": )" + std::to_string(i)) + R"(, "a": )" +
              std::to_string(i) + R"(, "list": [1, 2, 3]})";
    }
    engine.run(R"({"insert": "c", "documents": [)" + list + "]}");
  }
  TestEngine engine;
};

TEST_F(RestingCursor, GoesOnWhereItWasThroughItsSnapshot) {
  for (const char* command :
       {R"({"find": "c", "batchSize": 2, "projection": {"_id": 1}})",
        R"({"find": "c", "batchSize": 2, "sort": {"_id": -1}, "projection": {"_id": 1}})",
        R"({"find": "c", "batchSize": 2, "filter": {"a": {"$gte": 0}}, "hint": "a_1"})",
        R"({"aggregate": "c", "pipeline": [{"$unwind": "$list"}], "cursor": {"batchSize": 2}})"}) {
    const auto whole = engine.documents(command);
    EXPECT_GE(whole.size(), 9u);
    bson::Document reply = engine.run(command);
    std::vector<bson::Document> found;
    engine.run(R"({"delete": "c", "deletes": [{"q": {"_id": 5}, "limit": 1}]})");
    engine.run(R"({"insert": "c", "documents": [{"_id": 5.5, "a": 5.5, "list": [7]}]})");
    for (;;) {
      const bson::View cursor = reply["cursor"].as_document();
      const bson::Element first = cursor["firstBatch"];
      for (const bson::Element& each : (first ? first : cursor["nextBatch"]).as_array()) {
        found.emplace_back(each.as_document());
      }
      const std::int64_t id = cursor["id"].as_int64();
      if (id == 0) break;
      reply = engine.run(R"({"getMore": {"$numberLong": ")" + std::to_string(id) +
                         R"("}, "collection": "c", "batchSize": 2})");
    }
    EXPECT_EQ(json_of(found), json_of(whole)) << command;
    engine.run(R"({"delete": "c", "deletes": [{"q": {"_id": 5.5}, "limit": 1}]})");
    engine.run(R"({"insert": "c", "documents": [{"_id": 5, "a": 5, "list": [1, 2, 3]}]})");
  }
}

TEST(Cursors, AreOpenOnlyInTheNumberThatTheOptionsSay) {
  TestEngine engine(EngineOptions{.max_cursors = 2});
  engine.run(R"({"insert": "c", "documents": [{}, {}, {}]})");
  const bson::Document first = engine.run(R"({"find": "c", "batchSize": 1})");
  engine.run(R"({"find": "c", "batchSize": 1})");
  const bson::Document refused = engine.run_raw(R"({"find": "c", "batchSize": 1})");
  EXPECT_EQ(refused["code"].as_int32(), 146);
  EXPECT_THAT(std::string(refused["errmsg"].as_string()), HasSubstr("too many open cursors, 2"));
  const std::int64_t id = first["cursor"].as_document()["id"].as_int64();
  engine.run(R"({"killCursors": "c", "cursors": [{"$numberLong": ")" + std::to_string(id) +
             R"("}]})");
  EXPECT_EQ(engine.code_of(R"({"find": "c", "batchSize": 1})"), 0);
}

}  // namespace
}  // namespace quern::engine
