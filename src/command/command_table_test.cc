// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "command/command_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace quern {
namespace {

using ::testing::ElementsAre;

template <class Property>
std::vector<std::string> names_with(Property property) {
  std::vector<std::string> names;
  for (const CommandRow& row : command_table()) {
    if (property(row)) names.emplace_back(row.name);
  }
  return names;
}

TEST(CommandTable, FindsEachCommandByEachOfItsNames) {
  std::set<std::string_view> names;
  for (const CommandRow& row : command_table()) {
    EXPECT_EQ(&command_row(row.id), &row);
    EXPECT_EQ(find_command_row(row.name), &row);
    EXPECT_TRUE(names.insert(row.name).second);
    for (const std::string_view alias : row.aliases) {
      EXPECT_EQ(find_command_row(alias), &row);
      EXPECT_TRUE(names.insert(alias).second);
    }
  }
  EXPECT_EQ(find_command_row("findandmodify")->id, CommandId::kFindAndModify);
  EXPECT_EQ(find_command_row("ismaster")->id, CommandId::kHello);
  EXPECT_EQ(find_command_row("Find"), nullptr);
  EXPECT_EQ(find_command_row(""), nullptr);
}

TEST(CommandTable, SaysWhatChangesSchemas) {
  EXPECT_THAT(names_with([](const CommandRow& row) { return row.changes_schemas; }),
              ElementsAre("create", "drop", "dropDatabase", "renameCollection"));
}

TEST(CommandTable, SaysWhatMayRunInTransactions) {
  EXPECT_THAT(names_with([](const CommandRow& row) { return row.allowed_in_transactions; }),
              ElementsAre("abortTransaction", "aggregate", "commitTransaction", "count", "create",
                          "delete", "distinct", "find", "findAndModify", "getMore", "hello",
                          "insert", "killCursors", "update"));
  EXPECT_THAT(names_with([](const CommandRow& row) { return row.ends_transaction; }),
              ElementsAre("abortTransaction", "commitTransaction"));
}

TEST(CommandTable, SaysWhatWrites) {
  EXPECT_THAT(names_with([](const CommandRow& row) { return row.writes; }),
              ElementsAre("cleanupStructuredEncryptionData", "collMod", "commitTransaction",
                          "compactStructuredEncryptionData", "create", "createIndexes",
                          "createSearchIndexes", "delete", "drop", "dropDatabase", "dropIndexes",
                          "dropSearchIndex", "findAndModify", "insert", "renameCollection",
                          "update", "updateSearchIndex"));
}

TEST(CommandTable, SaysWhatIsForAdministratorsOnly) {
  EXPECT_THAT(
      names_with([](const CommandRow& row) { return row.admin_only; }),
      ElementsAre("abortTransaction", "commitTransaction", "listDatabases", "renameCollection"));
}

TEST(CommandTable, SaysWhatIsExplained) {
  EXPECT_THAT(names_with([](const CommandRow& row) { return row.explainable; }),
              ElementsAre("aggregate", "collMod", "count", "create", "createIndexes", "delete",
                          "distinct", "find", "findAndModify", "insert", "update"));
}

TEST(CommandTable, SaysWhatCarriesEncryptionInformation) {
  const auto with = [](EncryptionInformationRule rule) {
    return names_with([=](const CommandRow& row) { return row.encryption_information == rule; });
  };
  EXPECT_THAT(with(EncryptionInformationRule::kAlways),
              ElementsAre("delete", "explain", "findAndModify", "update"));
  EXPECT_THAT(with(EncryptionInformationRule::kWithPayload),
              ElementsAre("aggregate", "count", "distinct", "find", "insert"));
}

TEST(CommandTable, SaysWhereRepliesHoldDocuments) {
  const auto with = [](ReplyDocuments documents) {
    return names_with([=](const CommandRow& row) { return row.documents == documents; });
  };
  EXPECT_THAT(with(ReplyDocuments::kCursor), ElementsAre("aggregate", "find", "getMore"));
  EXPECT_THAT(with(ReplyDocuments::kValue), ElementsAre("findAndModify"));
  EXPECT_THAT(with(ReplyDocuments::kValues), ElementsAre("distinct"));
}

TEST(CommandTable, OnlyWhatIsPassedOnWithCertainMembersHasMembers) {
  EXPECT_THAT(names_with([](const CommandRow& row) {
                return row.analysis == AnalysisRule::kPassedOnMembers;
              }),
              ElementsAre("collStats", "compact", "dbStats", "drop", "dropDatabase", "dropIndexes",
                          "getMore", "killCursors", "listCollections", "listIndexes",
                          "renameCollection", "validate"));
  for (const CommandRow& row : command_table()) {
    EXPECT_TRUE(row.members.empty() || row.analysis == AnalysisRule::kPassedOnMembers);
  }
}

TEST(GenericMembers, ThoseOfDriversAreAmongThem) {
  EXPECT_THAT(driver_members(),
              ElementsAre("lsid", "txnNumber", "startTransaction", "autocommit", "$clusterTime",
                          "readConcern", "writeConcern", "comment", "maxTimeMS", "apiVersion",
                          "apiStrict", "apiDeprecationErrors", "$readPreference", "$db"));
  EXPECT_EQ(generic_members().size(), driver_members().size() + 7);
  EXPECT_TRUE(is_driver_member("$db"));
  EXPECT_FALSE(is_driver_member("$client"));
  EXPECT_FALSE(is_driver_member("let"));
}

}  // namespace
}  // namespace quern
