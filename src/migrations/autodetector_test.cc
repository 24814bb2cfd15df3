// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Before: a state from JSON, as a migration left it. After: C++ structs.
#include "migrations/autodetector.h"

#include <gmock/gmock.h>

#include <optional>
#include <vector>

#include "migrations/state_of_models.h"
#include "quern/bson/json.h"
#include "quern/models/models.h"

namespace quern::migrations {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace before {

struct Billing {
  Char<50> cc_type;
  Char<20> cc_number;
};
struct Visit {
  std::int32_t day = 1;
};
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<Visit> visits;
};

}  // namespace before

template <class T>
State state_of(std::string collection = "myapp_patient", std::string name = "Patient") {
  const ModelRef ref{.app_label = "myapp",
                     .name = std::move(name),
                     .collection = std::move(collection),
                     .info = &model_info<T>()};
  return state_of_models(std::span(&ref, 1));
}

// What leads from before::Patient to T.
template <class T>
Changes changes_to(const Questioner& questioner = {}) {
  // Through the file, as makemigrations reads it.
  State from;
  for (const auto& [app, operations] : detect_changes({}, state_of<before::Patient>()).operations) {
    for (const OperationPtr& operation : operations) {
      const bson::Document document = bson::from_json(bson::to_json(to_bson(*operation).view()));
      parse_operation(document)->apply_to(from, app);
    }
  }
  return detect_changes(from, state_of<T>(), questioner);
}

std::vector<std::string> described(const Changes& changes) {
  std::vector<std::string> out;
  for (const auto& [app, operations] : changes.operations) {
    for (const OperationPtr& operation : operations) out.push_back(operation->describe());
  }
  return out;
}

// The operations lead to the compiled state, applied in order.
template <class T>
void expect_reaches(const Changes& changes) {
  State state = state_of<before::Patient>();
  for (const auto& [app, operations] : changes.operations) {
    for (const OperationPtr& operation : operations) operation->apply_to(state, app);
  }
  EXPECT_THAT(described(detect_changes(state, state_of<T>())), IsEmpty());
}

TEST(Autodetector, NothingChangedMeansNoOperations) {
  const Changes changes = changes_to<before::Patient>();
  EXPECT_THAT(described(changes), IsEmpty());
  EXPECT_THAT(changes.refusals, IsEmpty());
}

TEST(Autodetector, NewModelIsCreatedWithItsIndexesAndConstraints) {
  struct Doctor {
    Id id{};
    Char<10> name;
    struct Meta {
      static auto indexes() { return Indexes{index(&Doctor::name)}; }
      static auto constraints() { return Constraints{unique(&Doctor::name)}; }
    };
  };
  EXPECT_THAT(described(detect_changes({}, state_of<Doctor>("myapp_doctor", "Doctor"))),
              ElementsAre("Create model Doctor",
                          HasSubstr("Create index name_1 on field(s) name of model doctor"),
                          HasSubstr("Create constraint unique_name on field(s) name of model")));
}

TEST(Autodetector, GoneModelIsDeleted) {
  EXPECT_THAT(described(detect_changes(state_of<before::Patient>(), {})),
              ElementsAre("Delete model Patient"));
}

TEST(Autodetector, NewModelOnTheCollectionOfAGoneOneIsRefused) {
  const Changes changes = detect_changes(state_of<before::Patient>(),
                                         state_of<before::Patient>("myapp_patient", "Person"));
  EXPECT_THAT(changes.refusals, ElementsAre(HasSubstr("would take over the collection")));
}

namespace plain_member {
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
  std::optional<std::string> note;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
  std::int32_t age = 18;
};
}  // namespace plain_member

TEST(Autodetector, NewPlainMembersAreAddedAtAnyDepth) {
  const Changes changes = changes_to<plain_member::Patient>();
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_THAT(described(changes),
              ElementsAre("Add field record.note to patient", "Add field age to patient"));
  expect_reaches<plain_member::Patient>(changes);
}

namespace encrypted_member {
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
  Encrypted<std::int64_t> dob;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace encrypted_member

TEST(Autodetector, NewEncryptedMemberIsRefused) {
  const Changes changes = changes_to<encrypted_member::Patient>();
  EXPECT_THAT(changes.refusals,
              ElementsAre("MongoDB cannot add an encrypted field to an existing collection: "
                          "Patient.record.dob. Create a new model (for example PatientV2) and copy "
                          "the data."));
  EXPECT_THAT(described(changes), IsEmpty());
}

TEST(Autodetector, RefusalsDoNotPromiseWhatDoesNotExist) {
  for (const std::string& text : changes_to<encrypted_member::Patient>().refusals) {
    EXPECT_THAT(text, testing::Not(HasSubstr("--recreate")));
  }
}

namespace encrypted_struct {
struct Insurance {
  Encrypted<Char<20>> policy;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
  Insurance insurance;
};
}  // namespace encrypted_struct

TEST(Autodetector, NewStructWithAnEncryptedMemberIsRefused) {
  EXPECT_THAT(changes_to<encrypted_struct::Patient>().refusals,
              ElementsAre(HasSubstr("Patient.insurance.policy")));
}

namespace to_encrypted {
struct Patient {
  Id id{};
  Encrypted<Char<255>> name;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
};
}  // namespace to_encrypted

TEST(Autodetector, PlainToEncryptedIsRefused) {
  EXPECT_THAT(changes_to<to_encrypted::Patient>().refusals,
              ElementsAre(HasSubstr("Patient.name holds data in the clear and cannot become")));
}

namespace to_plain {
struct Record {
  Char<11> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace to_plain

TEST(Autodetector, EncryptedToPlainIsRefused) {
  EXPECT_THAT(changes_to<to_plain::Patient>().refusals,
              ElementsAre(HasSubstr("Patient.record.ssn cannot become one in the clear")));
}

namespace other_queries {
struct Record {
  Encrypted<Char<11>> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace other_queries

TEST(Autodetector, OtherQueriesAreRefusedWithOldAndNewSideBySide) {
  const Changes changes = changes_to<other_queries::Patient>();
  ASSERT_EQ(changes.refusals.size(), 1u);
  EXPECT_THAT(changes.refusals[0], HasSubstr("is fixed when the collection is created"));
  EXPECT_THAT(changes.refusals[0], HasSubstr("was:      string { \"queries\" : { \"queryType\" : "
                                             "\"equality\" } }"));
  EXPECT_THAT(changes.refusals[0], HasSubstr("would be: string { }"));
}

namespace other_contention {
struct Record {
  Encrypted<Char<11>, equality(contention(4))> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace other_contention

TEST(Autodetector, OtherContentionIsRefused) {
  EXPECT_THAT(changes_to<other_contention::Patient>().refusals,
              ElementsAre(HasSubstr("is fixed when the collection is created")));
}

namespace other_type {
struct Record {
  Encrypted<std::int64_t, equality> ssn;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace other_type

TEST(Autodetector, OtherTypeOfAnEncryptedMemberIsRefused) {
  EXPECT_THAT(changes_to<other_type::Patient>().refusals,
              ElementsAre(HasSubstr("it was string and would be long")));
}

namespace renamed_encrypted {
struct Record {
  Encrypted<Char<11>, equality> social;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace renamed_encrypted

TEST(Autodetector, RenamedEncryptedMemberIsRefused) {
  EXPECT_THAT(changes_to<renamed_encrypted::Patient>().refusals,
              ElementsAre(HasSubstr("Patient.record.ssn cannot be renamed to record.social")));
}

namespace renamed_above {
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  before::Record file;
  std::vector<before::Visit> visits;
};
}  // namespace renamed_above

TEST(Autodetector, RenamedMemberAboveAnEncryptedOneIsRefused) {
  EXPECT_THAT(changes_to<renamed_above::Patient>().refusals.size(), 2u);
}

TEST(Autodetector, RenamedCollectionOfAnEncryptedModelIsRefused) {
  const Changes changes =
      detect_changes(state_of<before::Patient>(), state_of<before::Patient>("patients"));
  EXPECT_THAT(changes.refusals,
              ElementsAre(HasSubstr("cannot be renamed from 'myapp_patient' to 'patients'")));
}

namespace removed_encrypted {
struct Record {
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace removed_encrypted

TEST(Autodetector, RemovedEncryptedMemberIsAWarningAndChangesTheStateOnly) {
  const Changes changes = changes_to<removed_encrypted::Patient>();
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_THAT(described(changes), ElementsAre("Remove field record.ssn from patient"));
  EXPECT_THAT(changes.warnings, ElementsAre(HasSubstr("what is stored stays encrypted")));
  expect_reaches<removed_encrypted::Patient>(changes);
}

namespace inside_encrypted {
struct Billing {
  Char<60> cc_type;
  Char<20> cc_number;
  std::int32_t year = 0;
};
struct Record {
  Encrypted<Char<12>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace inside_encrypted

TEST(Autodetector, ValidationRulesAndMembersInsideAnEncryptedStructMayChange) {
  const Changes changes = changes_to<inside_encrypted::Patient>();
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_THAT(described(changes), ElementsAre("Alter field record.ssn on patient",
                                              "Alter field record.billing.cc_type on patient",
                                              "Add field record.billing.year to patient"));
  expect_reaches<inside_encrypted::Patient>(changes);
}

namespace renamed_plain {
struct Patient {
  Id id{};
  Char<255> full_name;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
};
}  // namespace renamed_plain

TEST(Autodetector, ARenameIsAskedAbout) {
  EXPECT_THAT(described(changes_to<renamed_plain::Patient>()),
              ElementsAre("Remove field name from patient", "Add field full_name to patient"));
  Questioner yes;
  yes.renamed = [](const ModelState&, const std::string& from, const std::string& to,
                   const std::string& type) {
    EXPECT_EQ(from, "name");
    EXPECT_EQ(to, "full_name");
    EXPECT_EQ(type, "string");
    return true;
  };
  const Changes changes = changes_to<renamed_plain::Patient>(yes);
  EXPECT_THAT(described(changes), ElementsAre("Rename field name on patient to full_name"));
  expect_reaches<renamed_plain::Patient>(changes);
}

namespace pinned_column {
struct Patient {
  Id id{};
  Char<255> full_name;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
  struct Meta {
    static auto columns() { return Columns{column(&Patient::full_name, "name")}; }
  };
};
}  // namespace pinned_column

TEST(Autodetector, TheSameColumnSaysThatItIsTheSameMember) {
  const Changes changes = changes_to<pinned_column::Patient>();
  EXPECT_THAT(described(changes), ElementsAre("Rename field name on patient to full_name"));
  expect_reaches<pinned_column::Patient>(changes);
}

namespace pinned_column_later {
struct Patient {
  Id id{};
  Char<255> nickname;
  Char<255> full_name;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
  struct Meta {
    static auto columns() { return Columns{column(&Patient::full_name, "name")}; }
  };
};
}  // namespace pinned_column_later

TEST(Autodetector, AboutAMemberThatItsColumnIdentifiesNothingIsAsked) {
  Questioner questioner;
  questioner.renamed = [](const auto&, const std::string& from, const std::string& to,
                          const std::string&) {
    ADD_FAILURE() << from << " to " << to;
    return false;
  };
  const Changes changes = changes_to<pinned_column_later::Patient>(questioner);
  EXPECT_THAT(described(changes), ElementsAre("Rename field name on patient to full_name",
                                              "Add field nickname to patient"));
  expect_reaches<pinned_column_later::Patient>(changes);
}

namespace pinned_encrypted_column {
struct Record {
  Encrypted<Char<11>, equality> social;
  Encrypted<before::Billing> billing;
  Decimal<10, 2> amount;
  struct Meta {
    static auto columns() { return Columns{column(&Record::social, "ssn")}; }
  };
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
  std::vector<before::Visit> visits;
};
}  // namespace pinned_encrypted_column

TEST(Autodetector, AnEncryptedMemberMayBeRenamedIfItsColumnStays) {
  const Changes changes = changes_to<pinned_encrypted_column::Patient>();
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_THAT(described(changes), ElementsAre("Rename field record.ssn on patient to social"));
  expect_reaches<pinned_encrypted_column::Patient>(changes);
}

namespace other_plain_type {
struct Visit {
  std::int64_t day = 1;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::optional<std::int64_t> number;
  before::Record record;
  std::vector<Visit> visits;
};
}  // namespace other_plain_type

TEST(Autodetector, WiderNumbersAndNullsAreAltered) {
  const Changes changes = changes_to<other_plain_type::Patient>();
  EXPECT_THAT(changes.refusals, IsEmpty());
  EXPECT_THAT(described(changes),
              ElementsAre("Alter field number on patient", "Alter field visits.day on patient"));
  expect_reaches<other_plain_type::Patient>(changes);
}

namespace lossy_type {
struct Patient {
  Id id{};
  std::int64_t name = 0;
  std::int64_t number = 0;
  before::Record record;
  std::vector<before::Visit> visits;
};
}  // namespace lossy_type

TEST(Autodetector, TypesThatLoseValuesAreRefused) {
  EXPECT_THAT(changes_to<lossy_type::Patient>().refusals,
              ElementsAre(HasSubstr("Patient.name: stored values of type string cannot")));
}

TEST(MakeMigration, IsNumberedAndNamedAfterItsOperations) {
  const Graph empty({});
  EXPECT_EQ(make_migration(empty, "myapp", {delete_model("A")}, "", {}).key.name, "0001_initial");
  std::vector<Migration> all;
  all.push_back(make_migration(empty, "myapp", {delete_model("A")}, "", {}));
  const Graph graph(std::move(all));
  const Migration second =
      make_migration(graph, "myapp", {delete_model("B"), remove_field("C", "d.e")}, "", {});
  EXPECT_EQ(second.key.name, "0002_delete_b_remove_c_d_e");
  EXPECT_THAT(second.dependencies, ElementsAre(MigrationKey{"myapp", "0001_initial"}));
  EXPECT_FALSE(second.initial);
  EXPECT_EQ(make_migration(graph, "myapp", {run_function("f", "")}, "", {}).key.name,
            "0002_auto_19700101_0000");
  EXPECT_EQ(make_migration(graph, "myapp", {}, "mine", {}).key.name, "0002_mine");
}

TEST(MakeMigration, LongNamesAreCut) {
  const Migration migration =
      make_migration(Graph({{.key = {"myapp", "0001_initial"},
                             .initial = true,
                             .dependencies = {},
                             .operations = {}}}),
                     "myapp",
                     {delete_model("AVeryLongModelNameIndeed"),
                      delete_model("AnotherVeryLongModelName"), delete_model("Third")},
                     "", {});
  EXPECT_EQ(migration.key.name, "0002_delete_averylongmodelnameindeed_and_more");
}

}  // namespace
}  // namespace quern::migrations
