// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A project on the embedded engine: routing, encryption and what keeps plaintext in.
#include "quern/project/project.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Property;
using testing::Throws;

class ProjectTest : public Clinic {};

TEST_F(ProjectTest, SavedEncryptedFoundByValueAndReadBack) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  const Patient found = db.objects<Patient>().get(ssn == "123-45-6789");
  EXPECT_EQ(found.name, "John Doe");
  EXPECT_EQ(*found.record.ssn, "123-45-6789");
  EXPECT_EQ(found.record.billing->cc_number, "4111111111111111");
}

TEST_F(ProjectTest, WhatIsStoredIsCiphertextAtTheEncryptedPathsOnly) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  const bson::Document stored = stored_patient(db);
  EXPECT_TRUE(stored.view().at_path("record.ssn").is_binary(bson::BinarySubtype::kEncrypted));
  EXPECT_TRUE(stored.view().at_path("record.billing").is_binary(bson::BinarySubtype::kEncrypted));
  EXPECT_EQ(stored.view().at_path("record.amount").type(), bson::Type::kDecimal128);
}

TEST_F(ProjectTest, ReopenedTheDataIsThere) {
  {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
  Project db = project();
  EXPECT_TRUE(db.objects<Patient>().try_get(ssn == "123-45-6789"));
}

TEST_F(ProjectTest, BeforeMigratingNothingIsWrittenOrAsked) {
  Project db = project();
  Patient patient = john();
  EXPECT_THROW(db.save(patient), Error);
  EXPECT_THROW(db.objects<Patient>().try_get(ssn == "123-45-6789"), Error);
  EXPECT_EQ(dump(db, "encrypted"), "");
}

TEST_F(ProjectTest, AWeakerSchemaOnTheServerIsRefused) {
  {
    Project db = project();
    migrate(db);
  }
  {
    // Somebody replaces the collection by one that does not encrypt.
    Project db = project();
    CommandRunner& plain = db.plain_runner("encrypted");
    const bson::Document drop = bson::doc("drop", "myapp_patient");
    run_checked(plain, "encrypted_db", drop);
    const bson::Document create = bson::doc("create", "myapp_patient");
    run_checked(plain, "encrypted_db", create);
  }
  Project db = project();
  Patient patient = john();
  EXPECT_THAT([&] { db.save(patient); },
              Throws<Error>(Property(&Error::what, HasSubstr("differ"))));
  EXPECT_THAT(dump(db, "encrypted"), Not(HasSubstr("John Doe")));
}

TEST_F(ProjectTest, AModelRoutedIntoAPlainDatabaseIsRefusedBeforeTheFirstSave) {
  Settings misrouted = settings();
  misrouted.database_routers = {AppRouter{.app = "other", .database = "encrypted"}};
  Project db{misrouted};
  db.app<Patient>("myapp");
  Patient patient = john();
  EXPECT_THAT([&] { db.save(patient); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, AllOf(HasSubstr("quern.E101"), HasSubstr("myapp.Patient"),
                                               HasSubstr("AppRouter (no opinion)")))));
}

TEST_F(ProjectTest, SavingIntoAPlainDatabaseByNameIsRefused) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  EXPECT_THAT([&] { db.save(patient, {.database = "default"}); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("in non-encrypted database 'default'"))));
}

// A version of the model that forgot the encryption.
namespace forgotten {
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Char<20> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  Record record;
};
}  // namespace forgotten

TEST_F(ProjectTest, AModelThatCouldNotReadWhatItSavesIsRefusedAtItsFirstUseAndByCheck) {
  {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
  Project db = project<forgotten::Patient>();
  const auto said =
      AllOf(HasSubstr("(quern.E110) myapp.Patient.record.billing is in the clear, but "
                      "encrypted_db.myapp_patient encrypts 'record.billing'"),
            HasSubstr("Declare the member as quern::Encrypted"), Not(HasSubstr("record.ssn")));
  forgotten::Patient patient{.name = "Ann", .record = {.ssn = "1", .billing = "x", .amount = 1}};
  EXPECT_THAT([&] { db.save(patient); },
              Throws<ImproperlyConfigured>(Property(&Error::what, said)));
  EXPECT_FALSE(patient.id.is_set());
  EXPECT_THAT([&] { db.objects<forgotten::Patient>().count(); },
              Throws<ImproperlyConfigured>(Property(&Error::what, said)));
  EXPECT_THAT(run(db, {"check", "--database", "encrypted"}).out,
              HasSubstr("ERROR: (quern.E110) myapp.Patient.record.billing is in the clear"));
}

TEST_F(ProjectTest, RawCommandsAreEncryptedAndTheirRepliesHoldWhatWasDecrypted) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  const bson::Document find =
      bson::doc("find", "myapp_patient", "filter", bson::doc("record.ssn", "123-45-6789"));
  const Reply reply = db.run("encrypted", find);
  EXPECT_TRUE(reply.view()
                  .at_path("cursor.firstBatch.0.record.ssn")
                  .is_binary(bson::BinarySubtype::kEncrypted));
  const DecryptedView document = reply.decrypted().at_path("cursor.firstBatch.0").document();
  EXPECT_EQ(document.at_path("record.ssn").plaintext().as_string(), "123-45-6789");
  EXPECT_EQ(decode<Patient>(document).record.ssn, patient.record.ssn);
  EXPECT_THROW(db.run("encrypted", bson::doc("nonsense", 1)), Error);
  db.transaction("encrypted", [&](Transaction& tx) {
    const Reply inside = tx.run("encrypted", find);
    EXPECT_EQ(inside.decrypted().at_path("cursor.firstBatch.0.name").raw().as_string(), "John Doe");
  });
}

TEST_F(ProjectTest, TheIndexOfAUniqueConstraintServesLookUpsByEquality) {
  struct Tag {
    Id id{};
    std::string label;
    std::int64_t number = 0;
    double weight = 0;
    std::optional<std::int32_t> rank{};
    struct Meta {
      static auto constraints() {
        return Constraints{unique(&Tag::label), unique(&Tag::number), unique(&Tag::weight),
                           unique(&Tag::rank)};
      }
    };
  };
  Project db{settings()};
  db.app<Tag>("tags");
  run_ok(db, {"makemigrations"});
  run_ok(db, {"migrate"});
  const auto index_of = [&](const bson::Document& filter) {
    const bson::Document find = bson::doc("find", "tags_tag", "filter", filter);
    const Reply reply = db.run("default", bson::doc("explain", find));
    const bson::Element name =
        reply.view().at_path("queryPlanner.winningPlan.inputStage.indexName");
    return std::string(name ? name.as_string() : "none");
  };
  EXPECT_EQ(index_of(bson::doc("label", "a")), "unique_label");
  EXPECT_EQ(index_of(bson::doc("number", std::int64_t{5})), "unique_number");
  EXPECT_EQ(index_of(bson::doc("number", 5.0)), "unique_number");
  EXPECT_EQ(index_of(bson::doc("weight", 0.5)), "unique_weight");
  EXPECT_EQ(index_of(bson::doc("rank", 5)), "unique_rank");
  EXPECT_EQ(index_of(bson::doc("number", bson::doc("$gt", 5))), "unique_number");
  EXPECT_EQ(index_of(bson::doc("label", bson::doc("$lt", "m"))), "unique_label");
  EXPECT_EQ(index_of(bson::doc("number", bson::doc("$in", bson::array(1, "a")))), "none");
  EXPECT_EQ(index_of(bson::doc("rank", bson::Null{})), "none");

  Tag first{.label = "a", .number = 1, .weight = 0.5};
  Tag second{.label = "b", .number = 2, .weight = 1.5};
  db.save(first);
  db.save(second);  // without a rank, as the first
  EXPECT_EQ(db.objects<Tag>().get(f(&Tag::number) == 2).label, "b");
  second.number = 1;
  EXPECT_THROW(db.save(second), IntegrityError);
  // Values of other types than models write are found and unique, too.
  const auto insert = [&](const auto&... pairs) {
    db.run("default",
           bson::doc("insert", "tags_tag", "documents", bson::array(bson::doc(pairs...))));
  };
  insert("label", bson::Symbol{"s"}, "number", 3.0);
  EXPECT_EQ(db.objects<Tag>().filter(f(&Tag::label) == "s").count(), 1);
  EXPECT_EQ(db.objects<Tag>().filter(f(&Tag::number) == 3).count(), 1);
  EXPECT_THROW(insert("label", "s"), IntegrityError);
  EXPECT_THROW(insert("number", 3), IntegrityError);
}

TEST_F(ProjectTest, UnknownAliasesAndUnregisteredModelsAreNamed) {
  Project db = project();
  EXPECT_THAT([&] { db.run("encrpyted", bson::doc("ping", 1)); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("The connection 'encrpyted' doesn't exist. Did "
                                                   "you mean 'encrypted'?"))));
  EXPECT_THAT([&] { db.objects<v2::Patient>().count(); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("no app has the model Patient"))));
}

TEST_F(ProjectTest, ATransactionOnAnUnknownAliasNamesTheNearest) {
  Project db = project();
  bool ran = false;
  EXPECT_THAT([&] { db.transaction("defalt", [&](Transaction&) { ran = true; }); },
              Throws<ImproperlyConfigured>(Property(
                  &Error::what,
                  HasSubstr("The connection 'defalt' doesn't exist. Did you mean 'default'?"))));
  EXPECT_FALSE(ran);
}

TEST_F(ProjectTest, TwoModelsCannotShareACollection) {
  Project db = project();
  EXPECT_THROW(db.app<Patient>("again"), ImproperlyConfigured);
  EXPECT_THROW(db.app<v2::Patient>("myapp"), ImproperlyConfigured);
  EXPECT_THROW(db.app<v2::Patient>("my-app"), ImproperlyConfigured);
}

TEST_F(ProjectTest, ModelsCannotComeAfterTheFirstUse) {
  struct Late {
    Id id{};
    Encrypted<std::string> secret;
  };
  Project db = project("memory:");
  migrate(db);
  Patient patient = john();
  db.save(patient);
  EXPECT_THAT(
      [&] { db.app<Late>("myapp"); },
      Throws<ImproperlyConfigured>(Property(&Error::what, HasSubstr("must be registered before"))));
}

TEST_F(ProjectTest, AWrongKeyIsAnErrorAndShowsNothing) {
  {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
  folder_.write("local_kek", std::string(96, 'x'), 0600);
  Project db = project();
  EXPECT_THROW(db.objects<Patient>().try_get(ssn == "123-45-6789"), Error);
}

TEST_F(ProjectTest, AKeyFileOfTheWrongSizeIsNamed) {
  folder_.write("local_kek", "short", 0600);
  Project db = project();
  EXPECT_THAT([&] { db.run("encrypted", bson::doc("ping", 1)); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("databases.encrypted.auto_encryption"))));
}

TEST_F(ProjectTest, AliasesOnOneMemoryHostShareIt) {
  Project db = project("memory:");
  migrate(db);
  Patient patient = john();
  db.save(patient);
  const bson::Document count = bson::doc("count", "myapp_patient");
  const bson::Document reply = run_checked(db.plain_runner("default"), "encrypted_db", count);
  EXPECT_EQ(reply["n"].whole_number(), 1);
}

TEST_F(ProjectTest, TwoProjectsInOneProcessAreApart) {
  Project a = project("memory:");
  Project b = project("memory:");
  migrate(a);
  run_ok(b, {"migrate", "--database", "encrypted"});
  Patient patient = john();
  a.save(patient);
  EXPECT_EQ(a.objects<Patient>().count(), 1);
  EXPECT_EQ(b.objects<Patient>().count(), 0);
}

TEST_F(ProjectTest, OpensItsDatabasesOnceForManyThreads) {
  Project db = project("memory:");
  migrate(db);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&db, i] {
      Patient patient = john();
      patient.number = i;
      db.save(patient);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(db.objects<Patient>().filter(ssn == "123-45-6789").count(), 8);
}

// The pinned map.

class PinnedMap : public Clinic {
 protected:
  // Migrates, and returns the map of the database.
  std::string make_map() {
    Project db = project();
    migrate(db);
    return run_ok(db, {"showencryptedfieldsmap", "--database", "encrypted"});
  }
  Project pinned(const std::string& map) {
    folder_.write("map.json", map);
    Settings with_map = settings();
    with_map.databases["encrypted"].auto_encryption->encrypted_fields_map = "map.json";
    Project db{with_map};
    db.app<Patient>("myapp");
    return db;
  }
  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  // With another id of the first key.
  static std::string with_other_key(std::string map) {
    char& digit = map[map.find("\"base64\": \"") + 11];
    digit = digit == 'A' ? 'B' : 'A';
    return map;
  }
  // What the first save reports.
  std::string fault(const std::string& map) {
    Project db = pinned(map);
    Patient patient = john();
    try {
      db.save(patient);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(PinnedMap, TheMapThatIsShownWorks) { EXPECT_EQ(fault(make_map()), ""); }

TEST_F(PinnedMap, FewerFieldsThanTheModelHasAreRefusedBeforeAnyWrite) {
  const std::string map = replaced(make_map(), "record.ssn", "record.other");
  EXPECT_THAT(fault(map), HasSubstr("lacks the encrypted field record.ssn"));
  Project db = project();
  EXPECT_EQ(db.objects<Patient>().count(), 0);
}

TEST_F(PinnedMap, AnotherTypeIsRefused) {
  EXPECT_THAT(fault(replaced(make_map(), "\"bsonType\": \"string\"", "\"bsonType\": \"long\"")),
              HasSubstr("record.ssn is long, equality with contention 8 in the map, but string"));
}

TEST_F(PinnedMap, AKeyWithoutTheDatabasesNameIsRefused) {
  EXPECT_THAT(fault(replaced(make_map(), "encrypted_db.myapp_patient", "myapp_patient")),
              Not(testing::IsEmpty()));
}

TEST_F(PinnedMap, AnUnknownCollectionIsRefusedWithTheNearestName) {
  EXPECT_THAT(
      fault(replaced(make_map(), "encrypted_db.myapp_patient", "encrypted_db.myapp_patients")),
      AllOf(
          HasSubstr("'encrypted_db.myapp_patients' is no collection of an encrypted model. Did you "
                    "mean 'encrypted_db.myapp_patient'?"),
          HasSubstr("'encrypted_db.myapp_patient' is missing")));
}

TEST_F(PinnedMap, OtherKeysThanTheServersAreRefused) {
  EXPECT_THAT(fault(with_other_key(make_map())), HasSubstr("differ"));
}

TEST_F(PinnedMap, CheckFindsOtherKeysThanTheVaultsAndOtherFields) {
  const std::string map = make_map();
  const auto check = [&](const std::string& pinned_map) {
    Project db = pinned(pinned_map);
    return run(db, {"check", "--database", "encrypted"});
  };
  EXPECT_EQ(check(map).code, 0);
  const Ran other_keys = check(with_other_key(map));
  EXPECT_EQ(other_keys.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(other_keys.out,
              HasSubstr("ERROR: (quern.E103) encrypted_db.myapp_patient: record.ssn has the key "));
  EXPECT_THAT(check(replaced(map, "record.ssn", "record.other")).out,
              AllOf(HasSubstr("ERROR: (quern.E103) the encrypted_fields_map"),
                    HasSubstr("lacks the encrypted field record.ssn")));
}

// A database that was not migrated yet, and a map.
TEST_F(PinnedMap, MigrateMakesNoOtherKeysThanThePinnedOnes) {
  const std::string map = make_map();
  std::filesystem::remove_all(folder_.path() / "data");
  Project db = pinned(map);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"migrate", "--database", "encrypted"},
        std::vector<std::string>{"migrate", "--database", "encrypted", "--plan"}}) {
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
    EXPECT_EQ(ran.out, "") << "before anything runs";
    EXPECT_THAT(ran.err, AllOf(HasSubstr("pins other keys for encrypted_db.myapp_patient"),
                               HasSubstr("the vault has nothing as 'myapp_patient.record.ssn'"),
                               HasSubstr("showencryptedfieldsmap --out")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
}

TEST_F(PinnedMap, KeysThatTheVaultLacksAreToldByCheckAndNotToBeMigrated) {
  const std::string map = make_map();
  std::filesystem::remove_all(folder_.path() / "data");
  Project db = pinned(map);
  const Ran check = run(db, {"check", "--database", "encrypted"});
  EXPECT_EQ(check.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(check.out, AllOf(HasSubstr("ERROR: (quern.E103) encrypted_db.myapp_patient: "
                                         "record.ssn has the key "),
                               HasSubstr("the vault has nothing as 'myapp_patient.record.billing'"),
                               Not(HasSubstr("Have you migrated"))));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"showencryptedfieldsmap", "--database", "encrypted"},
           {"inspect", "--filter", R"({"record.ssn": "123-45-6789"})"}}) {
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration)) << arguments[0];
    EXPECT_THAT(ran.err, AllOf(HasSubstr("map.json pins it: bring back the key vault"),
                               Not(HasSubstr("Have you migrated"))));
  }
}

TEST_F(PinnedMap, MigrateTakesThePinnedKeysThatTheVaultHas) {
  const std::string map = make_map();
  {
    Project db = project();
    run_ok(db, {"migrate", "--database", "encrypted", "myapp", "zero"});
  }
  {
    Project db = pinned(with_other_key(map));
    EXPECT_EQ(run(db, {"migrate", "--database", "encrypted"}).code,
              static_cast<int>(ExitCode::kConfiguration));
  }
  Project db = pinned(map);
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(data_keys(db), 2);
  Patient patient = john();
  db.save(patient);
}

TEST_F(PinnedMap, MigrateNeedsTheMapThatTheSettingsName) {
  {
    Project db = project();
    run_ok(db, {"makemigrations"});
  }
  Project db = pinned("");
  std::filesystem::remove(folder_.path() / "map.json");
  const Ran ran = run(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("cannot read the encrypted_fields_map"),
                             HasSubstr("No such file"), HasSubstr("showencryptedfieldsmap --out")));
  EXPECT_EQ(data_keys(db), 0);
}

TEST_F(PinnedMap, CheckComparesAFileWithTheDatabase) {
  const std::string map = make_map();
  Project db = project();
  folder_.write("same.json", map);
  folder_.write("other.json", replaced(map, "\"bsonType\": \"string\"", "\"bsonType\": \"long\""));
  const auto check = [&](const std::string& name) {
    return run(db, {"showencryptedfieldsmap", "--database", "encrypted", "--check",
                    (folder_.path() / name).string()});
  };
  EXPECT_EQ(check("same.json").code, 0);
  const Ran differs = check("other.json");
  EXPECT_EQ(differs.code, static_cast<int>(ExitCode::kFailure));
  EXPECT_THAT(differs.out, HasSubstr("encrypted_db.myapp_patient: field 'record.ssn'"));
}

}  // namespace
}  // namespace quern::clinic
