// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What `manage check` finds in routers, migrations and what a server says.
#include "project/system_checks.h"

#include <gmock/gmock.h>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SystemChecks : public Clinic {
 protected:
  // Runs a command on what is stored in the encrypting alias.
  static void run_plain(Project& db, const bson::Document& command) {
    run_checked(db.plain_runner("encrypted"), "encrypted_db", command);
  }
};

// Sends the app to its database, but has slipped in the spelling of the model.
struct SlippingRouter {
  std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const {
    return "encrypted";
  }
  std::optional<std::string> db_for_write(const ModelRef&, const Hints&) const {
    return "encrypted";
  }
  std::optional<bool> allow_migrate(std::string_view, std::string_view, std::string_view model,
                                    const Hints&) const {
    return model == "patient";
  }
};

TEST_F(SystemChecks, AModelWhoseMigrationsAreKeptOutOfItsDatabaseIsNamedAsRoutersKnowIt) {
  Settings slipped = settings();
  slipped.database_routers = {SlippingRouter{}};
  Project db{slipped};
  db.app<v2::Patient>("myapp");
  EXPECT_THAT(run_ok(db, {"check"}),
              HasSubstr("WARNING: (quern.W208) myapp.Patient is written to 'encrypted', but "
                        "allow_migrate of the routers keeps its migrations out of there: its "
                        "collection comes into being with the first document, without indexes and "
                        "unique constraints. Let allow_migrate say true for 'encrypted', app "
                        "'myapp' and model 'Patient'"));
  Project good = project<v2::Patient>();
  EXPECT_THAT(run_ok(good, {"check"}), Not(HasSubstr("W208")));
}

TEST_F(SystemChecks, IndexesAndConstraintsThatACollectionLacksAreNamed) {
  Project db = project<v2::Patient>("memory:");
  migrate(db);
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}), Not(HasSubstr("W209")));
  run_plain(db, bson::doc("dropIndexes", "myapp_patient", "index", "unique_number"));
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}),
              AllOf(HasSubstr("WARNING: (quern.W209) myapp.Patient: the collection "
                              "encrypted_db.myapp_patient lacks the unique constraint "
                              "unique_number of the model, so that equal values are not refused."),
                    Not(HasSubstr("full_name_1"))));
  run_plain(db, bson::from_json(R"({"createIndexes": "myapp_patient", "indexes": [
                    {"name": "unique_number", "key": {"number": 1}}]})"));
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}),
              HasSubstr("has another index under the name of the unique constraint"));
}

TEST_F(SystemChecks, AnIndexOfAnotherNameServesAsWell) {
  Project db = project<v2::Patient>("memory:");
  migrate(db);
  run_plain(db, bson::doc("dropIndexes", "myapp_patient", "index", "full_name_1"));
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}), HasSubstr("the index full_name_1"));
  run_plain(db, bson::from_json(R"({"createIndexes": "myapp_patient", "indexes": [
                    {"name": "mine", "key": {"full_name": 1.0}}]})"));
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}), Not(HasSubstr("W209")));
}

TEST_F(SystemChecks, AMigrationFileThatIsBrokenInAnyWayIsNamed) {
  Project db = project();
  migrate(db);
  const std::string file = (folder_.path() / "myapp/migrations/0002_a.json").string();
  const auto checked = [&](const std::string& operations) {
    folder_.write("myapp/migrations/0002_a.json",
                  R"({"format": 1, "app": "myapp", "name": "0002_a", "dependencies": )"
                  R"([["myapp", "0001_initial"]], "operations": )" +
                      operations + "}");
    const Ran ran = run(db, {"check"});
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration)) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("ERROR: (quern.E107) ")) << operations;
    return ran.out;
  };
  for (
      const char* operations :
      {"[", "5", "[5]", "[{}]", R"([{"op": 5}])", R"([{"op": "AddFeild"}])",
       R"([{"op": "AddField", "model": "Patient", "field": 5}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "int", "fields": [5]}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "int", "name": "b"}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "int", "max_length": "x"}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "int", "choices": 5}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "array", "items": 5}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "int", "default": "x"}}])",
       R"([{"op": "AddField", "model": "Patient", "field": {"name": "a", "type": "string", "encrypted": {"queries": 5}}}])",
       R"([{"op": "AddIndex", "model": "Patient", "index": {"name": "i", "key": {"a": 1}, "uniqe": true}}])",
       R"([{"op": "CreateModel", "model": "B", "collection": "b", "fields": [5]}])"}) {
    EXPECT_THAT(checked(operations), HasSubstr(file)) << operations;
  }
  EXPECT_THAT(checked(R"([{"op": "RemoveField", "model": "Patient", "field": "nothing"}])"),
              HasSubstr("myapp.0002_a"));
  folder_.write("myapp/migrations/0002_b.json",
                R"({"format": 1, "app": "myapp", "name": "0002_b", "dependencies": )"
                R"([["myapp", "0001_initial"]], "operations": []})");
  EXPECT_THAT(checked("[]"), HasSubstr("multiple leaf nodes"));
}

TEST_F(SystemChecks, PathsThatAServerChoseAreQuoted) {
  Project db = project("memory:");
  migrate(db);
  // A server that has one more encrypted field, of a name that looks like a line of ours.
  run_plain(db, bson::doc("drop", "myapp_patient"));
  run_plain(db, bson::from_json(R"({"create": "myapp_patient", "encryptedFields": {"fields": [
      {"path": "a\nERROR: (quern.E105) b\u001b[2J", "bsonType": "string",
       "keyId": {"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "04"}}}]}})"));
  const std::string out = run(db, {"check", "--database", "encrypted"}).out;
  EXPECT_THAT(out, HasSubstr(R"("a\nERROR: (quern)"));
  EXPECT_THAT(out, Not(HasSubstr("\nERROR: (quern.E105)")));
  EXPECT_THAT(out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace quern::clinic
