// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a crash of the machine leaves, for each durability: docs/guide/durability.md.
#include "storage/durability.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_file_system.h"

namespace quern::storage {
namespace {

using Mode = Durability::Mode;

class PowerCut : public ::testing::Test {
 protected:
  ~PowerCut() override { store.reset(); }

  void open(Mode mode, std::chrono::milliseconds interval = std::chrono::hours(1)) {
    RocksOptions options;
    options.directory = folder_.path();
    options.durability = {mode, interval};
    options.file_system = files;
    options.boot = files->boot();
    store = open_rocks_store(options);
  }
  void write(const std::string& key) {
    const auto transaction = store->begin();
    transaction->put(as_bytes(key), as_bytes(std::string("1")));
    transaction->commit();
  }
  // What is there after the power failed and came back.
  std::string left() {
    files->cut_power();
    return closed();
  }
  // The same after the store was closed, and the power failed then.
  std::string closed() {
    store.reset();
    files->restore_power();
    open(Mode::kNever);
    std::string keys;
    const auto reader = store->snapshot();
    const auto iterator = reader->iterator({});
    for (iterator->seek({}); iterator->valid(); iterator->next()) keys += as_text(iterator->key());
    return keys;
  }

  std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<Store> store;

 private:
  const testing::TemporaryFolder folder_;
};

// A full disk looks the same.
TEST_F(PowerCut, IsAnErrorOfEveryWriteFromThenOnAndNotTheEndOfTheProcess) {
  open(Mode::kInterval, std::chrono::milliseconds(1));
  write("a");
  store->sync();
  files->cut_power();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(write("b"), DatabaseError);
    EXPECT_THROW(
        {
          store->sync();  // which may find nothing newer than the last one
          write("b");
        },
        DatabaseError);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the background sync meets it too
  }
  EXPECT_EQ(closed(), "a");
}

TEST_F(PowerCut, LosesTheCommitsThatWaitForASync) {
  open(Mode::kAlways);
  EXPECT_TRUE(store->syncs_always());
  write("a");
  store->sync();
  write("b");
  EXPECT_EQ(left(), "a");
}

TEST_F(PowerCut, MakesNobodySyncWhatIsOnTheMedium) {
  open(Mode::kAlways);
  write("a");
  store->sync();
  const std::int64_t before = files->log_syncs();
  store->sync();
  EXPECT_EQ(files->log_syncs(), before);
  store->purge({as_bytes(std::string("a")), as_bytes(std::string("b"))});
  store->sync();
  EXPECT_GT(files->log_syncs(), before);
}

TEST_F(PowerCut, LosesNothingBeforeASync) {
  open(Mode::kAlways);
  const std::int64_t before = files->log_syncs();
  for (const char* key : {"a", "b", "c"}) write(key);
  EXPECT_EQ(files->log_syncs(), before);
  store->sync();
  EXPECT_EQ(files->log_syncs(), before + 1);
  EXPECT_EQ(left(), "abc");
}

TEST_F(PowerCut, LosesTheWritesOfTheIntervalAndNoOthers) {
  open(Mode::kInterval);
  write("a");
  write("b");
  store->sync();
  write("c");
  EXPECT_EQ(left(), "ab");
}

TEST_F(PowerCut, FindsWhatWasWrittenBeforeTheLatestIntervalOnTheMedium) {
  open(Mode::kInterval, std::chrono::milliseconds(1));
  write("a");
  // Two: the first may have begun before the write.
  for (const std::int64_t wanted = files->log_syncs() + 2; files->log_syncs() < wanted;) {
    write("a");
    std::this_thread::yield();
  }
  EXPECT_EQ(left(), "a");
}

TEST_F(PowerCut, LosesWhatNobodySynced) {
  open(Mode::kNever);
  write("a");
  EXPECT_EQ(left(), "");
}

TEST_F(PowerCut, LosesNothingOfAStoreThatWasClosed) {
  for (const Mode mode : {Mode::kNever, Mode::kInterval, Mode::kAlways}) {
    store.reset();
    open(mode);
    const std::string key = std::to_string(static_cast<int>(mode));
    write(key);
    EXPECT_NE(closed().find(key), std::string::npos) << key;
  }
}

TEST_F(PowerCut, IsReportedByWhoeverWaitsForASync) {
  open(Mode::kNever);
  write("a");
  files->cut_power();
  EXPECT_THROW(store->sync(), DatabaseError);
  EXPECT_THROW(store->sync(), DatabaseError);  // and not taken for done
}

// A sync that runs already may have left out what is committed now.
TEST_F(PowerCut, LosesNothingThatWasCommittedDuringASync) {
  open(Mode::kAlways);
  write("a");
  files->hold_log_syncs();
  std::thread first([this] { store->sync(); });
  while (!files->holds_a_log_sync()) std::this_thread::yield();
  write("b");
  std::atomic<bool> done = false;
  std::thread second([&] {
    store->sync();
    done = true;
  });
  files->let_one_log_sync_go();
  first.join();
  while (!done && !files->holds_a_log_sync()) std::this_thread::yield();
  EXPECT_FALSE(done);
  files->let_log_syncs_go();
  second.join();
  EXPECT_EQ(left(), "ab");
}

TEST_F(PowerCut, LosesNothingOfThreadsThatShareASync) {
  open(Mode::kAlways);
  write("a");
  const std::int64_t before = files->log_syncs();
  files->hold_log_syncs();
  std::vector<std::thread> threads;
  threads.emplace_back([this] { store->sync(); });
  while (!files->holds_a_log_sync()) std::this_thread::yield();
  for (const char* key : {"b", "c", "d", "e"}) write(key);
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { store->sync(); });
  files->let_log_syncs_go();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files->log_syncs(), before + 2);
  EXPECT_EQ(left(), "abcde");
}

TEST(MemoryStore, HasNothingToSync) {
  RocksOptions options;
  options.durability.mode = Mode::kAlways;
  const auto store = open_rocks_store(options);
  EXPECT_FALSE(store->syncs_always());
  EXPECT_NO_THROW(store->sync());
}

}  // namespace
}  // namespace quern::storage
