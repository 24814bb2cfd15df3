// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Models on the engine, with encryption: from a struct to ciphertext on disk and back.
#include "quern/models/models.h"
#include "models/session.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "clinic_fixture.h"
#include "quern/bson/blob_subtype.h"
#include "quern/models/internal/encrypted_schema.h"

namespace quern {

namespace product {
enum class Blood { kA, kB, kO };
}
template <>
inline constexpr auto choices<product::Blood> = named<product::Blood>({{product::Blood::kA, "a"},
                                                                       {product::Blood::kB, "b"},
                                                                       {product::Blood::kO, "o"}});

namespace product {
namespace {

using bson::BlobSubtype;
using std::chrono::milliseconds;
using std::chrono::sys_time;
using std::chrono::year_month_day;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Billing {
  Char<50> cc_type;
  Char<20> cc_number;
  bool operator==(const Billing&) const = default;
};
struct PatientRecord {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> bill_amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t patient_id = 0;
  PatientRecord patient_record;

  struct Meta {
    static auto constraints() { return Constraints{unique(&Patient::patient_id)}; }
  };
};
struct Note {
  Id id{};
  Char<40> title;
  std::int32_t stars = 0;
};

struct Guarded {
  Id id{};
  std::optional<PatientRecord> record;
};

// One encrypted member of each kind; with equality where the protocol has it.
struct Vault {
  Id id{};
  Encrypted<bool, equality> flag = true;
  Encrypted<std::int32_t, equality> small = 5;
  Encrypted<std::int64_t, equality(contention(0))> large = std::int64_t{1} << 40;
  Encrypted<double> real = 1.5;
  Encrypted<Decimal<10, 2>> amount = "12.50";
  Encrypted<std::string, equality> text = "secret text";
  Encrypted<std::vector<std::byte>, equality> bytes = std::vector<std::byte>(3, std::byte{7});
  Encrypted<sys_time<milliseconds>, equality> moment = sys_time<milliseconds>(milliseconds(12345));
  Encrypted<year_month_day, equality> day = std::chrono::year(2024) / 2 / 29;
  Encrypted<milliseconds, equality> pause = milliseconds(250);
  Encrypted<Uuid, equality> uuid = Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  Encrypted<ObjectId, equality> reference = ObjectId::parse("0123456789abcdef01234567");
  Encrypted<Blood, equality> blood = Blood::kO;
  Encrypted<std::vector<std::string>> words = std::vector<std::string>{"x", "y"};
  Encrypted<Billing> billing = Billing{.cc_type = "Visa", .cc_number = "4111"};

  bool operator==(const Vault&) const = default;
};

// "encrypted" goes through automatic encryption, "default" does not. Models with encrypted members
// are routed to the first, others to the second.
class EngineSession : private internal::SessionCore, public ModelSession {
 public:
  explicit EngineSession(Stack& stack)
      : ModelSession(static_cast<internal::SessionCore&>(*this)), stack_(stack) {}
  const ModelRef& registered(const ModelInfo& model) override {
    const std::scoped_lock lock(mutex_);
    ModelRef& ref = models_[&model];
    if (ref.info == nullptr) ref = {"clinic", model.name, model.collection_name("clinic"), &model};
    return ref;
  }
  std::string choose_database(const ModelRef& model, internal::DatabaseUse, const Hints&) override {
    return model.info->has_encrypted_fields() ? "encrypted" : "default";
  }
  internal::Target target(std::string_view alias) override {
    if (alias == "encrypted") return {"encrypted", "clinic", &stack_.encrypting, true};
    return {"default", "plain", &stack_.engine, false};
  }

 private:
  Stack& stack_;
  std::mutex mutex_;
  std::map<const ModelInfo*, ModelRef> models_;
};

Patient make_patient(int number) {
  return {.name = "Patient " + std::to_string(number),
          .patient_id = number,
          .patient_record = {.ssn = "000-00-" + std::to_string(1000 + number),
                             .billing = Billing{.cc_type = "Visa", .cc_number = "4111111111111111"},
                             .bill_amount = 250.75}};
}

const auto kSsn = f(&Patient::patient_record, &PatientRecord::ssn);
const auto kAmount = f(&Patient::patient_record, &PatientRecord::bill_amount);
const auto kNumber = f(&Patient::patient_id);

class ModelsTest : public ClinicTest {
 protected:
  ModelsTest() {
    create<Patient>();
    create<Vault>();
    create<Guarded>();
    for (const ConstraintInfo& constraint : model_info<Patient>().constraints) {
      run_checked(stack->encrypting, "clinic",
                  bson::doc("createIndexes", "clinic_patient", "indexes",
                            bson::array(bson::doc("key", bson::doc(constraint.paths.at(0), 1),
                                                  "name", constraint.name, "unique", true))));
    }
  }

  template <class T>
  void create() {
    const std::string collection = model_info<T>().collection_name("clinic");
    client::create_encrypted_collection(stack->encrypting, stack->vault,
                                        Namespace{"clinic", collection},
                                        encrypted_fields_by_name(model_info<T>(), collection));
  }

  // The stored document, as somebody without keys sees it.
  bson::Document raw(const char* collection, const Id& id) {
    bson::Document found;
    for_each(stack->engine, "clinic",
             bson::doc("find", collection, "filter", bson::doc("_id", id.value())),
             [&](bson::View document) {
               found = bson::Document(document);
               return true;
             });
    return found;
  }

  EngineSession& db() {
    if (!session_) session_ = std::make_unique<EngineSession>(*stack);
    return *session_;
  }
  void reopen_models() {
    session_.reset();
    reopen();
  }

 private:
  std::unique_ptr<EngineSession> session_;
};

TEST_F(ModelsTest, AStructIsSavedFoundByAnEncryptedMemberAndReadBack) {
  Patient john{
      .name = "John Doe",
      .patient_id = 1001,
      .patient_record = {.ssn = "123-45-6789",
                         .billing = Billing{.cc_type = "Visa", .cc_number = "4111111111111111"},
                         .bill_amount = 250.75}};
  db().save(john);
  reopen_models();

  const Patient found = db().objects<Patient>().get(kSsn == "123-45-6789");
  EXPECT_EQ(found.id, john.id);
  EXPECT_EQ(found.name, "John Doe");
  EXPECT_EQ(found.patient_id, 1001);
  EXPECT_EQ(*found.patient_record.ssn, "123-45-6789");
  EXPECT_EQ(*found.patient_record.billing, *john.patient_record.billing);
  EXPECT_EQ(found.patient_record.bill_amount, "250.75");
  EXPECT_THROW(db().objects<Patient>().get(kSsn == "123-45-6780"), DoesNotExist<Patient>);
}

TEST_F(ModelsTest, EncryptedMembersAreCiphertextAndPlainOnesAreNot) {
  Patient john = make_patient(1);
  db().save(john);
  const bson::Document stored = raw("clinic_patient", john.id);
  EXPECT_EQ(bson::blob_subtype(stored.view().at_path("patient_record.ssn")),
            BlobSubtype::kIndexedEqualityValueV2);
  EXPECT_EQ(bson::blob_subtype(stored.view().at_path("patient_record.billing")),
            BlobSubtype::kUnindexedValueV2);
  EXPECT_EQ(stored.view().at_path("patient_record.bill_amount").as_decimal(),
            bson::Decimal128::parse("250.75"));
  EXPECT_EQ(stored["name"].as_string(), "Patient 1");
  const auto expect_no_secrets = [&] {
    for (const char* secret : {"000-00-1001", "Visa", "4111111111111111"}) {
      EXPECT_FALSE(holds(directory, as_bytes(secret))) << secret;
    }
  };
  // In the log nothing is compressed.
  EXPECT_TRUE(holds(directory, as_bytes("Patient 1")));
  expect_no_secrets();
  stack.reset();
  expect_no_secrets();
}

TEST_F(ModelsTest, EveryKindOfEncryptedMemberComesBackAndIsFound) {
  const Vault saved = db().objects<Vault>().create(Vault{});
  Vault other;
  other.flag = false;
  other.small = 6;
  other.large = 7;
  other.text = "other";
  other.bytes = std::vector<std::byte>(2, std::byte{1});
  other.moment = sys_time<milliseconds>(milliseconds(1));
  other.day = std::chrono::year(1999) / 12 / 31;
  other.pause = milliseconds(1);
  other.uuid = Uuid::random();
  other.reference = ObjectId::generate();
  other.blood = Blood::kA;
  db().save(other);

  const bson::Document stored = raw("clinic_vault", saved.id);
  for (const bson::Element& member : stored) {
    if (member.key() == "_id" || member.key() == "__safeContent__") continue;
    EXPECT_TRUE(member.is_binary(bson::BinarySubtype::kEncrypted)) << member.key();
  }

  const auto vaults = db().objects<Vault>();
  const Expr<Vault> conditions[] = {f(&Vault::flag) == true,
                                    f(&Vault::small) == 5,
                                    f(&Vault::large) == (std::int64_t{1} << 40),
                                    f(&Vault::text) == "secret text",
                                    f(&Vault::bytes) == saved.bytes,
                                    f(&Vault::moment) == saved.moment,
                                    f(&Vault::day) == saved.day,
                                    f(&Vault::pause) == milliseconds(250),
                                    f(&Vault::uuid) == saved.uuid,
                                    f(&Vault::reference) == saved.reference,
                                    f(&Vault::blood) == Blood::kO};
  for (const Expr<Vault>& condition : conditions) {
    const std::vector<Vault> found = vaults.filter(condition).to_vector();
    ASSERT_EQ(found.size(), 1U) << bson::to_json(condition.filter());
    EXPECT_EQ(found[0], saved);
    EXPECT_EQ(vaults.exclude(condition).get().id, other.id);
  }
}

TEST_F(ModelsTest, ConditionsOnEncryptedAndPlainMembersCombine) {
  std::vector<Patient> patients;
  for (int i = 0; i < 10; ++i) patients.push_back(make_patient(i));
  db().objects<Patient>().bulk_create(patients);

  const auto numbers = [&](const Expr<Patient>& condition) {
    return db().objects<Patient>().filter(condition).order_by(kNumber).values_list(kNumber);
  };
  EXPECT_THAT(numbers(in(kSsn, {"000-00-1003", "000-00-1005", "none"})), ElementsAre(3, 5));
  EXPECT_THAT(numbers(kSsn == "000-00-1003" || kNumber >= 8), ElementsAre(3, 8, 9));
  EXPECT_THAT(numbers(kSsn != "000-00-1003" && between(kNumber, 2, 4)), ElementsAre(2, 4));
  EXPECT_THAT(numbers(!in(kSsn, {"000-00-1003"}) && kNumber < 5), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(numbers(endswith(f(&Patient::name), " 7") && kAmount == 250.75), ElementsAre(7));
  EXPECT_THAT(numbers(in(kSsn, std::vector<std::string>())), ElementsAre());
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "000-00-1003").count(), 1);
  EXPECT_TRUE(db().objects<Patient>().filter(kSsn == "000-00-1003").exists());
  EXPECT_FALSE(db().objects<Patient>().filter(kSsn == "x").exists());
  EXPECT_EQ(db().objects<Patient>().order_by(desc(kNumber)).first()->patient_id, 9);
  EXPECT_THAT(db().objects<Patient>().order_by(kNumber).offset(4).limit(2).values_list(kNumber),
              ElementsAre(4, 5));
}

TEST_F(ModelsTest, BatchesLeaveRoomForWhatEncryptionAdds) {
  std::vector<Patient> patients;
  for (int i = 0; i < 20'000; ++i) {
    patients.push_back(make_patient(i % 1000));
    patients.back().patient_id = i;
  }
  stack->wire.take_calls();
  db().objects<Patient>().bulk_create(patients, {.batch_size = 100'000});
  std::size_t inserts = 0;
  std::size_t bytes = 0;
  for (const RecordingRunner::Call& call : stack->wire.take_calls()) {
    if (call.name() != "insert") continue;
    ++inserts;
    bytes += call.command.size();
    EXPECT_LT(call.command.size(), 16u << 20);
  }
  EXPECT_GT(inserts, 1u);
  EXPECT_GT(bytes, 1u << 20);
  EXPECT_EQ(db().objects<Patient>().count(), 20'000);
}

TEST_F(ModelsTest, IterationGoesThroughAllBatches) {
  std::vector<Note> notes(350);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    notes[i].title = "n" + std::to_string(i);
    notes[i].stars = static_cast<std::int32_t>(i);
  }
  db().objects<Note>().bulk_create(notes, {.batch_size = 100});
  int next = 0;
  for (const Note& note : db().objects<Note>().order_by(&Note::stars)) {
    ASSERT_EQ(note.stars, next++);
  }
  EXPECT_EQ(next, 350);
  EXPECT_EQ(db().objects<Note>().count(), 350);
}

TEST_F(ModelsTest, SavingAgainKeepsMembersThatTheModelDoesNotKnow) {
  Patient patient = make_patient(1);
  db().save(patient);
  run_checked(stack->encrypting, "clinic",
              bson::from_json(R"({"update": "clinic_patient", "updates": [{"q": {},
                  "u": {"$set": {"foreign": 1, "patient_record.foreign": 2}}}]})"));
  patient.name = "New Name";
  patient.patient_record.ssn = "999-99-9999";
  db().save(patient);
  const bson::Document stored = raw("clinic_patient", patient.id);
  EXPECT_EQ(stored["foreign"].as_int32(), 1);
  EXPECT_EQ(stored.view().at_path("patient_record.foreign").as_int32(), 2);
  EXPECT_EQ(stored["__safeContent__"].as_array().count(), 1U);
  EXPECT_EQ(db().objects<Patient>().get(kSsn == "999-99-9999").name, "New Name");
  EXPECT_FALSE(db().objects<Patient>().filter(kSsn == "000-00-1001").exists());
}

TEST_F(ModelsTest, AnOptionalStructWithEncryptedMembersComesAndGoes) {
  const auto ssn = f(&Guarded::record, &PatientRecord::ssn);
  Guarded guarded{.record = std::nullopt};
  db().save(guarded);
  EXPECT_FALSE(db().objects<Guarded>().get().record.has_value());
  guarded.record = make_patient(1).patient_record;
  db().save(guarded);
  EXPECT_EQ(db().objects<Guarded>().get(ssn == "000-00-1001").id, guarded.id);
  guarded.record.reset();
  db().save(guarded);
  EXPECT_FALSE(db().objects<Guarded>().filter(ssn == "000-00-1001").exists());
  const bson::Document stored = raw("clinic_guarded", guarded.id);
  EXPECT_FALSE(stored.view().contains("record"));
  EXPECT_EQ(stored["__safeContent__"].as_array().count(), 0U);
}

TEST_F(ModelsTest, RefreshAndRemoveGoById) {
  Patient patient = make_patient(1);
  db().save(patient);
  Patient copy = db().objects<Patient>().get(kNumber == 1);
  copy.patient_record.ssn = "111-11-1111";
  db().save(copy, {.only = {kSsn}});
  db().refresh(patient);
  EXPECT_EQ(*patient.patient_record.ssn, "111-11-1111");
  EXPECT_TRUE(db().remove(patient));
  EXPECT_FALSE(db().remove(copy));
  EXPECT_EQ(db().objects<Patient>().count(), 0);
}

TEST_F(ModelsTest, UpdatesOfManyEncryptedObjectsGoObjectByObject) {
  std::vector<Patient> patients;
  for (int i = 0; i < 5; ++i) patients.push_back(make_patient(i));
  db().objects<Patient>().bulk_create(patients);
  const auto some = db().objects<Patient>().filter(kNumber >= 2);
  EXPECT_THROW(some.update(set(f(&Patient::name), "X")), NotSupported);

  const UpdateProgress progress = some.update_each(set(kSsn, "same"), set(f(&Patient::name), "X"));
  EXPECT_EQ(progress.matched, 3);
  EXPECT_EQ(progress.last, patients.back().id.value());
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "same").count(), 3);

  db().objects<Patient>().filter(kSsn == "same").update_each([](Patient& patient) {
    patient.patient_record.ssn = "n" + std::to_string(patient.patient_id);
  });
  EXPECT_EQ(db().objects<Patient>().get(kSsn == "n4").patient_id, 4);
  EXPECT_EQ(db().objects<Patient>().filter(in(kSsn, {"n2", "n3"})).remove(), 2);
  EXPECT_EQ(db().objects<Patient>().count(), 3);
}

TEST_F(ModelsTest, UpdateEachGoesOnWhereItWasInterrupted) {
  std::vector<Note> notes(10);
  for (Note& note : notes) note.title = "t";
  db().objects<Note>().bulk_create(notes);
  UpdateProgress reached;
  const UpdateEachOptions stop_after_four = {.progress = [&](const UpdateProgress& progress) {
    reached = progress;
    if (progress.matched == 4) throw std::runtime_error("stop");
  }};
  EXPECT_THROW(db().objects<Note>().update_each(stop_after_four, set(f(&Note::stars), 1)),
               std::runtime_error);
  const UpdateProgress rest =
      db().objects<Note>().update_each({.after = reached.last}, set(f(&Note::stars), 1));
  EXPECT_EQ(rest.matched, 6);
  EXPECT_EQ(db().objects<Note>().filter(f(&Note::stars) == 1).count(), 10);
}

TEST_F(ModelsTest, DuplicatesOfAUniqueMemberAreRefused) {
  Patient first = make_patient(1);
  Patient second = make_patient(1);
  db().save(first);
  EXPECT_THROW(db().save(second), IntegrityError);
  EXPECT_FALSE(second.id.is_set());
}

TEST_F(ModelsTest, GetOrCreateAndUpdateOrCreateFindByEncryptedMembers) {
  const auto patients = db().objects<Patient>();
  const auto condition = kSsn == "000-00-1001";
  const auto [made, created] = patients.get_or_create(condition, make_patient(1));
  EXPECT_TRUE(created);
  const auto [found, again] = patients.get_or_create(condition, make_patient(1));
  EXPECT_FALSE(again);
  EXPECT_EQ(found.id, made.id);
  const auto [updated, third] =
      patients.update_or_create(condition, make_patient(1), set(f(&Patient::name), "Updated"));
  EXPECT_FALSE(third);
  EXPECT_EQ(updated.name, "Updated");
  EXPECT_EQ(patients.count(), 1);
}

TEST_F(ModelsTest, AStoredValueOfAnotherTypeIsReportedByItsPath) {
  Note note{.title = "t"};
  db().save(note);
  run_checked(stack->engine, "plain",
              bson::from_json(R"({"update": "clinic_note", "updates": [{"q": {},
                  "u": {"$set": {"stars": "many"}}}]})"));
  EXPECT_THAT(error_of([&] { (void)db().objects<Note>().get(); }).what(),
              HasSubstr("Note.stars: expected int, found string"));
}

TEST_F(ModelsTest, ASaveThatLeavesAnEncryptedMemberAsItIsAddsNoStateEntry) {
  const auto entries = [&](const char* collection) {
    const bson::Document reply =
        run_checked(stack->engine, "clinic", bson::doc("count", collection));
    return reply["n"].whole_number().value_or(-1);
  };
  const auto esc = [&] { return entries("enxcol_.clinic_patient.esc"); };
  Patient patient = make_patient(1);
  db().save(patient);
  EXPECT_EQ(esc(), 1);
  for (int i = 0; i < 5; ++i) {
    patient.name = "Patient of day " + std::to_string(i);
    db().save(patient);
  }
  Patient found = db().objects<Patient>().get(kSsn == "000-00-1001");
  EXPECT_EQ(found.name, "Patient of day 4");
  found.name = "Found";
  db().save(found);
  db().transaction([&](Transaction& tx) {
    Patient inside = tx.objects<Patient>().get();
    inside.patient_id = 7;
    tx.save(inside);
    tx.save(inside);
  });
  db().objects<Patient>().update_each([](Patient& each) { each.name += "!"; });
  EXPECT_EQ(esc(), 1);
  EXPECT_EQ(entries("enxcol_.clinic_patient.ecoc"), 1);

  db().refresh(found);
  EXPECT_EQ(found.name, "Found!");
  EXPECT_EQ(found.patient_id, 7);
  EXPECT_EQ(*found.patient_record.ssn, "000-00-1001");
  EXPECT_EQ(found.patient_record.billing->cc_type, "Visa");
  found.patient_record.ssn = "999-99-9999";
  db().save(found);
  EXPECT_EQ(esc(), 2);
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "999-99-9999").count(), 1);
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "000-00-1001").count(), 0);
}

TEST_F(ModelsTest, WhatATransactionSavedAndLostIsSavedAgain) {
  Patient patient = make_patient(1);
  db().save(patient);
  EXPECT_THROW(db().transaction([&](Transaction& tx) {
    patient.patient_record.ssn = "999-99-9999";
    tx.save(patient);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "999-99-9999").count(), 0);
  db().save(patient);
  EXPECT_EQ(db().objects<Patient>().filter(kSsn == "999-99-9999").count(), 1);
}

TEST_F(ModelsTest, AnEncryptedMemberThatAnotherChangedSurvivesASaveThatDidNot) {
  Patient first = make_patient(1);
  db().save(first);
  Patient second = db().objects<Patient>().get();
  first.patient_record.ssn = "999-99-9999";
  db().save(first);
  second.name = "Renamed";
  db().save(second);
  db().refresh(first);
  EXPECT_EQ(*first.patient_record.ssn, "999-99-9999");
  EXPECT_EQ(first.name, "Renamed");
  db().save(second, {.only = {kSsn}});
  db().refresh(first);
  EXPECT_EQ(*first.patient_record.ssn, "000-00-1001");
}

TEST_F(ModelsTest, ATransactionIsAllOrNothing) {
  const Error error = error_of([&] {
    db().transaction([](Transaction& tx) {
      Patient a = make_patient(1);
      tx.save(a);
      EXPECT_EQ(tx.objects<Patient>().filter(kSsn == "000-00-1001").count(), 1);
      Patient duplicate = make_patient(1);
      tx.save(duplicate);
    });
  });
  EXPECT_TRUE(error.is(ErrorCode::kDuplicateKey)) << error.what();
  EXPECT_EQ(db().objects<Patient>().count(), 0);

  bool committed = false;
  db().transaction([&](Transaction& tx) {
    tx.on_commit([&] { committed = true; });
    for (int i = 0; i < 3; ++i) {
      Patient patient = make_patient(i);
      tx.save(patient);
    }
    std::thread([&] {
      EXPECT_EQ(db().objects<Patient>().count(), 0) << "not visible outside yet";
    }).join();
  });
  EXPECT_TRUE(committed);
  EXPECT_EQ(db().objects<Patient>().count(), 3);
}

TEST_F(ModelsTest, SavingPastATransactionWhatItHasWrittenFailsAtOnceAndRollsBack) {
  Patient patient = make_patient(1);
  db().save(patient);
  int runs = 0;
  const Error error = error_of([&] {
    db().transaction([&](Transaction& tx) {
      ++runs;
      patient.name = "Renamed";
      tx.save(patient);
      db().save(patient);
    });
  });
  EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation)) << error.what();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(db().objects<Patient>().filter(f(&Patient::name) == "Renamed").count(), 0);
}

TEST_F(ModelsTest, ATransactionThatSwallowsAnErrorIsRunOnceAndRolledBack) {
  Patient taken = make_patient(1);
  db().save(taken);
  int runs = 0;
  const Error error = error_of([&] {
    db().transaction([&](Transaction& tx) {
      ++runs;
      Patient before = make_patient(2);
      tx.save(before);
      Patient duplicate = make_patient(1);
      EXPECT_THROW(tx.save(duplicate), IntegrityError);
      Patient after = make_patient(3);
      tx.save(after);
    });
  });
  EXPECT_TRUE(error.is(ErrorCode::kNoSuchTransaction)) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("E11000 duplicate key"));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(db().objects<Patient>().count(), 1);
}

TEST_F(ModelsTest, GetOrCreateInATransactionGivesItsIntegrityErrorBack) {
  Patient taken = make_patient(1);
  db().save(taken);
  EXPECT_THROW(db().transaction([&](Transaction& tx) {
    (void)tx.objects<Patient>().get_or_create(kSsn == "none", make_patient(1));
  }),
               IntegrityError);
  const auto [found, created] = db().transaction([&](Transaction& tx) {
    return tx.objects<Patient>().get_or_create(kNumber == 2, make_patient(2));
  });
  EXPECT_TRUE(created);
  EXPECT_EQ(db().objects<Patient>().get(kNumber == 2).id, found.id);
}

TEST_F(ModelsTest, BulkCreateIsAllOrNoneAndNamesTheDuplicate) {
  std::vector<Patient> patients;
  for (int i = 0; i < 250; ++i) patients.push_back(make_patient(i == 130 ? 7 : i));
  const auto all = db().objects<Patient>();
  const Error error = error_of([&] { all.bulk_create(patients, {.batch_size = 100}); });
  EXPECT_TRUE(error.is(ErrorCode::kDuplicateKey));
  EXPECT_THAT(error.what(), ::testing::StartsWith("object 130 of bulk_create(): E11000"));
  EXPECT_EQ(all.count(), 0);

  EXPECT_THROW(all.bulk_create(patients, {.batch_size = 100, .atomic = false}), IntegrityError);
  EXPECT_EQ(all.count(), 130);
}

TEST_F(ModelsTest, AnEncryptedConditionThatCannotBeStoredIsNotShown) {
  for (const char* text : {"\xff", "977\xc0"}) {
    EXPECT_STREQ(
        error_of([&] { (void)db().objects<Patient>().exclude(kSsn == text).count(); }).what(),
        "patient_record.ssn: Enter a valid value.");
  }
}

TEST_F(ModelsTest, ConflictingTransactionsAreRetriedUntilTheySucceed) {
  Note counter{.title = "counter"};
  db().save(counter);
  constexpr int kThreads = 4;
  constexpr int kRounds = 10;
  std::atomic<int> runs = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        db().transaction([&](Transaction& tx) {
          ++runs;
          Note note = tx.objects<Note>().get();
          ++note.stars;
          tx.save(note);
        });
      }
    });
  }
  threads.clear();
  db().refresh(counter);
  EXPECT_EQ(counter.stars, kThreads * kRounds);
  EXPECT_GE(runs, kThreads * kRounds);
}

}  // namespace
}  // namespace product
}  // namespace quern
