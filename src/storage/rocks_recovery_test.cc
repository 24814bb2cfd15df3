// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What opening a database makes of files that somebody damaged: tests/crash/damage_test.cc does so
// at random.
#include "storage/rocks_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_file_system.h"

namespace quern::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Recovery : public ::testing::Test {
 protected:
  ~Recovery() override { store.reset(); }

  RocksOptions options() const {
    RocksOptions options;
    options.directory = directory();
    options.durability = {Durability::Mode::kNever, std::chrono::hours(1)};
    options.boot = boot;
    return options;
  }
  void open() {
    store.reset();
    store = open_rocks_store(options());
  }
  std::string open_error() {
    try {
      open();
      return "";
    } catch (const DatabaseError& error) {
      return error.what();
    }
  }
  void write(const std::string& key) {
    const auto transaction = store->begin();
    transaction->put(as_bytes(key), as_bytes(std::string("1")));
    transaction->commit();
  }
  std::string keys() {
    std::string keys;
    const auto reader = store->snapshot();
    const auto iterator = reader->iterator({});
    for (iterator->seek({}); iterator->valid(); iterator->next()) keys += as_text(iterator->key());
    return keys;
  }
  // From now on the files are as a killed process would have left them now.
  void kill() {
    const fs::path from = directory();
    ++copies_;
    while (!copied(from)) fs::remove_all(directory());
    store.reset();
  }
  // False when a file came, grew or went meanwhile, in the background.
  bool copied(const fs::path& from) const {
    const auto before = sizes(from);
    std::error_code error;
    fs::copy(from, directory(), error);
    return !error && sizes(from) == before;
  }
  static std::map<std::string, std::uintmax_t> sizes(const fs::path& folder) {
    std::map<std::string, std::uintmax_t> sizes;
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::error_code error;  // gone meanwhile
      sizes[entry.path().filename()] = entry.file_size(error);
    }
    return sizes;
  }
  fs::path directory() const { return folder_.path() / std::to_string(copies_); }
  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory())) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  fs::path log() const { return files(".log").back(); }
  static void flip(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get() ^ 1;
    file.seekp(at);
    file.put(static_cast<char>(byte));
  }
  Findings repair(bool accept_loss) {
    return repair_rocks_store(options(), accept_loss, content).faults;
  }

  Uuid boot = Uuid::random();
  std::unique_ptr<Store> store;
  StoreContent content{.look = [](Store&) { return Findings(); },
                       .mend = [](Store&) { return Findings(); }};

 private:
  const testing::TemporaryFolder folder_;
  int copies_ = 0;
};

TEST_F(Recovery, FindsWhatAKilledProcessHadAcknowledged) {
  open();
  write("a");
  write("b");
  kill();
  open();
  EXPECT_EQ(keys(), "ab");
}

TEST_F(Recovery, OfAClosedDatabaseHasNoLogToRead) {
  open();
  write("a");
  store.reset();
  for (const fs::path& log : files(".log")) EXPECT_EQ(fs::file_size(log), 0u) << log;
  for (const fs::path& log : files(".log")) fs::remove(log);
  open();
  EXPECT_EQ(keys(), "a");
}

TEST_F(Recovery, RefusesALogThatLostAcknowledgedWrites) {
  open();
  write("a");
  write("b");
  kill();
  flip(log(), 10);
  EXPECT_THAT(open_error(),
              HasSubstr("acknowledged writes are missing, the last 2 changes: writes were "
                        "acknowledged up to number 2, and its files hold them up to number 0"));
  EXPECT_THAT(open_error(), HasSubstr("manage repair --accept-loss")) << "and goes on refusing";
}

TEST_F(Recovery, RefusesALogThatEndsEarly) {
  open();
  write("a");
  write("b");
  kill();
  fs::resize_file(log(), fs::file_size(log()) - 1);
  EXPECT_THAT(open_error(), HasSubstr("the log " + log().filename().string() + " ends there"));
}

TEST_F(Recovery, TakesATornTailThatNobodyWasPromised) {
  open();
  write("a");
  kill();
  std::ofstream(log(), std::ios::app | std::ios::binary) << "half a rec";
  open();
  EXPECT_EQ(keys(), "a");
}

TEST_F(Recovery, RefusesADatabaseWhoseFilesOrMarkAreGone) {
  open();
  write("a");
  kill();
  fs::remove(directory() / AcknowledgedMark::kFile);
  EXPECT_THAT(open_error(), HasSubstr("its file ACKNOWLEDGED is missing"));
  EXPECT_THAT(repair(false), ElementsAre(HasSubstr("its file ACKNOWLEDGED is missing")));
  EXPECT_THAT(repair(true), ElementsAre(HasSubstr("its file ACKNOWLEDGED is missing")));
  open();
  EXPECT_EQ(keys(), "a");
  kill();
  fs::remove(directory() / "CURRENT");
  EXPECT_THAT(open_error(), HasSubstr("its file CURRENT is missing"))
      << "and does not begin an empty one";
}

TEST_F(Recovery, FinishesACreationThatWasInterrupted) {
  fs::create_directories(directory());
  { const AcknowledgedMark nothing(directory(), {.boot = boot}); }
  std::ofstream(directory() / "MANIFEST-000001") << "";
  open();
  write("a");
  EXPECT_EQ(keys(), "a");
}

// A power cut may leave the mark on the medium and not the writes that it counts.
TEST_F(Recovery, OwesAfterAPowerCutOnlyWhatWasSynced) {
  open();
  write("a");
  store->sync();
  write("b");
  kill();
  fs::resize_file(log(), fs::file_size(log()) - 1);
  boot = Uuid::random();
  open();
  EXPECT_EQ(keys(), "a");
}

TEST_F(Recovery, OwesAfterAPowerCutWhatWasSynced) {
  open();
  write("a");
  write("b");
  store->sync();
  kill();
  fs::resize_file(log(), fs::file_size(log()) - 1);
  boot = Uuid::random();
  EXPECT_THAT(open_error(), HasSubstr("acknowledged writes are missing"));
}

TEST_F(Recovery, ToldToAcceptALossKeepsWhatIsLeft) {
  open();
  write("a");
  write("b");
  write("c");
  kill();
  fs::resize_file(log(), fs::file_size(log()) - 1);
  EXPECT_THAT(repair(false), ElementsAre(HasSubstr("the last 1 changes")));
  EXPECT_THAT(open_error(), HasSubstr("are missing")) << "looking mends nothing";
  EXPECT_THAT(repair(true), ElementsAre(HasSubstr("the last 1 changes")));
  EXPECT_THAT(repair(false), IsEmpty());
  open();
  EXPECT_EQ(keys(), "ab");
}

TEST_F(Recovery, ToldToAcceptALossDoesWithoutATable) {
  open();
  write("a");
  open();
  write("b");
  store.reset();
  ASSERT_EQ(files(".sst").size(), 2u);
  const fs::path table = files(".sst").front();
  fs::remove(table);
  const std::string missing = "its file " + table.filename().string() + " is missing";
  EXPECT_THAT(open_error(), HasSubstr(missing));
  EXPECT_THAT(repair(true), ElementsAre(missing));
  open();
  EXPECT_EQ(keys().size(), 1u) << "what the other holds";
}

TEST_F(Recovery, OfADamagedTableIsAnErrorThatNamesIt) {
  open();
  write("a");
  store.reset();
  const fs::path table = files(".sst").front();
  flip(table, 5);
  EXPECT_THAT(open_error(), HasSubstr(""));
  const std::string damaged = "its file " + table.filename().string() + " is damaged";
  try {
    if (store) keys();
    ADD_FAILURE() << "no error";
  } catch (const DatabaseError& error) {
    EXPECT_THAT(error.what(), HasSubstr(damaged));
  }
}

TEST_F(Recovery, FindsADamagedBlockBeforeAnybodyReadsIt) {
  open();
  for (int i = 0; i < 2000; ++i) write("key" + std::to_string(i));
  store.reset();
  const fs::path table = files(".sst").front();
  flip(table, 5);
  const std::string damaged = "its file " + table.filename().string() + " is damaged";
  EXPECT_THAT(repair(false), ElementsAre(damaged));
  EXPECT_THAT(repair(true), ElementsAre(damaged));
  EXPECT_THAT(repair(false), IsEmpty());
  open();
  keys();
}

TEST_F(Recovery, AsksWhetherTheContentIsRightAndMendsThatToo) {
  open();
  write("a");
  store.reset();
  content.look = [](Store& store) {
    PinnedValue value;
    EXPECT_THROW(store.begin()->put(as_bytes(std::string("b")), {}), DatabaseError);
    return store.get(as_bytes(std::string("b")), value) ? Findings() : Findings{"it has no b"};
  };
  content.mend = [](Store& store) {
    const auto transaction = store.begin();
    transaction->put(as_bytes(std::string("b")), {});
    transaction->commit();
    return Findings{"b is empty"};
  };
  EXPECT_THAT(repair(false), ElementsAre("it has no b"));
  const RepairReport report = repair_rocks_store(options(), true, content);
  EXPECT_THAT(report.faults, ElementsAre("it has no b"));
  EXPECT_THAT(report.losses, ElementsAre("b is empty"));
  EXPECT_THAT(repair(true), IsEmpty());
  open();
  EXPECT_EQ(keys(), "ab");
}

TEST_F(Recovery, ThatWasInterruptedIsDoneAgain) {
  open();
  write("a");
  kill();
  fs::remove(directory() / AcknowledgedMark::kFile);
  content.mend = [](Store&) -> Findings {
    throw DatabaseError(ErrorCode::kInternalError, "the lights went out");
  };
  EXPECT_THROW(repair(true), DatabaseError);
  EXPECT_THAT(open_error(), HasSubstr("its repair was interrupted"));
  EXPECT_THAT(repair(false), ElementsAre(HasSubstr("its repair was interrupted")));
  content.mend = [](Store&) { return Findings(); };
  EXPECT_THAT(repair(true), ElementsAre(HasSubstr("its repair was interrupted")));
  open();
  EXPECT_EQ(keys(), "a");
}

TEST_F(Recovery, OfNoDatabaseIsNoRepair) { EXPECT_THROW(repair(true), DatabaseError); }

// Numbers are given to writes that were rolled back, deleted again or compacted away, too.
TEST_F(Recovery, MissesNothingOfWhatWasCompactedAway) {
  for (int i = 0; i < 6; ++i) {
    open();
    write("a");
    write("b");
    store->purge({as_bytes(std::string("a")), as_bytes(std::string("b"))});
    const auto transaction = store->begin();
    transaction->remove(as_bytes(std::string("b")));
    transaction->commit();
    if (i % 2 == 0) kill();
  }
  open();
  EXPECT_EQ(keys(), "");
}

}  // namespace
}  // namespace quern::storage
