// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Functions of migrations that go by the models of their time.
#include "quern/project/historical_model.h"

#include <gmock/gmock.h>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

class HistoricalModels : public Clinic {
 protected:
  // A migration after the first that runs a function, and none yet for what came later.
  void write_function_migration(const std::string& name) {
    folder_.write("myapp/migrations/0002_" + name + ".json",
                  R"({"format": 1, "app": "myapp", "name": "0002_)" + name +
                      R"(", "dependencies": [["myapp", "0001_initial"]], "operations": [)" +
                      R"({"op": "RunFunction", "forwards": ")" + name +
                      R"(", "backwards": null}]})");
  }
  // A database of the first version with John.
  void make_first_version() {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
  // Runs body in a migration after the first, in a project of that version.
  void run_in_migration(const std::function<void(const HistoricalModel&)>& body) {
    make_first_version();
    write_function_migration("body");
    Project db = project();
    db.function("myapp", "body",
                [&](const MigrationContext& context) { body(context.model("myapp", "Patient")); });
    run_ok(db, {"migrate", "--database", "encrypted"});
  }
};

TEST_F(HistoricalModels, AFunctionGoesOnWorkingWhenTheStructHasChanged) {
  make_first_version();
  write_function_migration("shout");
  // Today's struct has another name for the member, by a later migration.
  Project db = project<v2::Patient>();
  db.function("myapp", "shout", [](const MigrationContext& context) {
    const HistoricalModel patients = context.model("myapp", "Patient");
    EXPECT_EQ(patients.update_each([](bson::View patient) {
      return bson::doc("name", std::string(patient["name"].as_string()) + "!");
    }),
              1);
  });
  run_ok(db, {"makemigrations", "--rename", "patient.name=full_name"});
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(stored_patient(db)["full_name"].as_string(), "John Doe!");
}

TEST_F(HistoricalModels, DocumentsComeOutDecryptedAndGoInEncrypted) {
  run_in_migration([](const HistoricalModel& patients) {
    EXPECT_EQ(patients.collection(), "myapp_patient");
    const auto found = patients.find_one(bson::doc("record.ssn", "123-45-6789"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->view().at_path("record.ssn").as_string(), "123-45-6789");
    EXPECT_EQ(found->view().at_path("record.billing.cc_type").as_string(), "Visa");
    EXPECT_FALSE(found->view().contains("__safeContent__"));
    EXPECT_FALSE(patients.find_one(bson::doc("record.ssn", "000-00-0000")));
    EXPECT_EQ(patients.update_each([](bson::View) {
      return bson::doc("record.ssn", "987-65-4321", "record.billing",
                       bson::doc("cc_type", "Master", "cc_number", "5"));
    }),
              1);
    bson::Builder other;
    other.append("name", "Jane Doe").append("number", std::int64_t{7});
    other.open_document("record").append("ssn", "111-11-1111");
    other.append("amount", bson::Decimal128::parse("1.00")).close();
    patients.insert(other.finish());
    EXPECT_EQ(patients.count(), 2);
  });
  Project db = project();
  EXPECT_EQ(db.objects<Patient>().get(ssn == "987-65-4321").record.billing->cc_type, "Master");
  EXPECT_EQ(db.objects<Patient>().get(ssn == "111-11-1111").name, "Jane Doe");
  const std::string stored = dump(db, "encrypted");
  for (const char* secret : {"987-65-4321", "111-11-1111", "Master"}) {
    EXPECT_THAT(stored, testing::Not(HasSubstr(secret)));
  }
}

TEST_F(HistoricalModels, WhatAModelThatIsGoneHadEncryptedIsStillEncrypted) {
  make_first_version();
  write_function_migration("last");
  struct Other {
    Id id{};
  };
  Project db = project<Other>();
  db.function("myapp", "last", [](const MigrationContext& context) {
    const HistoricalModel patients = context.model("myapp", "Patient");
    EXPECT_EQ(patients.update_each([](bson::View patient) {
      EXPECT_EQ(patient.at_path("record.ssn").as_string(), "123-45-6789");
      return bson::doc("record.ssn", "987-65-4321");
    }),
              1);
  });
  run_ok(db, {"migrate", "--database", "encrypted", "myapp", "0002"});
  EXPECT_TRUE(
      stored_patient(db).view().at_path("record.ssn").is_binary(bson::BinarySubtype::kEncrypted));
}

TEST_F(HistoricalModels, PathsAreThoseOfTheirTimeAndASlipNamesTheNearest) {
  run_in_migration([](const HistoricalModel& patients) {
    EXPECT_THAT(patients.paths(),
                ElementsAre("_id", "name", "number", "record", "record.ssn", "record.billing",
                            "record.billing.cc_type", "record.billing.cc_number", "record.amount"));
    EXPECT_THAT([&] { patients.count(bson::doc("full_name", "x")); },
                Throws<Error>(Property(
                    &Error::what, HasSubstr("myapp.Patient has nothing stored at 'full_name'"))));
    const auto set_slip = [](bson::View) { return bson::doc("nmae", "x"); };
    EXPECT_THAT([&] { patients.update_each(set_slip); },
                Throws<Error>(Property(&Error::what, HasSubstr("Did you mean 'name'?"))));
    EXPECT_THROW(patients.unset({"nothing"}), Error);
    EXPECT_THROW(patients.count(bson::doc("record.billing", bson::doc("a", 1))), Error)
        << "it has no equality query";
  });
}

TEST_F(HistoricalModels, PathsAreRemovedFromTheDocumentsThatHaveThem) {
  run_in_migration([](const HistoricalModel& patients) {
    EXPECT_EQ(patients.unset({"record.amount", "record.billing"}), 1);
    EXPECT_EQ(patients.unset({"record.amount"}), 0);
    EXPECT_FALSE(patients.find_one()->view().at_path("record.billing"));
  });
}

TEST_F(HistoricalModels, AModelThatThereWasNotIsAnError) {
  make_first_version();
  write_function_migration("slip");
  Project db = project();
  db.function("myapp", "slip",
              [](const MigrationContext& context) { context.model("myapp", "Doctor"); });
  EXPECT_THAT(run(db, {"migrate", "--database", "encrypted"}).err,
              HasSubstr("there is no model myapp.Doctor"));
  EXPECT_THAT(run_ok(db, {"showmigrations", "--database", "encrypted"}), HasSubstr("[ ] 0002"));
}

}  // namespace
}  // namespace quern::clinic
