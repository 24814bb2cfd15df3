// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/model_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing.h"
#include "quern/models/internal/encrypted_schema.h"

namespace quern::testing {
namespace {

using ::testing::ElementsAre;

struct Address {
  Char<40> town;
  Char<10> zip;
};

struct Doctor {
  Id id{};
  Char<255> name;
  std::int32_t grade = 3;
  std::optional<std::int64_t> room;
  Address address;
  std::vector<Address> practices;

  struct Meta {
    static constexpr auto db_table = "doctors";
    static auto columns() { return Columns{column(&Doctor::grade, "g")}; }
    static auto indexes() {
      return Indexes{index(&Doctor::name, desc(&Doctor::grade)),
                     named("by_zip", index(f(&Doctor::address, &Address::zip)))};
    }
    static auto constraints() { return Constraints{unique(&Doctor::name, &Doctor::room)}; }
    static auto ordering() { return Ordering{asc(&Doctor::name), desc(&Doctor::grade)}; }
  };
};

TEST(ModelInfo, DescribesTheMembersOfAStruct) {
  const ModelInfo& model = model_info<Patient>();
  EXPECT_EQ(model.name, "Patient");
  EXPECT_TRUE(model.is_collection());
  ASSERT_EQ(model.fields.size(), 4U);

  const FieldInfo& id = model.fields[0];
  EXPECT_EQ(id.name, "id");
  EXPECT_EQ(id.column, "_id");
  EXPECT_TRUE(id.primary_key);
  EXPECT_EQ(id.type, bson::Type::kObjectId);

  const FieldInfo& name = *model.field("name");
  EXPECT_EQ(name.type, bson::Type::kString);
  EXPECT_EQ(name.max_length, 255);
  EXPECT_FALSE(name.allow_blank);

  const FieldInfo& record = *model.field("patient_record");
  EXPECT_EQ(record.type, bson::Type::kDocument);
  ASSERT_NE(record.embedded, nullptr);
  EXPECT_EQ(record.embedded->name, "PatientRecord");
  EXPECT_FALSE(record.embedded->is_collection());

  const FieldInfo& amount = *record.embedded->field("bill_amount");
  EXPECT_EQ(amount.max_digits, 10);
  EXPECT_EQ(amount.decimal_places, 2);
  EXPECT_EQ(model.field("nobody"), nullptr);
}

TEST(ModelInfo, KnowsWhatIsEncryptedAndHow) {
  const FieldInfo& ssn = *model_info<PatientRecord>().field("ssn");
  ASSERT_TRUE(ssn.encrypted);
  EXPECT_THAT(ssn.encrypted->queries, ElementsAre(QueryInfo{"equality", std::nullopt}));
  EXPECT_EQ(ssn.max_length, 11);

  const FieldInfo& billing = *model_info<PatientRecord>().field("billing");
  ASSERT_TRUE(billing.encrypted);
  EXPECT_TRUE(billing.encrypted->queries.empty());
  EXPECT_EQ(billing.embedded->name, "Billing");
  EXPECT_TRUE(model_info<Patient>().has_encrypted_fields());
  EXPECT_FALSE(model_info<Doctor>().has_encrypted_fields());
}

TEST(ModelInfo, HasDefaultsAndNullability) {
  const ModelInfo& model = model_info<Doctor>();
  EXPECT_EQ(model.field("grade")->default_value, bson::Value::of(std::int32_t{3}));
  EXPECT_TRUE(model.field("room")->nullable);
  EXPECT_TRUE(model.field("room")->default_value.missing());
  EXPECT_TRUE(model.field("id")->default_value.missing());
  EXPECT_TRUE(model_info<PatientRecord>().field("ssn")->default_value.missing());
}

TEST(ModelInfo, DescribesVectorsByTheirElement) {
  const FieldInfo& practices = *model_info<Doctor>().field("practices");
  EXPECT_EQ(practices.type, bson::Type::kArray);
  ASSERT_NE(practices.element, nullptr);
  EXPECT_EQ(practices.element->embedded->name, "Address");
}

TEST(ModelInfo, TakesNamesIndexesAndOrderFromMeta) {
  const ModelInfo& model = model_info<Doctor>();
  EXPECT_EQ(model.collection_name("clinic"), "doctors");
  EXPECT_EQ(model.field("grade")->column, "g");
  EXPECT_THAT(model.indexes, ElementsAre(IndexInfo{"name_1_g_-1", {{"name", 1}, {"g", -1}}},
                                         IndexInfo{"by_zip", {{"address.zip", 1}}}));
  EXPECT_THAT(model.constraints, ElementsAre(ConstraintInfo{"unique_name_room", {"name", "room"}}));
  EXPECT_THAT(model.ordering, ElementsAre(IndexKey{"name", 1}, IndexKey{"g", -1}));
}

TEST(ModelInfo, NamesCollectionsAfterAppAndModel) {
  EXPECT_EQ(model_info<Patient>().collection_name("myApp"), "myApp_patient");
}

TEST(ModelInfo, RefusesColumnNamesThatCannotBeStored) {
  struct Dotted {
    Id id{};
    int a = 0;
    int b = 0;
  };
  const auto fields_with = [](const std::string& name) {
    const auto& object = internal::prototype<Dotted>();
    const std::vector<internal::MemberInfo> members = {{"id", &object.id, &value_type<Id>(), true},
                                                       {"a", &object.a, &value_type<int>()},
                                                       {"b", &object.b, &value_type<int>()}};
    internal::make_fields("T = Dotted]", members, &object, Columns{column(&Dotted::b, name)});
  };
  for (const char* name : {"", "$x", "a.b", "_id", "__safeContent__", "a"}) {
    EXPECT_THROW(fields_with(name), ImproperlyConfigured) << name;
  }
}

struct Strangers {
  Id id{};
  Char<5> name;
  struct Meta {
    static auto indexes() { return Indexes{index(&Doctor::grade)}; }
  };
};
struct StrangeColumn {
  Id id{};
  Char<5> name;
  struct Meta {
    static auto columns() { return Columns{column(&Doctor::name, "n")}; }
  };
};

TEST(ModelInfo, RefusesAMetaThatNamesMembersOfAnotherModel) {
  EXPECT_THROW(model_info<Strangers>(), ImproperlyConfigured);
  EXPECT_THROW(model_info<StrangeColumn>(), ImproperlyConfigured);
}

TEST(EncryptedSchema, ListsEncryptedPathsWithTheirKeys) {
  std::vector<std::string> asked;
  const bson::Document schema =
      encrypted_fields(model_info<Patient>(), "myapp_patient", [&](std::string_view alt_name) {
        asked.emplace_back(alt_name);
        return Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
      });
  EXPECT_THAT(asked, ElementsAre("myapp_patient.patient_record.ssn",
                                 "myapp_patient.patient_record.billing"));
  EXPECT_EQ(bson::to_json(schema), bson::to_json(bson::from_json(R"({"fields": [
      {"keyId": {"$binary": {"base64": "ABEiM0RVZneImaq7zN3u/w==", "subType": "04"}},
       "path": "patient_record.ssn", "bsonType": "string", "queries": [{"queryType": "equality"}]},
      {"keyId": {"$binary": {"base64": "ABEiM0RVZneImaq7zN3u/w==", "subType": "04"}},
       "path": "patient_record.billing", "bsonType": "object"}]})")));
}

struct Contended {
  Id id{};
  Encrypted<std::int64_t, equality(contention(0))> number;
};

TEST(EncryptedSchema, CarriesTheContentionThatWasAskedFor) {
  EXPECT_EQ(bson::to_json(encrypted_fields_by_name(model_info<Contended>(), "c")),
            bson::to_json(bson::from_json(R"({"fields": [
      {"keyAltName": "c.number", "path": "number", "bsonType": "long",
       "queries": [{"queryType": "equality", "contention": {"$numberLong": "0"}}]}]})")));
}

TEST(EncryptedSchema, IsEmptyForAPlainModel) {
  EXPECT_TRUE(encrypted_fields_by_name(model_info<Doctor>(), "doctors").empty());
}

}  // namespace
}  // namespace quern::testing
