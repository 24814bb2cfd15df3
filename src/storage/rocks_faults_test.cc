// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the store makes of a medium that fails for a while, of memory that runs out, and of the
// space that dropped data takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_file_system.h"

namespace quern::storage {
namespace {

using ::testing::HasSubstr;

class FailingMedium : public ::testing::Test {
 protected:
  ~FailingMedium() override { store.reset(); }

  void open() {
    store.reset();
    RocksOptions options;
    options.directory = folder_.path();
    options.durability = {Durability::Mode::kNever, std::chrono::hours(1)};
    options.write_buffer_bytes = 64 << 10;
    options.file_system = files;
    store = open_rocks_store(options);
  }
  void write(const std::string& key, std::size_t size = 1000) {
    const auto transaction = store->begin();
    transaction->put(as_bytes(key), as_bytes(std::string(size, 'x')));
    transaction->commit();
    acknowledged.insert(key);
  }
  std::set<std::string> keys() const {
    std::set<std::string> keys;
    const auto reader = store->snapshot();
    const auto iterator = reader->iterator({});
    for (iterator->seek({}); iterator->valid(); iterator->next()) {
      keys.emplace(as_text(iterator->key()));
    }
    return keys;
  }
  std::uintmax_t size_on_disk() const {
    std::uintmax_t size = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::error_code gone;
      const std::uintmax_t one = entry.file_size(gone);
      if (!gone && entry.path().extension() == ".sst") size += one;
    }
    return size;
  }
  // Waits for what happens within seconds.
  static bool comes(const std::function<bool()>& condition) {
    for (int i = 0; i < 1'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<Store> store;
  std::set<std::string> acknowledged;

 private:
  const testing::TemporaryFolder folder_;
};

TEST_F(FailingMedium, IsWrittenToAgainOnceItsFaultIsOver) {
  open();
  files->deny_new_files(true);
  std::string fault;
  for (int i = 0; i < 1'000 && fault.empty(); ++i) {
    try {
      write("a" + std::to_string(i));
    } catch (const DatabaseError& error) {
      fault = error.what();
    }
  }
  EXPECT_THAT(fault, HasSubstr("too many files open"));
  EXPECT_THROW(write("b"), DatabaseError);
  files->deny_new_files(false);
  EXPECT_TRUE(comes([&] {
    try {
      write("c");
      return true;
    } catch (const DatabaseError& error) {
      fault = error.what();
      return false;
    }
  })) << fault;
  EXPECT_EQ(keys(), acknowledged);
  write("d");
  open();
  EXPECT_EQ(keys(), acknowledged);
}

using FailingMediumDeathTest = FailingMedium;

// The threads that wait for the one whose write was interrupted would wait for ever.
TEST_F(FailingMediumDeathTest, EndsTheProcessWhenAWriteIsInterrupted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        open();
        files->exhaust_memory();
        write("a");
      },
      "a write of the database was interrupted by an exception");
}

TEST(ForkedChild, OfAProcessWithAnOpenDatabaseExits) {
  const testing::TemporaryFolder folder;
  RocksOptions options;
  options.directory = folder.path();
  const auto store = open_rocks_store(options);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // where it hangs
    std::exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "it was ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST_F(FailingMedium, GetsTheSpaceOfAPurgedRangeBack) {
  open();
  for (int i = 0; i < 2'000; ++i) write("a" + std::to_string(i));
  store->purge({as_bytes(std::string("a")), as_bytes(std::string("b"))});
  EXPECT_TRUE(comes([this] { return size_on_disk() == 0; })) << size_on_disk();
}

TEST_F(FailingMedium, GetsTheSpaceBackThatASnapshotSawOnceItIsClosed) {
  open();
  for (int i = 0; i < 2'000; ++i) write("a" + std::to_string(i));
  auto snapshot = store->snapshot();
  store->purge({as_bytes(std::string("a")), as_bytes(std::string("b"))});
  PinnedValue value;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(snapshot->get(as_bytes(std::string("a7")), value));
  snapshot.reset();
  EXPECT_TRUE(comes([this] { return size_on_disk() == 0; })) << size_on_disk();
}

TEST_F(FailingMedium, GetsTheSpaceBackThatAnEarlierProcessLeft) {
  open();
  for (int i = 0; i < 2'000; ++i) write("a" + std::to_string(i));
  auto snapshot = store->snapshot();  // so that nothing comes back yet
  store->purge({as_bytes(std::string("a")), as_bytes(std::string("b"))});
  snapshot.reset();
  open();
  EXPECT_TRUE(comes([this] { return size_on_disk() == 0; })) << size_on_disk();
}

}  // namespace
}  // namespace quern::storage
