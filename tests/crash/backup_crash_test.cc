// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A process is killed while it makes backups of a database that is written to, or while it restores
// one. The database is then whole, a backup is whole or not there, and doing it again succeeds.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "crash/expectation.h"
#include "crash/worker.h"
#include "engine/engine_runner.h"
#include "quern/command/reply.h"
#include "quern/testing/temporary_folder.h"

namespace quern::crash {
namespace {

namespace fs = std::filesystem;
using bson::array;
using bson::doc;

std::map<std::string, std::string> documents(const fs::path& directory) {
  engine::EngineRunner runner(engine::EngineOptions{.directory = directory});
  std::map<std::string, std::string> found;
  for_each(runner, "clinic", doc("find", "plain"), [&](bson::View document) {
    found[std::string(document["_id"].as_string())] = std::to_string(document["value"].as_int32());
    return true;
  });
  return found;
}

void insert(const fs::path& directory, const std::string& name, int count = 1) {
  engine::EngineRunner runner(engine::EngineOptions{.directory = directory});
  for (int i = 0; i < count; ++i) {
    run_checked(runner, "clinic",
                doc("insert", "plain", "documents",
                    array(doc("_id", name + std::to_string(i), "value", i))));
  }
}

bool is_unfinished(const fs::path& path) { return path.extension() == ".partial"; }

// What each backup of a journal may hold: of a document any state that it had, or may have had, while
// the backup was made. Documents without a state are not there: "-".
class BackupExpectation {
 public:
  explicit BackupExpectation(const std::map<std::string, std::string>& before) {
    for (const auto& [id, state] : before) now_[id] = {state};
  }

  // Takes the lines that are about writes, and leaves the others to `rest`.
  void read(const std::string& journal, std::string& rest) {
    std::istringstream lines(journal);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string kind, who, id, state;
      words >> kind >> who >> id >> state;
      if (kind == "(" || kind == ")") {
        if (kind == "(") open_ = who;
        if (kind == "(") allowed_[who] = now_;
        if (kind == ")") done_.insert(std::exchange(open_, ""));
        continue;
      }
      rest += line + "\n";
      if (kind == "?") {
        // Until it is acknowledged, it is there or not.
        pending_[who].emplace_back(id, state);
        add(now_, id, state);
        if (!open_.empty()) add(allowed_[open_], id, state);
      } else {
        for (const auto& [written, last] : pending_[who]) now_[written] = {last};
        pending_.erase(who);
      }
    }
  }

  bool is_done(const std::string& backup) const { return done_.contains(backup); }
  const std::set<std::string>& done() const { return done_; }

  void check(const std::string& backup, const std::map<std::string, std::string>& present) const {
    const States& allowed = allowed_.at(backup);
    for (const auto& [id, states] : allowed) {
      const auto found = present.find(id);
      EXPECT_TRUE(states.contains(found == present.end() ? "-" : found->second)) << id;
    }
    for (const auto& [id, state] : present) EXPECT_TRUE(allowed.contains(id)) << id;
  }

 private:
  using States = std::map<std::string, std::set<std::string>>;

  static void add(States& states, const std::string& id, const std::string& state) {
    const auto [at, is_new] = states.try_emplace(id);
    if (is_new) at->second.insert("-");
    at->second.insert(state);
  }

  States now_;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> pending_;
  std::map<std::string, States> allowed_;
  std::set<std::string> done_;
  std::string open_;
};

TEST(BackupCrashTest, ABackupIsWholeOrNotThereAndTheDatabaseIsWhole) {
  const testing::TemporaryFolder folder;
  const fs::path data = fs::path(folder.path()) / "data";
  const fs::path backups = data.string() + ".backups";
  insert(data, "first");
  Expectation expectation;
  expectation.read("? 9 first0 0\n! 9\n");
  std::mt19937 random(2031);
  int unfinished = 0;
  int finished = 0;
  for (int kill = 0; kill < kills() && !::testing::Test::HasFailure(); ++kill) {
    SCOPED_TRACE(kill);
    fs::remove_all(backups);
    BackupExpectation copies(documents(data));
    Worker worker(data.string(), kill, "backup");
    std::string writes;
    copies.read(worker.kill_after(std::chrono::microseconds(random() % 400'000)), writes);
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";
    expectation.read(writes);
    expectation.check(documents(data));

    for (const std::string& backup : copies.done()) {
      EXPECT_TRUE(fs::exists(backups / backup)) << backup << " is gone";
    }
    fs::path last = backups / "0";
    if (fs::exists(backups)) {
      for (const auto& entry : fs::directory_iterator(backups)) {
        if (is_unfinished(entry.path())) {
          last = entry.path().parent_path() / entry.path().stem();
          ++unfinished;
          continue;
        }
        SCOPED_TRACE(entry.path());
        copies.check(entry.path().filename().string(), documents(entry.path()));
        ++finished;
      }
    }
    fs::remove_all(last);
    engine::EngineRunner(engine::EngineOptions{.directory = data}).back_up(last);
    EXPECT_FALSE(fs::exists(last.string() + ".partial"));
    EXPECT_EQ(documents(last), documents(data));
  }
  RecordProperty("unfinished", unfinished);
  RecordProperty("finished", finished);
  EXPECT_GT(unfinished, 0);
}

TEST(BackupCrashTest, ARestoredDatabaseIsTheOldOneOrTheBackup) {
  const testing::TemporaryFolder folder;
  const fs::path data = fs::path(folder.path()) / "data";
  const fs::path backup = data.string() + ".backup";
  insert(backup, "new", 100);
  const auto wanted = documents(backup);
  // Kills come at any moment of a restore.
  const auto start = std::chrono::steady_clock::now();
  engine::restore_backup(backup, data, false);
  const auto takes = std::chrono::duration_cast<std::chrono::microseconds>(
      2 * (std::chrono::steady_clock::now() - start));
  std::mt19937 random(2032);
  int old = 0;
  for (int kill = 0; kill < kills() && !::testing::Test::HasFailure(); ++kill) {
    SCOPED_TRACE(kill);
    fs::remove_all(data);
    insert(data, "old");
    Worker worker(data.string(), kill, "restore");
    worker.kill_after(std::chrono::microseconds(random() % takes.count()));
    ASSERT_TRUE(worker.was_killed()) << "the worker ended by itself";

    const auto present = documents(data);
    if (present.contains("old0")) {
      EXPECT_EQ(present.size(), 1u);
      ++old;
    } else {
      EXPECT_EQ(present, wanted);
    }
    engine::restore_backup(backup, data, true);
    EXPECT_EQ(documents(data), wanted);
    EXPECT_FALSE(fs::exists(data.string() + ".partial"));
  }
  EXPECT_EQ(documents(backup), wanted);
  RecordProperty("old", old);
}

}  // namespace
}  // namespace quern::crash
