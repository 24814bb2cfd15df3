// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

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

TEST(Session, ValidatesOfAPartialSaveWhatItSaves) {
  ScriptedSession db;
  Patient patient = john();
  patient.id = ObjectId::generate();
  patient.name = "";
  const auto ssn = f(&Patient::patient_record, &PatientRecord::ssn);
  const auto amount = f(&Patient::patient_record, &PatientRecord::bill_amount);
  db.save(patient, {.only = {amount}});
  patient.patient_record.ssn = "123-45-67890";
  db.save(patient, {.only = {amount}});
  EXPECT_EQ(db.runner.commands.size(), 2U);
  const auto faults_of = [&](const SaveOptions<Patient>& options) -> FaultMap {
    try {
      db.save(patient, options);
    } catch (const ValidationError& error) {
      return error.faults();
    }
    return {};
  };
  const auto keys = [](const FaultMap& faults) {
    std::vector<std::string> paths;
    for (const auto& [path, messages] : faults) paths.push_back(path);
    return paths;
  };
  EXPECT_THAT(keys(faults_of({.only = {amount, ssn}})), ElementsAre("patient_record.ssn"));
  EXPECT_THAT(keys(faults_of({.only = {f(&Patient::patient_record)}})),
              ElementsAre("patient_record.ssn"));
  EXPECT_THAT(keys(faults_of({.only = {f(&Patient::name)}})), ElementsAre("name"));
  EXPECT_THAT(keys(faults_of({})), ElementsAre("name", "patient_record.ssn"));
  EXPECT_EQ(db.runner.commands.size(), 2U);
}

TEST(Session, RefusesTextThatIsNotUtf8AlsoWithoutValidation) {
  ScriptedSession db;
  Patient patient = john();
  patient.name = "John\xff";
  for (const bool stored : {false, true}) {
    if (stored) patient.id = ObjectId::generate();
    try {
      db.save(patient, {.validate = false});
      FAIL();
    } catch (const Error& error) {
      EXPECT_TRUE(error.is(ErrorCode::kBadValue));
      EXPECT_STREQ(error.what(), "Patient.name: Ensure this value is valid UTF-8.");
    }
  }
  EXPECT_TRUE(db.runner.commands.empty());
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

// Which members the last command set, and removed.
std::vector<std::string> written(const ScriptedSession& db) {
  std::vector<std::string> paths;
  const bson::View update = db.runner.documents.back().view().at_path("updates.0.u").as_document();
  for (const bson::Element& op : update) {
    for (const bson::Element& member : op.as_document()) {
      paths.push_back((op.key() == "$unset" ? "-" : "") + std::string(member.key()));
    }
  }
  return paths;
}

const char kSsnPath[] = "patient_record.ssn";
const char kBillingPath[] = "patient_record.billing";
const char kAmountPath[] = "patient_record.bill_amount";

auto all_members() {
  return ElementsAre("name", "patient_id", kSsnPath, kBillingPath, kAmountPath);
}
auto plain_members() { return ElementsAre("name", "patient_id", kAmountPath); }

// The next find finds John.
void answer_with_john(ScriptedRunner& runner) {
  const Patient patient = john();
  bson::Builder reply;
  reply.append("ok", 1).open_document("cursor").append("id", std::int64_t{0});
  reply.open_array("firstBatch").push_document().append("_id", ObjectId::generate());
  reply.append_all(encode(patient)).close().close().close();
  runner.reply(bson::to_json(reply.finish(), bson::JsonMode::kCanonical), {kSsnPath, kBillingPath});
}
Patient stored_john(ModelSession& db, ScriptedRunner& runner) {
  answer_with_john(runner);
  return db.objects<Patient>().get();
}

TEST(Session, WritesAnEncryptedMemberOnlyWhenItChangedSinceItWasReadOrSaved) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  patient.name = "John B. Doe";
  db.save(patient);
  EXPECT_THAT(written(db), plain_members());
  patient.patient_record.ssn = "987-65-4321";
  db.save(patient);
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kSsnPath, kAmountPath));
  patient.patient_record.billing->cc_type = "Amex";
  db.save(patient);
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kBillingPath, kAmountPath));
  db.save(patient);
  EXPECT_THAT(written(db), plain_members());
}

TEST(Session, KnowsWhatItInserted) {
  ScriptedSession db;
  Patient one = john();
  db.save(one);
  db.save(one);
  EXPECT_THAT(written(db), plain_members());
  std::vector<Patient> many(2, john());
  db.objects<Patient>().bulk_create(many);
  many[1].patient_record.ssn = "1";
  db.save(many[1]);
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kSsnPath, kAmountPath));
}

TEST(Session, WritesAnEncryptedMemberThatWasNotInTheDocument) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"_id": {"$oid": "000000000000000000000001"}, "name": "John", "patient_record": {"ssn": "1"}}]}})",
                  {kSsnPath});
  Patient patient = db.objects<Patient>().get();
  db.save(patient, {.validate = false});
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kBillingPath, kAmountPath));
}

TEST(Session, WritesAllOfWhatItKnowsNothingAbout) {
  ScriptedSession db;
  ScriptedSession other;
  Patient patient = stored_john(db, db.runner);
  Patient by_hand = patient;
  by_hand.id = patient.id.value();
  db.save(by_hand);
  EXPECT_THAT(written(db), all_members()) << "made by hand";
  Patient copied = patient;
  other.save(copied);
  EXPECT_THAT(written(other), all_members()) << "read from elsewhere";
  other.save(copied);
  EXPECT_THAT(written(other), plain_members());
}

TEST(Session, WritesAllAfterASaveOfUnknownEffect) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  db.runner.reply(R"({"ok": 0, "code": 89, "codeName": "NetworkTimeout", "errmsg": "late"})");
  EXPECT_THROW(db.save(patient), Error);
  db.save(patient);
  EXPECT_THAT(written(db), all_members());
}

TEST(Session, WritesAListedMemberAlsoWhenItIsUnchanged) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  db.save(patient, {.only = {f(&Patient::patient_record, &PatientRecord::ssn)}});
  EXPECT_THAT(written(db), ElementsAre(kSsnPath));
}

TEST(Session, KnowsAfterAPartialSaveOnlyWhatThatWrote) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  patient.patient_record.ssn = "987-65-4321";
  db.save(patient, {.only = {f(&Patient::name)}});
  db.save(patient);
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kSsnPath, kAmountPath));
  Patient unknown = john();
  unknown.id = ObjectId::generate();
  db.save(unknown, {.only = {f(&Patient::patient_record, &PatientRecord::ssn)}});
  db.save(unknown);
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kBillingPath, kAmountPath));
}

struct Guarded {
  Id id{};
  std::optional<PatientRecord> record;
};

TEST(Session, ForgetsEncryptedMembersThatItRemoved) {
  ScriptedSession db;
  Guarded guarded{.record = john().patient_record};
  db.save(guarded);
  guarded.record.reset();
  db.save(guarded, {.only = {f(&Guarded::record)}});
  EXPECT_THAT(written(db), ElementsAre("-record"));
  guarded.record = john().patient_record;
  db.save(guarded);
  EXPECT_THAT(written(db), ElementsAre("record.ssn", "record.billing", "record.bill_amount"));
}

TEST(Session, UpdateEachWritesTheEncryptedMembersThatItsFunctionChanged) {
  ScriptedSession db;
  answer_with_john(db.runner);
  db.objects<Patient>().update_each([](Patient& patient) { patient.name = "Jim"; });
  EXPECT_THAT(written(db), plain_members());
  answer_with_john(db.runner);
  db.objects<Patient>().update_each(
      [](Patient& patient) { patient.patient_record.ssn = "987-65-4321"; });
  EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kSsnPath, kAmountPath));
}

TEST(Session, WhatATransactionSavedIsKnownInItAndAfterItsCommit) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  db.transaction([&](Transaction& tx) {
    patient.patient_record.ssn = "987-65-4321";
    tx.save(patient);
    EXPECT_THAT(written(db), ElementsAre("name", "patient_id", kSsnPath, kAmountPath));
    tx.save(patient);
    EXPECT_THAT(written(db), plain_members());
  });
  db.save(patient);
  EXPECT_THAT(written(db), plain_members());
}

TEST(Session, WhatATransactionSavedIsNotKnownOnceItIsRolledBack) {
  ScriptedSession db;
  Patient patient = stored_john(db, db.runner);
  int runs = 0;
  db.transaction([&](Transaction& tx) {
    patient.patient_record.ssn = "987-65-4321";
    tx.save(patient);
    if (++runs == 1) {
      Error conflict(ErrorCode::kWriteConflict, "conflict");
      throw conflict.add_label("TransientTransactionError");
    }
    EXPECT_THAT(written(db), all_members());
  });
  EXPECT_EQ(runs, 2);

  EXPECT_THROW(db.transaction([&](Transaction& tx) {
    patient = stored_john(tx, db.runner);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  db.save(patient);
  EXPECT_THAT(written(db), all_members()) << "it may have read what it wrote itself";
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
