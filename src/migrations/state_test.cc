// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/state.h"

#include <gmock/gmock.h>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

FieldState field(std::string_view json) {
  const bson::Document document = bson::from_json(json);
  return FieldState::parse(document);
}

ModelState patient() {
  ModelState model;
  model.app = "myapp";
  model.name = "Patient";
  model.collection = "myapp_patient";
  model.fields = {
      field(R"({"name": "id", "column": "_id", "type": "objectId", "primary_key": true})"),
      field(R"({"name": "record", "type": "object", "embedded": "Record", "fields": [
                {"name": "ssn", "column": "s", "type": "string",
                 "encrypted": {"queries": {"queryType": "equality"}}},
                {"name": "billing", "type": "object", "encrypted": {}, "embedded": "Billing",
                 "fields": [{"name": "number", "type": "string"}]}]})"),
      field(R"({"name": "visits", "type": "array", "embedded": "Visit",
                "fields": [{"name": "day", "type": "date"}]})")};
  return model;
}

TEST(FieldState, JsonFormRoundTrips) {
  const FieldState state = patient().fields[1];
  const bson::Document document = state.to_bson();
  EXPECT_EQ(FieldState::parse(document), state);
}

TEST(FieldState, ColumnIsTheNameUnlessGiven) {
  EXPECT_EQ(field(R"({"name": "a", "type": "int"})").column, "a");
  EXPECT_EQ(field(R"({"name": "a", "column": "b", "type": "int"})").column, "b");
}

TEST(FieldState, DefaultTakesTheTypeOfTheField) {
  EXPECT_EQ(field(R"({"name": "a", "type": "long", "default": 5})").attributes["default"].type(),
            bson::Type::kInt64);
  EXPECT_EQ(field(R"({"name": "a", "type": "double", "default": 5})").attributes["default"].type(),
            bson::Type::kDouble);
}

TEST(FieldState, UnknownAttributesAndTypesAreRefused) {
  EXPECT_THAT([] { field(R"({"name": "a", "type": "string", "max_lenght": 5})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("unknown attribute \"max_lenght\""))));
  EXPECT_THAT([] { field(R"({"name": "a", "type": "text"})"); },
              Throws<Error>(Property(&Error::what, HasSubstr("unknown type \"text\""))));
}

TEST(FieldState, AttributesMustBeWhatTheyAreSaidToBe) {
  const auto fault = [](std::string_view attribute) -> std::string {
    try {
      field(R"({"name": "a", "type": "string", )" + std::string(attribute) + "}");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(fault(R"("max_length": "x")"),
            "\"max_length\" of field a must be a number that is not negative");
  EXPECT_EQ(fault(R"("choices": 5)"), "\"choices\" of field a must be an array");
  EXPECT_EQ(fault(R"("blank": 1)"), "\"blank\" of field a must be true or false");
  EXPECT_EQ(fault(R"("items": {"type": "text"})"),
            "\"items\" of field a needs a \"type\" that is the alias of a BSON type");
  EXPECT_EQ(fault(R"("items": {"type": "int", "max_lenght": 5})"),
            "\"items\" of field a has the unknown attribute \"max_lenght\". Did you mean "
            "'max_length'?");
  EXPECT_EQ(fault(R"("default": 5)"),
            "\"default\" of field a must be of the field's type, string, but is of type int");
  EXPECT_EQ(fault(R"("fields": [5])"), "\"fields.0\" of field a must be an object");
  EXPECT_EQ(fault(R"("blank": true, "blank": true)"), "field a has the attribute \"blank\" twice");
  EXPECT_THAT(fault(R"("encrypted": {"queries": {"queryType": "equal"}})"),
              HasSubstr("\"encrypted\" of field a"));
}

TEST(IndexState, AnOptionThatCreateIndexesDoesNotHaveIsASlip) {
  EXPECT_THAT(
      [] {
        const bson::Document document =
            bson::from_json(R"({"name": "i", "key": {"a": 1}, "uniqe": true})");
        IndexState::parse(document);
      },
      Throws<Error>(
          Property(&Error::what, HasSubstr("index i has the unknown attribute \"uniqe\"."))));
}

TEST(ModelState, EncryptedPathsAreStoredOnesAndStopAtAnEncryptedStruct) {
  EXPECT_THAT(patient().encrypted_paths(),
              ElementsAre(Field(&EncryptedMember::path, "record.s"),
                          Field(&EncryptedMember::path, "record.billing")));
}

TEST(ModelState, EncryptedFieldsNameTheirKeysByCollectionAndPath) {
  const bson::Document fields = patient().encrypted_fields();
  EXPECT_EQ(bson::to_json(fields), bson::to_json(bson::from_json(R"({"fields": [
      {"path": "record.s", "bsonType": "string", "keyAltName": "myapp_patient.record.s",
       "queries": {"queryType": "equality"}},
      {"path": "record.billing", "bsonType": "object",
       "keyAltName": "myapp_patient.record.billing"}]})")
                                                     .view()));
}

TEST(StoredPath, UsesColumnsAndKnowsWhatItPasses) {
  const ModelState model = patient();
  EXPECT_EQ(stored_path(model, "record.ssn").text(), "record.s");
  EXPECT_EQ(stored_path(model, "record.billing").encrypted, 1u);
  EXPECT_EQ(stored_path(model, "record.billing").enclosing(), std::nullopt);
  EXPECT_EQ(stored_path(model, "record.billing.number").encrypted, 1u);
  EXPECT_EQ(stored_path(model, "record.billing.number").enclosing(), 1u);
  EXPECT_EQ(stored_path(model, "visits.day").enclosing(), 0u);
  EXPECT_EQ(stored_path(model, "visits").enclosing(), std::nullopt);
  EXPECT_THAT([&] { stored_path(model, "record.nothing"); },
              Throws<Error>(Property(&Error::what, HasSubstr("myapp.Patient has no field"))));
}

TEST(State, LabelsAreUnique) {
  State state;
  state.add(patient());
  EXPECT_THROW(state.add(patient()), Error);
  EXPECT_THROW(state.get("myapp", "Doctor"), Error);
  state.remove("myapp", "Patient");
  EXPECT_EQ(state.find("myapp", "Patient"), nullptr);
}

}  // namespace
}  // namespace quern::migrations
