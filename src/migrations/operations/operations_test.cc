// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Each operation's JSON form and its effect on the state; what it does to a database is tested in
// the project layer, on the engine.
#include <gmock/gmock.h>

#include "migrations/migration_operation.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;

OperationPtr operation(std::string_view json) {
  const bson::Document document = bson::from_json(json);
  return parse_operation(document);
}

constexpr std::string_view kCreate = R"({"op": "CreateModel", "model": "Patient",
  "collection": "myapp_patient", "fields": [
    {"name": "id", "column": "_id", "type": "objectId", "primary_key": true},
    {"name": "name", "type": "string", "max_length": 255},
    {"name": "ssn", "type": "string", "encrypted": {"queries": {"queryType": "equality"}}},
    {"name": "record", "type": "object", "embedded": "Record",
     "fields": [{"name": "amount", "type": "decimal"}]}]})";

State created() {
  State state;
  operation(kCreate)->apply_to(state, "myapp");
  return state;
}

// The state after the operation.
State after(std::string_view json) {
  State state = created();
  operation(json)->apply_to(state, "myapp");
  return state;
}

class OperationForms : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(OperationForms, RoundTripAndDescribeThemselves) {
  const auto& [json, description] = GetParam();
  const OperationPtr parsed = operation(json);
  const bson::Document document = to_bson(*parsed);
  const bson::Document given = bson::from_json(json);
  EXPECT_EQ(bson::to_json(document), bson::to_json(given));
  EXPECT_EQ(parsed->describe(), description);
}

INSTANTIATE_TEST_SUITE_P(
    All, OperationForms,
    testing::Values(
        std::pair(R"({"op": "CreateModel", "model": "A", "collection": "x_a", "fields": [
                     {"name": "id", "column": "_id", "type": "objectId", "primary_key": true}]})",
                  "Create model A"),
        std::pair(R"({"op": "DeleteModel", "model": "A"})", "Delete model A"),
        std::pair(R"({"op": "AddField", "model": "A", "parent": "b.c",
                     "field": {"name": "d", "type": "int", "default": 3}})",
                  "Add field b.c.d to a"),
        std::pair(R"({"op": "RemoveField", "model": "A", "field": "b.c"})",
                  "Remove field b.c from a"),
        std::pair(R"({"op": "AlterField", "model": "A", "field": {"name": "d", "type": "int"}})",
                  "Alter field d on a"),
        std::pair(R"({"op": "RenameField", "model": "A", "field": "b.c", "to": "d"})",
                  "Rename field b.c on a to d"),
        std::pair(R"({"op": "RenameField", "model": "A", "field": "b", "to": "d", "column": "b"})",
                  "Rename field b on a to d"),
        std::pair(R"({"op": "AddIndex", "model": "A",
                     "index": {"name": "n", "key": {"b": 1, "c": -1}}})",
                  "Create index n on field(s) b, c of model a"),
        std::pair(R"({"op": "RemoveIndex", "model": "A", "name": "n"})", "Remove index n from a"),
        std::pair(R"({"op": "AddConstraint", "model": "A",
                     "constraint": {"name": "u", "key": {"b": 1}, "unique": true}})",
                  "Create constraint u on field(s) b of model a"),
        std::pair(R"({"op": "RemoveConstraint", "model": "A", "name": "u"})",
                  "Remove constraint u from model a"),
        std::pair(R"({"op": "RunFunction", "forwards": "fill", "backwards": null})",
                  "Run function fill")));

TEST(Operations, UnknownOnesAndUnknownMembersAreRefused) {
  EXPECT_THAT(
      [] { operation(R"({"op": "CreateTable"})"); },
      Throws<Error>(Property(&Error::what, HasSubstr("unknown operation \"CreateTable\""))));
  EXPECT_THAT([] { operation(R"({"op": "AddFeild"})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("Did you mean 'AddField'?"))));
  EXPECT_THAT([] { operation(R"({"op": "DeleteModel", "model": "A", "cascade": true})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("unknown member \"cascade\"."))));
  EXPECT_THAT([] { operation(R"({"op": "DeleteModel", "model": "A", "model": "B"})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("the member \"model\" twice"))));
  EXPECT_THAT([] { operation(R"({"op": "DeleteModel"})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("needs a \"model\""))));
}

TEST(CreateModel, NamesTheEncryptedFields) {
  EXPECT_EQ(operation(kCreate)->describe(), "Create model Patient (1 encrypted field: ssn)");
}

TEST(AddField, GoesIntoItsParent) {
  const State state = after(R"({"op": "AddField", "model": "Patient", "parent": "record",
                                "field": {"name": "note", "type": "string"}})");
  EXPECT_NE(state.get("myapp", "Patient").find("record.note"), nullptr);
}

TEST(AddField, ANewEncryptedFieldIsRefused) {
  EXPECT_THAT(
      [] {
        after(R"({"op": "AddField", "model": "Patient",
                  "field": {"name": "dob", "type": "date", "encrypted": {}}})");
      },
      Throws<NotSupported>(
          Property(&Error::what,
                   HasSubstr("MongoDB cannot add an encrypted field to an existing collection"))));
}

TEST(RemoveField, AnEncryptedFieldStaysPartOfTheCollection) {
  const State state = after(R"({"op": "RemoveField", "model": "Patient", "field": "ssn"})");
  const ModelState& model = state.get("myapp", "Patient");
  EXPECT_EQ(model.find("ssn"), nullptr);
  EXPECT_EQ(model.encrypted_paths().size(), 1u);
  EXPECT_EQ(model.encrypted_paths()[0].path, "ssn");
}

TEST(AddField, ARemovedEncryptedFieldMayComeBackAsItWas) {
  State state = after(R"({"op": "RemoveField", "model": "Patient", "field": "ssn"})");
  operation(R"({"op": "AddField", "model": "Patient", "field": {"name": "ssn", "type": "string",
                "encrypted": {"queries": {"queryType": "equality"}}}})")
      ->apply_to(state, "myapp");
  EXPECT_EQ(state.get("myapp", "Patient").encrypted_paths().size(), 1u);
  EXPECT_TRUE(state.get("myapp", "Patient").removed_encrypted.empty());
}

TEST(AddField, APlainFieldCannotTakeTheNameOfARemovedEncryptedOne) {
  State state = after(R"({"op": "RemoveField", "model": "Patient", "field": "ssn"})");
  EXPECT_THROW(operation(R"({"op": "AddField", "model": "Patient",
                             "field": {"name": "ssn", "type": "string"}})")
                   ->apply_to(state, "myapp"),
               NotSupported);
}

TEST(RenameField, MovesTheColumnOnlyIfItCarriesTheName) {
  const State renamed =
      after(R"({"op": "RenameField", "model": "Patient", "field": "name", "to": "full_name"})");
  EXPECT_EQ(renamed.get("myapp", "Patient").find("full_name")->column, "full_name");
  State state = created();
  state.get("myapp", "Patient").find("name")->column = "n";
  operation(R"({"op": "RenameField", "model": "Patient", "field": "name", "to": "full_name"})")
      ->apply_to(state, "myapp");
  EXPECT_EQ(state.get("myapp", "Patient").find("full_name")->column, "n");
}

TEST(RenameField, AnEncryptedFieldAndWhatIsAboveOneAreRefused) {
  EXPECT_THROW(after(R"({"op": "RenameField", "model": "Patient", "field": "ssn", "to": "s"})"),
               NotSupported);
}

TEST(Operations, AFieldCannotTakeTheStoredNameOfAnother) {
  for (
      const char* json :
      {R"({"op": "AddField", "model": "Patient",
            "field": {"name": "other", "column": "name", "type": "int"}})",
       R"({"op": "RenameField", "model": "Patient", "field": "record", "to": "r", "column": "name"})",
       R"({"op": "AlterField", "model": "Patient",
            "field": {"name": "record", "column": "name", "type": "object", "embedded": "Record",
                      "fields": [{"name": "amount", "type": "decimal"}]}})"}) {
    EXPECT_THAT([&] { after(json); },
                Throws<Error>(Property(
                    &Error::what, HasSubstr("already has a field that is stored as 'name': name"))))
        << json;
  }
}

TEST(AlterField, ChangesThatLoseValuesAreRefused) {
  EXPECT_THAT(
      [] {
        after(
            R"({"op": "AlterField", "model": "Patient", "field": {"name": "name", "type": "int"}})");
      },
      Throws<NotSupported>(Property(&Error::what, HasSubstr("RunFunction"))));
}

TEST(AddIndex, OnAnEncryptedFieldIsRefused) {
  EXPECT_THAT(
      [] {
        after(
            R"({"op": "AddIndex", "model": "Patient", "index": {"name": "i", "key": {"ssn": 1}}})");
      },
      Throws<NotSupported>(Property(&Error::what, HasSubstr("cannot index encrypted fields"))));
}

TEST(RemoveConstraint, NeedsOneOfThatName) {
  EXPECT_THROW(after(R"({"op": "RemoveConstraint", "model": "Patient", "name": "u"})"), Error);
}

}  // namespace
}  // namespace quern::migrations
