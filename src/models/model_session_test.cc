// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing.h"

namespace quern::testing {
namespace {

using ::testing::ElementsAre;

std::string normal(std::string_view json) {
  return "encrypted_db: " + bson::to_json(bson::from_json(json));
}

TEST(Session, SavesANewObjectWithAnInsert) {
  ScriptedSession db;
  Patient patient = john();
  db.save(patient);
  ASSERT_TRUE(patient.id.is_set());
  EXPECT_EQ(patient.id.database(), "encrypted");
  EXPECT_THAT(db.asked, ElementsAre("myapp.Patient write"));
  EXPECT_THAT(db.runner.commands, ElementsAre(normal(R"({"insert": "myapp_patient", "documents": [
      {"_id": {"$oid": ")" + patient.id.to_string() + R"("}, "name": "John Doe",
       "patient_id": {"$numberLong": "1001"}, "patient_record": {"ssn": "123-45-6789",
       "billing": {"cc_type": "Visa", "cc_number": "4111111111111111"},
       "bill_amount": {"$numberDecimal": "250.75"}}}], "ordered": true})")));
}

TEST(Session, SavesAnObjectWithAnIdByUpdatingItsMembers) {
  ScriptedSession db;
  Patient patient = john();
  patient.id = ObjectId::generate();
  patient.id.remember("encrypted");
  db.save(patient);
  EXPECT_THAT(db.asked, ElementsAre("myapp.Patient write from encrypted"));
  EXPECT_THAT(db.runner.commands, ElementsAre(normal(R"({"update": "myapp_patient", "updates": [
      {"q": {"_id": {"$oid": ")" + patient.id.to_string() +
                                                     R"("}}, "u": {"$set": {
       "name": "John Doe", "patient_id": {"$numberLong": "1001"},
       "patient_record.ssn": "123-45-6789",
       "patient_record.billing": {"cc_type": "Visa", "cc_number": "4111111111111111"},
       "patient_record.bill_amount": {"$numberDecimal": "250.75"}}}, "multi": false}]})")));
}

TEST(Session, InsertsWhenThereWasNothingToUpdate) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 0, "nModified": 0})");
  Patient patient = john();
  const ObjectId id = ObjectId::generate();
  patient.id = id;
  db.save(patient);
  ASSERT_EQ(db.runner.documents.size(), 2U);
  EXPECT_EQ(db.runner.documents[1].view().at_path("documents.0._id").as_object_id(), id);
}

TEST(Session, SavesOnlyTheMembersThatAreListed) {
  ScriptedSession db;
  Patient patient = john();
  patient.id = ObjectId::generate();
  db.save(patient,
          {.only = {f(&Patient::name), f(&Patient::patient_record, &PatientRecord::bill_amount)}});
  EXPECT_EQ(bson::to_json(db.runner.documents[0].view().at_path("updates.0.u.$set").as_document()),
            bson::to_json(bson::from_json(R"({"name": "John Doe",
                "patient_record.bill_amount": {"$numberDecimal": "250.75"}})")));
}

TEST(Session, ForcesInsertsAndUpdates) {
  ScriptedSession db;
  Patient patient = john();
  EXPECT_THROW(db.save(patient, {.force_update = true}), Error);  // no Id
  EXPECT_THROW(db.save(patient, {.force_insert = true, .force_update = true}), Error);
  patient.id = ObjectId::generate();
  db.save(patient, {.force_insert = true});
  EXPECT_EQ(db.runner.documents.at(0).view().front().key(), "insert");
  db.runner.reply(R"({"ok": 1, "n": 0})");
  try {
    db.save(patient, {.force_update = true});
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_STREQ(error.what(), "Forced update did not affect any rows.");
  }
}

TEST(Session, ValidatesBeforeItSendsAnything) {
  ScriptedSession db;
  Patient patient = john();
  patient.patient_record.ssn = "123-45-67890";
  EXPECT_THROW(db.save(patient), ValidationError);
  EXPECT_TRUE(db.runner.commands.empty());
  EXPECT_FALSE(patient.id.is_set());
  db.save(patient, {.validate = false});
  EXPECT_EQ(db.runner.commands.size(), 1U);
}

TEST(Session, NeverSavesAnEncryptedMemberInAPlainDatabase) {
  ScriptedSession db;
  Patient patient = john();
  try {
    db.save(patient, {.database = "default"});
    FAIL();
  } catch (const ImproperlyConfigured& error) {
    EXPECT_STREQ(error.what(),
                 "Cannot save encrypted field 'patient_record.ssn' of myapp.Patient in "
                 "non-encrypted database 'default'. Set auto_encryption for 'default' or route "
                 "myapp.Patient elsewhere.");
  }
  EXPECT_TRUE(db.runner.commands.empty());
}

TEST(Session, LeavesTheIdUnsetWhenTheInsertFails) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0, "code": 11000,
      "errmsg": "E11000 duplicate key"}]})");
  Patient patient = john();
  EXPECT_THROW(db.save(patient), IntegrityError);
  EXPECT_FALSE(patient.id.is_set());
}

TEST(Session, RefreshReadsTheObjectAgain) {
  ScriptedSession db;
  Patient patient = john();
  db.save(patient);
  const std::string id = patient.id.to_string();
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"_id": {"$oid": ")" +
                  id + R"("}, "name": "Johnny"}]}})");
  db.refresh(patient);
  EXPECT_EQ(patient.name, "Johnny");
  EXPECT_EQ(patient.patient_id, 0);
  EXPECT_EQ(patient.id.to_string(), id);
  EXPECT_THROW(db.refresh(patient), DoesNotExist<Patient>);
  EXPECT_EQ(patient.name, "Johnny");
}

TEST(Session, RemoveDeletesByIdAndUnsetsIt) {
  ScriptedSession db;
  Patient patient = john();
  EXPECT_THROW(db.remove(patient), Error);
  db.save(patient);
  const std::string id = patient.id.to_string();
  EXPECT_TRUE(db.remove(patient));
  EXPECT_FALSE(patient.id.is_set());
  EXPECT_EQ(db.runner.commands[1], normal(R"({"delete": "myapp_patient", "deletes": [
      {"q": {"_id": {"$oid": ")" + id + R"("}}, "limit": 1}]})"));
  db.save(patient);
  db.runner.reply(R"({"ok": 1, "n": 0})");
  EXPECT_FALSE(db.remove(patient));
}

TEST(Session, RunsOnCommitActionsAtOnceOutsideOfTransactions) {
  ScriptedSession db;
  bool called = false;
  db.on_commit([&] { called = true; });
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace quern::testing
