// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "engine/testing.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Backup : public ::testing::Test {
 protected:
  static std::string fault_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const DatabaseError& error) {
      return error.what();
    }
    return "";
  }
  static void insert(TestEngine& engine, int number) {
    engine.run(R"({"insert": "c", "documents": [{"_id": )" + std::to_string(number) +
               R"(, "text": ")" + std::string(1000, 'x') + R"("}]})");
  }
  static std::size_t count(const fs::path& directory) {
    TestEngine engine(directory);
    return engine.find("c").size();
  }
  // What lies in the test's folder.
  std::string names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      names.insert(entry.path().filename().string());
    }
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
  }

  const TemporaryDirectory folder_;
  const fs::path data = folder_.path() / "data";
  const fs::path backup = folder_.path() / "backup";
};

// Files larger than so many bytes cannot be written, as on a medium that is full.
class FullMedium {
 public:
  explicit FullMedium(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullMedium() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FullMedium(const FullMedium&) = delete;
  FullMedium& operator=(const FullMedium&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(Backup, HoldsWhatWasAcknowledgedAndComesBackWithIt) {
  TestEngine engine(data);
  engine.run(R"({"createIndexes": "c", "indexes": [{"name": "t", "key": {"text": 1}}]})");
  for (int i = 0; i < 50; ++i) insert(engine, i);
  engine.runner().back_up(backup);
  insert(engine, 50);
  EXPECT_EQ(names(), "backup data ");
  EXPECT_EQ(count(backup), 50u);
  restore_backup(backup, folder_.path() / "restored", false);
  TestEngine restored(folder_.path() / "restored");
  EXPECT_EQ(restored.find("c").size(), 50u);
  EXPECT_EQ(restored.winning_stage("c", R"({"text": "x"})"), "IXSCAN");
  EXPECT_EQ(engine.find("c").size(), 51u);
}

TEST_F(Backup, IsMadeWhileOthersWrite) {
  TestEngine engine(data);
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      insert(engine, i);
      acknowledged = i + 1;
    }
  });
  for (int round = 0; round < 5; ++round) {
    while (acknowledged < 20 * round) std::this_thread::yield();
    const auto before = static_cast<std::size_t>(acknowledged);
    const fs::path one = folder_.path() / std::to_string(round);
    engine.runner().back_up(one);
    EXPECT_GE(count(one), before);
  }
  stop = true;
  writer.join();
}

TEST_F(Backup, OverwritesNothing) {
  TestEngine engine(data);
  insert(engine, 0);
  engine.runner().back_up(backup);
  insert(engine, 1);
  EXPECT_THAT(fault_of([&] { engine.runner().back_up(backup); }),
              HasSubstr("there is something already"));
  EXPECT_THAT(fault_of([&] { engine.runner().back_up(data); }),
              HasSubstr("there is something already"));
  EXPECT_EQ(count(backup), 1u);
  EXPECT_EQ(names(), "backup data ");
}

TEST_F(Backup, ThatCannotBeWrittenLeavesNothingBehind) {
  TestEngine engine(data);
  for (int i = 0; i < 50; ++i) insert(engine, i);
  {
    const FullMedium full(10'000);  // the log is larger
    EXPECT_THAT(fault_of([&] { engine.runner().back_up(backup); }),
                HasSubstr("cannot copy the database"));
  }
  EXPECT_EQ(names(), "data ");
  engine.runner().back_up(backup);
  EXPECT_EQ(count(backup), 50u);
}

TEST_F(Backup, OfADamagedDatabaseIsNotMade) {
  {
    TestEngine engine(data);
    for (int i = 0; i < 50; ++i) insert(engine, i);
  }
  for (const auto& entry : fs::directory_iterator(data)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.put('\xff');
  }
  TestEngine engine(data);
  EXPECT_THAT(fault_of([&] { engine.runner().back_up(backup); }), HasSubstr("is damaged"));
  EXPECT_EQ(names(), "data ");
}

TEST_F(Backup, IsForTheProcessThatOpenedTheDatabase) {
  TestEngine engine(data);
  insert(engine, 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused =
        fault_of([&] { engine.runner().back_up(backup); }).find("forked") != std::string::npos;
    ::_exit(refused ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(names(), "data ");
}

class Restore : public Backup {
 protected:
  // A backup with one document, of a database that then has two.
  Restore() {
    TestEngine engine(data);
    insert(engine, 0);
    engine.runner().back_up(backup);
    insert(engine, 1);
  }
};

TEST_F(Restore, ReplacesADatabaseOnlyWhenTold) {
  EXPECT_THAT(fault_of([&] { restore_backup(backup, data, false); }),
              HasSubstr("there is something already"));
  EXPECT_EQ(count(data), 2u);
  restore_backup(backup, data, true);
  EXPECT_EQ(names(), "backup data ");
  EXPECT_EQ(count(data), 1u);
  EXPECT_EQ(count(backup), 1u);
}

TEST_F(Restore, ReplacesNothingButADatabase) {
  const fs::path other = folder_.path() / "other";
  fs::create_directory(other);
  std::ofstream(other / "letter.txt") << "dear";
  EXPECT_THAT(fault_of([&] { restore_backup(backup, other, true); }),
              HasSubstr("there is something already"));
  EXPECT_TRUE(fs::exists(other / "letter.txt"));
}

TEST_F(Restore, LeavesADatabaseThatIsOpenAlone) {
  TestEngine engine(data);
  EXPECT_THAT(fault_of([&] { restore_backup(backup, data, true); }),
              HasSubstr("has it open already"));
  insert(engine, 2);
  EXPECT_EQ(engine.find("c").size(), 3u);
  EXPECT_EQ(names(), "backup data ");
}

TEST_F(Restore, TakesNoDamagedBackup) {
  for (const auto& entry : fs::directory_iterator(backup)) {
    if (entry.path().extension() == ".sst") fs::resize_file(entry.path(), entry.file_size() / 2);
  }
  EXPECT_THAT(fault_of([&] { restore_backup(backup, data, true); }), HasSubstr("is damaged"));
  EXPECT_EQ(count(data), 2u);
  EXPECT_EQ(names(), "backup data ");
}

TEST_F(Restore, NeedsABackupOfSomethingElse) {
  EXPECT_THAT(fault_of([&] { restore_backup(folder_.path() / "nothing", data, true); }),
              HasSubstr("holds no backup of a database"));
  EXPECT_THAT(fault_of([&] { restore_backup(data, data, true); }),
              HasSubstr("is the directory to restore to"));
  EXPECT_EQ(count(data), 2u);
}

TEST_F(Restore, ThatCannotBeWrittenLeavesTheOldOne) {
  {
    const FullMedium full(500);
    EXPECT_THAT(fault_of([&] { restore_backup(backup, data, true); }), HasSubstr("cannot write"));
  }
  EXPECT_EQ(count(data), 2u);
  EXPECT_EQ(names(), "backup data ");
}

TEST_F(Restore, ReadsAMediumThatCannotBeWritten) {
  std::map<std::string, fs::file_time_type> before;
  for (const auto& entry : fs::directory_iterator(backup)) {
    before[entry.path().filename().string()] = entry.last_write_time();
  }
  restore_backup(backup, data, true);
  std::map<std::string, fs::file_time_type> after;
  for (const auto& entry : fs::directory_iterator(backup)) {
    after[entry.path().filename().string()] = entry.last_write_time();
  }
  EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace quern::engine
