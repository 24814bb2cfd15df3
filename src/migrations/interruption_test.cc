// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/interruption.h"

#include <gmock/gmock.h>

#include "migrations/migration_error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

class Interruption : public testing::Test {
 protected:
  Interruption() {
    operation(R"({"op": "CreateModel", "model": "A", "collection": "a", "fields": [
        {"name": "id", "column": "_id", "type": "objectId", "primary_key": true},
        {"name": "x", "type": "int"}, {"name": "y", "type": "int"},
        {"name": "s", "type": "object", "embedded": "S",
         "fields": [{"name": "x", "type": "int"}]}]})")
        ->apply_to(state_, "app");
  }
  static OperationPtr operation(std::string_view json) {
    const bson::Document document = bson::from_json(json);
    return parse_operation(document);
  }
  void check(std::initializer_list<const char*> operations, bool backwards = false) {
    Migration migration;
    migration.key = {"app", "0002_a"};
    for (const char* json : operations) migration.operations.push_back(operation(json));
    refuse_reused_names(migration, state_, backwards);
  }

  State state_;
};

constexpr const char* kMoveX =
    R"({"op": "RenameField", "model": "A", "field": "x", "to": "old_x"})";
constexpr const char* kAddX =
    R"({"op": "AddField", "model": "A", "field": {"name": "x", "type": "string"}})";
constexpr const char* kRemoveX = R"({"op": "RemoveField", "model": "A", "field": "x"})";
constexpr const char* kMoveYToX = R"({"op": "RenameField", "model": "A", "field": "y", "to": "x"})";

TEST_F(Interruption, ANameThatOneOperationEmptiesMayNotBeFilledByALaterOne) {
  EXPECT_THAT(
      [&] {
        check({kMoveX, kAddX});
      },
      Throws<MigrationError>(
          Property(&Error::what,
                   AllOf(HasSubstr("app.0002_a: \"Add field x to a\" fills the stored name 'x', "
                                   "which \"Rename field x on a to old_x\" empties"),
                         HasSubstr("Put the later one into a migration of its own")))));
  EXPECT_THROW(check({kRemoveX, kMoveYToX}), MigrationError);
  EXPECT_THROW(
      check({R"({"op": "RemoveField", "model": "A", "field": "s"})",
             R"({"op": "AddField", "model": "A", "field": {"name": "s", "type": "object", "fields":
                 [{"name": "x", "type": "int"}]}})"}),
      MigrationError);
}

TEST_F(Interruption, BackwardsItIsTheUndoneOperationsThatCount) {
  EXPECT_NO_THROW(
      check({kMoveX, R"({"op": "RenameField", "model": "A", "field": "y", "to": "z"})"}, true));
  EXPECT_THAT(
      [&] {
        check({kMoveX, kAddX}, true);
      },
      Throws<MigrationError>(
          Property(&Error::what, HasSubstr("\"Undo Rename field x on a to old_x\" fills"))));
}

TEST_F(Interruption, NamesOfOtherPlacesAndOneAfterTheOtherAreNoHarm) {
  check({kMoveX, R"({"op": "AddField", "model": "A", "parent": "s",
                     "field": {"name": "old", "type": "int"}})"});
  check({kMoveX, R"({"op": "RenameField", "model": "A", "field": "old_x", "to": "older_x"})"});
  check({R"({"op": "AddField", "model": "A", "field": {"name": "z", "type": "int"}})",
         R"({"op": "RemoveField", "model": "A", "field": "z"})"});
}

}  // namespace
}  // namespace quern::migrations
