// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Somebody else changes collections of the embedded engine while a client believes that it knows
// them: what the client writes then is refused or judged anew, and is never stored as it should
// not.
#include <gmock/gmock.h>

#include "client/encrypting_runner.h"
#include "engine/engine_runner.h"
#include "engine/session/engine.h"
#include "project/clinic_fixture.h"
#include "project/project_core.h"

namespace quern::clinic {
namespace {

using bson::Document;
using bson::from_json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDatabase = "encrypted_db";

class StaleSchema : public Clinic {
 protected:
  StaleSchema() {
    migrate(db);
    for_each(plain(), kDatabase, bson::doc("listCollections", 1), [&](bson::View info) {
      if (info["name"].as_string() == "myapp_patient") {
        fields = Document(info.at_path("options.encryptedFields").as_document());
      }
      return true;
    });
  }

  // The other one, who changes collections.
  CommandRunner& plain() { return db.plain_runner("encrypted"); }
  void drop(std::string_view collection) {
    run_checked(plain(), kDatabase, bson::doc("drop", collection));
  }
  void create(std::string_view collection) {
    run_checked(plain(), kDatabase, bson::doc("create", collection, "encryptedFields", fields));
  }
  bool exists(std::string_view collection) {
    return internal::core_of(db).connection("encrypted").has_collection(collection);
  }

  // The error of a pinned client's command.
  Error refused(const char* command) {
    try {
      run_checked(*internal::core_of(db).target("encrypted").runner, kDatabase, from_json(command));
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "it was written");
  }

  Project db = project("memory:");
  Document fields;  // of myapp_patient
};

constexpr const char* kMakers[] = {
    R"({"insert": "myapp_patient", "documents": [{"record": {"ssn": "123"}}]})",
    R"({"insert": "myapp_patient", "documents": [{"record": {"billing": {"cc_type": "Visa"}}}]})",
    R"({"insert": "myapp_patient", "documents": [{"name": "Ann"}, {"name": "Bob"}]})",
    R"({"update": "myapp_patient", "updates": [
        {"q": {"_id": 1}, "u": {"$set": {"name": "Ann"}}, "upsert": true}]})",
    R"({"findAndModify": "myapp_patient", "query": {"_id": 1}, "upsert": true,
        "update": {"$set": {"record.billing": {"cc_type": "Visa"}}}})",
    R"({"createIndexes": "myapp_patient", "indexes": [{"key": {"name": 1}, "name": "n"}]})",
};

TEST_F(StaleSchema, NoWriteToAPinnedCollectionThatWasDroppedMakesAPlainOne) {
  for (const char* command : kMakers) {
    SCOPED_TRACE(command);
    db.objects<Patient>().count();  // the schema is known now
    drop("myapp_patient");
    const Error error = refused(command);
    EXPECT_TRUE(error.is(ErrorCode::kNamespaceNotFound)) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("create it first"));
    EXPECT_FALSE(exists("myapp_patient"));
    create("myapp_patient");
  }
}

TEST_F(StaleSchema, NorDoesOneInATransaction) {
  db.objects<Patient>().count();
  drop("myapp_patient");
  EXPECT_THROW(db.transaction("encrypted",
                              [&](Transaction& tx) {
                                Patient patient = john();
                                tx.save(patient);
                              }),
               Error);
  EXPECT_FALSE(exists("myapp_patient"));
}

TEST_F(StaleSchema, APinnedCollectionThatIsAPlainOneNowGetsNothing) {
  for (const char* command : kMakers) {
    SCOPED_TRACE(command);
    db.objects<Patient>().count();
    drop("myapp_patient");
    run_checked(plain(), kDatabase, bson::doc("create", "myapp_patient"));
    const Error error = refused(command);
    EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation)) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("Nothing was sent"));
    drop("myapp_patient");
    create("myapp_patient");
  }
}

// What the engine is told to do.
class Watch : public CommandObserver {
 public:
  void started(const RunContext&, std::string_view, bson::View command) override {
    text += bson::to_json(command);
  }
  void finished(const RunContext&, std::string_view, bson::View, bson::View) override {}
  std::string text;
};

TEST_F(StaleSchema, ACollectionThatBecameEncryptedGetsNoPlaintextOfAnUnpinnedClient) {
  client::EncryptingRunner unpinned(plain(),
                                    internal::core_of(db).connection("encrypted").key_cache());
  const auto run = [&](const char* command, CommandObserver* observer = nullptr) {
    const Reply reply = unpinned.run(kDatabase, from_json(command), {.observer = observer});
    throw_if_error(reply);
    return reply;
  };
  drop("myapp_patient");
  for (
      const char* command : {
          R"({"insert": "myapp_patient", "documents": [{"record": {"ssn": "CANARY"}}],
               "bypassDocumentValidation": true})",
          R"({"update": "myapp_patient", "updates": [
               {"q": {"_id": 1}, "u": {"$set": {"record.ssn": "CANARY"}}, "upsert": true}]})",
          R"({"find": "myapp_patient", "filter": {"record.ssn": "CANARY"}})",
          R"({"delete": "myapp_patient", "deletes": [{"q": {"record.ssn": "CANARY"}, "limit": 1}]})",
          R"({"findAndModify": "myapp_patient", "query": {"record.ssn": "CANARY"}, "remove": true})",
      }) {
    SCOPED_TRACE(command);
    run_checked(plain(), kDatabase, bson::doc("create", "myapp_patient"));
    run(R"({"find": "myapp_patient", "filter": {"record.ssn": "x"}})");
    run(R"({"insert": "myapp_patient", "documents": [{"a": 1}]})");
    drop("myapp_patient");
    create("myapp_patient");
    Watch watch;
    run(command, &watch);
    EXPECT_THAT(watch.text, Not(HasSubstr("CANARY")));
    EXPECT_THAT(dump(db, "encrypted"), Not(HasSubstr("CANARY")));
    drop("myapp_patient");
  }
}

TEST_F(StaleSchema, ACursorWhoseDocumentsCannotBeDecryptedIsClosed) {
  for (int i = 0; i < 3; ++i) {
    Patient patient = john();
    db.save(patient);
  }
  // Before the last one, from either end.
  run_checked(plain(), kDatabase,
              from_json(R"({"insert": "myapp_patient", "bypassDocumentValidation": true,
                            "documents": [{"_id": "!"}, {"_id": "~", "record": {"ssn": "a lie"}}]})"));
  const auto& cursors = dynamic_cast<engine::EngineRunner&>(plain()).engine().cursors();
  CommandRunner& runner = *internal::core_of(db).target("encrypted").runner;
  const Reply begun =
      run_checked(runner, kDatabase,
                  from_json(R"({"find": "myapp_patient", "sort": {"_id": -1}, "batchSize": 1})"));
  EXPECT_EQ(cursors.size(), 1u);
  const Document more = bson::doc("getMore", begun.view().at_path("cursor.id").value(),
                                  "collection", "myapp_patient", "batchSize", 3);
  EXPECT_THROW(runner.run(kDatabase, more), Error);
  EXPECT_EQ(cursors.size(), 0u);
  const Document first =
      from_json(R"({"find": "myapp_patient", "sort": {"_id": 1}, "batchSize": 2})");
  EXPECT_THROW(runner.run(kDatabase, first), Error);
  EXPECT_EQ(cursors.size(), 0u);
}

}  // namespace
}  // namespace quern::clinic
