// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// RunContext::expected_schemas, as commands meet them.
#include "engine/session/expected_schemas.h"

#include <gmock/gmock.h>

#include <functional>
#include <utility>

#include "engine/testing.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"

namespace quern::engine {
namespace {

using bson::Document;

constexpr const char* kFields =
    R"({"escCollection": "enxcol_.c.esc", "ecocCollection": "enxcol_.c.ecoc", "fields": [
        {"keyId": {"$uuid": "00000000-0000-0000-0000-000000000001"}, "path": "ssn",
         "bsonType": "string", "queries": {"queryType": "equality"}},
        {"keyId": {"$uuid": "00000000-0000-0000-0000-000000000002"}, "path": "note",
         "bsonType": "string"}]})";

Document schemas(const Document& fields) { return bson::doc("test.c", fields); }
Document encrypted() { return schemas(bson::from_json(kFields)); }
Document plain() { return schemas(bson::from_json(R"({"fields": []})")); }

class ExpectedSchemasTest : public testing::Test {
 protected:
  // With these schemas expected. The code of what is thrown, or of the reply's error or first
  // writeError; 0 when there is none.
  int code(std::string_view command, const Document& expected, const std::string& members = "") {
    const Document text =
        bson::from_json(std::string(command.substr(0, command.rfind('}'))) + members + "}");
    try {
      throw_if_error(
          engine.runner().run("test", text, {.observer = &watch, .expected_schemas = expected}));
    } catch (const Error& error) {
      labelled = error.has_label("TransientTransactionError");
      return error.code();
    }
    return 0;
  }
  void create_encrypted() {
    engine.run_raw(bson::doc("create", "c", "encryptedFields", bson::from_json(kFields)));
  }
  bool exists() {
    return engine.engine().catalog().snapshot()->find(Namespace{"test", "c"}) != nullptr;
  }
  std::string begun() { return std::exchange(watch.begun, ""); }

  class Watch : public CommandObserver {
   public:
    void started(const RunContext&, std::string_view, bson::View command) override {
      begun += command.front().key();
    }
    void finished(const RunContext&, std::string_view, bson::View, bson::View) override {}
    std::string begun;
  };

  TestEngine engine;
  Watch watch;
  bool labelled = false;
};

constexpr const char* kMakers[] = {
    R"({"insert": "c", "documents": [{"_id": 1}]})",
    R"({"insert": "c", "documents": [{"_id": 1}, {"_id": 2}]})",
    R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"x": 1}}, "upsert": true}]})",
    R"({"update": "c", "updates": [{"q": {"x": 1}, "u": {"$set": {"x": 1}}, "multi": true,
        "upsert": true}]})",
    R"({"findAndModify": "c", "query": {"_id": 1}, "update": {"$set": {"x": 1}}, "upsert": true})",
};

TEST_F(ExpectedSchemasTest, NoCommandMakesACollectionThatShouldHaveEncryptedFields) {
  for (const char* command : kMakers) {
    EXPECT_EQ(code(command, encrypted()), 26) << command;
    EXPECT_FALSE(exists()) << command;
  }
  EXPECT_EQ(
      code(R"({"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a"}]})", encrypted()),
      26);
  EXPECT_FALSE(exists());
  EXPECT_EQ(code(kMakers[0], schemas(bson::from_json(R"({"fields": []})"))), 0);
  EXPECT_TRUE(exists());
}

TEST_F(ExpectedSchemasTest, NorDoesACommandInATransaction) {
  int number = 0;
  for (const char* command : kMakers) {
    const std::string session =
        R"(, "lsid": {"id": {"$uuid": "00000000-0000-0000-0000-0000000000aa"}},
        "txnNumber": {"$numberLong": ")" +
        std::to_string(++number) + R"("}, "autocommit": false, "startTransaction": true)";
    EXPECT_EQ(code(command, encrypted(), session), 26) << command;
    EXPECT_FALSE(exists()) << command;
  }
}

TEST_F(ExpectedSchemasTest, WhatReadsOrDeletesIsNotRefusedForACollectionThatIsNotThere) {
  for (const char* command :
       {R"({"find": "c"})", R"({"count": "c"})",
        R"({"delete": "c", "deletes": [{"q": {}, "limit": 0}]})",
        R"({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"x": 1}}}]})"}) {
    EXPECT_EQ(code(command, encrypted()), 0) << command;
  }
  EXPECT_FALSE(exists());
}

TEST_F(ExpectedSchemasTest, OfAnotherCollectionSayNothing) {
  const Document other = bson::doc("test.cc", bson::from_json(kFields), "tes.tc",
                                   bson::from_json(kFields), "testc", 1);
  EXPECT_EQ(code(kMakers[0], other), 0);
}

TEST_F(ExpectedSchemasTest, ACommandThatWasMadeForAPlainCollectionIsNotRunOnAnEncryptedOne) {
  create_encrypted();
  for (const char* command :
       {R"({"insert": "c", "documents": [{"ssn": "123"}], "bypassDocumentValidation": true})",
        R"({"find": "c", "filter": {"ssn": "123"}})",
        R"({"delete": "c", "deletes": [{"q": {"ssn": "123"}, "limit": 1}]})"}) {
    EXPECT_EQ(code(command, plain()), 361) << command;
    EXPECT_EQ(begun(), "") << "no observer is told of it";
  }
  EXPECT_EQ(engine.find("c").size(), 0u);
  EXPECT_EQ(code(R"({"find": "c"})", encrypted()), 0);
  EXPECT_EQ(begun(), "find");
}

TEST_F(ExpectedSchemasTest, NorOneForAnEncryptedCollectionOnAPlainOne) {
  engine.run(R"({"create": "c"})");
  EXPECT_EQ(code(kMakers[0], encrypted()), 361);
  EXPECT_EQ(code(kMakers[0], plain()), 0);
}

TEST_F(ExpectedSchemasTest, AreTheSameWhereEncryptionIs) {
  create_encrypted();
  const Document fields = bson::from_json(kFields);
  const auto with = [&](std::initializer_list<const char*> paths) {
    bson::Builder builder;
    for (const char* state : {"escCollection", "ecocCollection"}) builder.append(fields[state]);
    builder.open_array("fields");
    for (const char* path : paths) builder.push(fields.view().at_path(path).value());
    builder.close();
    return schemas(builder.finish());
  };
  EXPECT_EQ(code(R"({"find": "c"})", with({"fields.0", "fields.1"})), 0);
  EXPECT_EQ(code(R"({"find": "c"})", with({"fields.1", "fields.0"})), 0);
  EXPECT_EQ(code(R"({"find": "c"})", with({"fields.0"})), 361);
}

// The observer of a command changes the schema after it was checked, before the command looks.
class Replaces : public CommandObserver {
 public:
  explicit Replaces(std::function<void()> replace) : replace_(std::move(replace)) {}
  void started(const RunContext&, std::string_view, bson::View) override { replace_(); }
  void finished(const RunContext&, std::string_view, bson::View, bson::View) override {}

 private:
  std::function<void()> replace_;
};

TEST_F(ExpectedSchemasTest, AreLookedAtAgainWhereTheCollectionIs) {
  for (const char* command : kMakers) {
    engine.run_raw(R"({"drop": "c"})");
    Replaces observer([&] { create_encrypted(); });
    const Document reply = engine.runner().run(
        "test", bson::from_json(command), {.observer = &observer, .expected_schemas = plain()});
    try {
      throw_if_error(reply);
      ADD_FAILURE() << command;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), 361) << command;
    }
    EXPECT_EQ(engine.find("c").size(), 0u) << command;
  }
}

TEST_F(ExpectedSchemasTest, ATransactionThatBeganBeforeTheCollectionWasReplacedIsToBeRunAgain) {
  engine.run(R"({"create": "c"})");
  const std::string session =
      R"(, "lsid": {"id": {"$uuid": "00000000-0000-0000-0000-0000000000aa"}},
         "txnNumber": {"$numberLong": "1"}, "autocommit": false)";
  EXPECT_EQ(code(R"({"find": "c"})", plain(), session + R"(, "startTransaction": true)"), 0);
  engine.run(R"({"drop": "c"})");
  create_encrypted();
  EXPECT_EQ(code(R"({"find": "c"})", encrypted(), session), 361);
  EXPECT_TRUE(labelled);
}

}  // namespace
}  // namespace quern::engine
