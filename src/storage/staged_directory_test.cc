// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/staged_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"

namespace quern::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Staged : public ::testing::Test {
 protected:
  static void fill(const fs::path& directory, const std::string& text) {
    fs::create_directories(directory);
    std::ofstream(directory / "file") << text;
  }
  static std::string text_in(const fs::path& directory) {
    std::ostringstream text;
    text << std::ifstream(directory / "file").rdbuf();
    return text.str();
  }
  template <class Call>
  static std::string fault_of(Call call) {
    try {
      call();
    } catch (const DatabaseError& error) {
      return error.what();
    }
    return "";
  }

  const testing::TemporaryFolder folder_;
  const fs::path place = fs::path(folder_.path()) / "place";
  const fs::path beside = fs::path(folder_.path()) / "place.partial";
};

TEST_F(Staged, IsInItsPlaceOnlyOnceItIsPublished) {
  {
    StagedDirectory staged(place);
    fill(staged.path(), "new");
    EXPECT_FALSE(fs::exists(place));
    staged.publish();
    EXPECT_EQ(text_in(place), "new");
    EXPECT_EQ(fs::status(place).permissions(), fs::perms::owner_all);
  }
  EXPECT_EQ(text_in(place), "new");
  EXPECT_FALSE(fs::exists(beside));
}

TEST_F(Staged, LeavesNothingWhenItIsGivenUp) {
  {
    StagedDirectory staged(place);
    fill(staged.path(), "new");
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Staged, RemovesWhatAKilledOneHasLeftAndNothingElse) {
  fill(beside / "database", "half");
  fill(beside / "database.tmp", "half");
  fill(beside / "mine", "whole");
  {
    const StagedDirectory staged(place);
    EXPECT_FALSE(fs::exists(staged.path()));
  }
  EXPECT_FALSE(fs::exists(beside / "database.tmp"));
  EXPECT_EQ(text_in(beside / "mine"), "whole");
}

TEST_F(Staged, TakesOnlyAVacantPlace) {
  StagedDirectory staged(place.string() + "/");
  fill(staged.path(), "new");
  fill(place, "old");
  EXPECT_THAT(fault_of([&] { staged.publish(); }), HasSubstr("there is something already"));
  EXPECT_EQ(text_in(place), "old");
  fs::remove_all(place);
  std::ofstream(place) << "a file";
  EXPECT_THAT(fault_of([&] { staged.publish(); }), HasSubstr("there is something already"));
  fs::remove(place);
  fs::create_directory(place);
  staged.publish();
  EXPECT_EQ(text_in(place), "new");
}

TEST_F(Staged, IsFilledByOneAtATime) {
  const StagedDirectory staged(place);
  fill(staged.path(), "new");
  EXPECT_THAT(fault_of([&] { const StagedDirectory other(place); }),
              HasSubstr("somebody is writing it just now"));
  EXPECT_EQ(text_in(staged.path()), "new");
}

TEST_F(Staged, IsExchangedForWhatIsThereAndTakesItsPermissions) {
  fill(place, "old");
  const auto wanted = fs::perms::owner_all | fs::perms::group_read;
  fs::permissions(place, wanted);
  {
    StagedDirectory staged(place);
    fill(staged.path(), "new");
    staged.exchange();
    EXPECT_EQ(text_in(staged.path()), "old");
  }
  EXPECT_EQ(text_in(place), "new");
  EXPECT_EQ(fs::status(place).permissions(), wanted);
  EXPECT_FALSE(fs::exists(beside));
}

TEST_F(Staged, IsExchangedForNothingOnlyWithAnError) {
  StagedDirectory staged(place);
  fill(staged.path(), "new");
  EXPECT_NE(fault_of([&] { staged.exchange(); }), "");
  EXPECT_FALSE(fs::exists(place));
}

TEST_F(Staged, FollowsALink) {
  const fs::path real = fs::path(folder_.path()) / "real";
  fill(real, "old");
  fs::create_directory_symlink(real, place);
  {
    StagedDirectory staged(place);
    fill(staged.path(), "new");
    staged.exchange();
  }
  EXPECT_TRUE(fs::is_symlink(place));
  EXPECT_EQ(text_in(real), "new");
}

}  // namespace
}  // namespace quern::storage
