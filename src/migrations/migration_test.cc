// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/migration.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern::migrations {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

class MigrationFile : public testing::Test {
 protected:
  MigrationFile() { std::filesystem::remove_all(folder_); }
  ~MigrationFile() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / name) << text;
  }
  // What reading the folder reports.
  std::string fault() {
    try {
      read_migrations(folder_, "myapp");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                        ("quern_migration_test_" + std::to_string(::getpid())) /
                                        "migrations";
};

Migration first() {
  Migration migration;
  migration.key = {"myapp", "0001_initial"};
  migration.initial = true;
  migration.operations = {delete_model("Old"), run_function("fill", "empty")};
  return migration;
}

TEST_F(MigrationFile, WrittenAndReadAgainIsTheSame) {
  const std::filesystem::path file = write_migration(folder_, first());
  EXPECT_EQ(file, folder_ / "0001_initial.json");
  const std::vector<Migration> read = read_migrations(folder_, "myapp");
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].key, first().key);
  EXPECT_TRUE(read[0].initial);
  EXPECT_EQ(read[0].hash(), first().hash());
}

TEST_F(MigrationFile, IsNeverOverwritten) {
  write_migration(folder_, first());
  EXPECT_THROW(write_migration(folder_, first()), ImproperlyConfigured);
}

TEST_F(MigrationFile, WhatCannotBeWrittenIsNamedWithTheReasonAndLeavesNothing) {
  const auto fault = [&](const std::string& reason) {
    EXPECT_THAT(
        [&] { write_migration(folder_, first()); },
        Throws<ImproperlyConfigured>(Property(
            &Error::what, AllOf(testing::StartsWith("cannot write "), HasSubstr(": " + reason)))));
  };
  std::filesystem::create_directories(folder_.parent_path());
  std::ofstream(folder_) << "a file, not a folder";
  fault(folder_.string() + " is a file, where a folder must be. If it is the program itself");
  std::filesystem::remove(folder_);
  std::filesystem::create_directories(folder_);
  std::filesystem::create_symlink("/dev/full", folder_ / ".0001_initial.json.tmp");
  fault("No space left on device");
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(MigrationFile, FaultsNameTheFileAndTheOperation) {
  write("0001_a.json", R"({"format": 1, "app": "myapp", "name": "0001_a", "dependencies": [],
                           "operations": [{"op": "DeleteModel", "model": "A"}, {"op": "Nonsense"}]})");
  EXPECT_THAT(fault(), AllOf(HasSubstr("0001_a.json"), HasSubstr("operation 1"),
                             HasSubstr("unknown operation \"Nonsense\"")));
}

TEST_F(MigrationFile, NameAndAppMustBeThoseOfThePlace) {
  write("0002_b.json", R"({"format": 1, "app": "myapp", "name": "0002_c", "dependencies": [],
                           "operations": []})");
  EXPECT_THAT(fault(), HasSubstr("\"name\" is '0002_c' but the file is '0002_b.json'"));
}

TEST_F(MigrationFile, AnotherFormatIsRefused) {
  write("0001_a.json", R"({"format": 2, "app": "myapp", "name": "0001_a", "dependencies": [],
                           "operations": []})");
  EXPECT_THAT(fault(), HasSubstr("\"format\" must be 1"));
}

TEST_F(MigrationFile, WhatIsNoJsonIsRefused) {
  write("0001_a.json", "{");
  EXPECT_THAT(fault(), HasSubstr("0001_a.json"));
}

TEST_F(MigrationFile, NoFolderMeansNoMigrations) {
  EXPECT_TRUE(read_migrations(folder_, "myapp").empty());
}

TEST(Migration, HashIsOfTheContentNotOfTheLayout) {
  const bson::Document document = first().to_bson();
  const bson::Document other = bson::from_json(bson::to_pretty_json(document));
  EXPECT_EQ(Migration::parse(other).hash(), first().hash());
  Migration changed = first();
  changed.operations.pop_back();
  EXPECT_NE(changed.hash(), first().hash());
}

TEST(Migration, FaultsWhileApplyingNameTheMigration) {
  State state;
  EXPECT_THAT([&] { first().apply_to(state); },
              Throws<Error>(Property(
                  &Error::what,
                  HasSubstr("migration myapp.0001_initial: Delete model Old: there is no model"))));
}

}  // namespace
}  // namespace quern::migrations
