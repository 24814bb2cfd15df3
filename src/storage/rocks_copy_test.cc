// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Copies of an open store (Store::copy_to), and of the files of a closed one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_directory.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_file_system.h"

namespace quern::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StoreCopy : public ::testing::Test {
 protected:
  static RocksOptions options(const fs::path& directory) {
    RocksOptions options;
    options.directory = directory;
    options.write_buffer_bytes = 64 << 10;
    return options;
  }
  static void write(Store& store, int number) {
    const auto transaction = store.begin();
    transaction->put(as_bytes(std::to_string(number)), as_bytes(std::string(1000, 'x')));
    transaction->commit();
  }
  static bool has(Store& store, int number) {
    PinnedValue value;
    return store.get(as_bytes(std::to_string(number)), value);
  }
  static int present(Store& store, int count) {
    int found = 0;
    for (int i = 0; i < count; ++i) found += has(store, i) ? 1 : 0;
    return found;
  }
  static std::string fault_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const DatabaseError& error) {
      return error.what();
    }
    return "";
  }
  static std::vector<fs::path> files(const fs::path& directory, const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const testing::TemporaryFolder folder_;
  const fs::path source = fs::path(folder_.path()) / "source";
  const fs::path copy = fs::path(folder_.path()) / "copy";
};

TEST_F(StoreCopy, HoldsWhatIsInTablesAndWhatIsInTheLog) {
  constexpr int kCount = 300;  // several memory tables
  const auto store = open_rocks_store(options(source));
  for (int i = 0; i < kCount; ++i) write(*store, i);
  store->purge({as_bytes("20"), as_bytes("21")});  // 20, and 200 to 209
  store->copy_to(copy);
  for (int i = kCount; i < 2 * kCount; ++i) write(*store, i);
  EXPECT_EQ(present(*open_rocks_store(options(copy)), 2 * kCount), kCount - 11);
  EXPECT_EQ(present(*store, 2 * kCount), 2 * kCount - 11);
}

TEST_F(StoreCopy, HoldsAllThatWasAcknowledgedWhileOthersWrite) {
  const auto store = open_rocks_store(options(source));
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      write(*store, i);
      acknowledged = i + 1;
    }
  });
  for (int round = 0; round < 10; ++round) {
    while (acknowledged < 100 * round) std::this_thread::yield();
    const int before = acknowledged;
    const fs::path one = copy / std::to_string(round);
    fs::create_directories(copy);
    store->copy_to(one);
    EXPECT_EQ(present(*open_rocks_store(options(one)), before), before);
  }
  stop = true;
  writer.join();
}

TEST_F(StoreCopy, IsRefusedWhereItLostTheEndOfItsLog) {
  const auto store = open_rocks_store(options(source));
  for (int i = 0; i < 10; ++i) write(*store, i);
  store->copy_to(copy);
  const fs::path log = files(copy, ".log").back();
  fs::resize_file(log, fs::file_size(log) - 1);
  EXPECT_THAT(fault_of([&] { open_rocks_store(options(copy)); }),
              HasSubstr("acknowledged writes are missing, the last 1 changes"));
}

TEST_F(StoreCopy, IsAnErrorInMemory) {
  const auto store = open_rocks_store({});
  EXPECT_THAT(fault_of([&] { store->copy_to(copy); }), HasSubstr("in memory"));
  EXPECT_FALSE(fs::exists(copy));
}

TEST_F(StoreCopy, ThatCannotBeWrittenLeavesTheStoreAsItIs) {
  const auto files = std::make_shared<FaultyFileSystem>();
  RocksOptions faulty = options(source);
  faulty.file_system = files;
  const auto store = open_rocks_store(faulty);
  for (int i = 0; i < 10; ++i) write(*store, i);
  files->deny_new_files(true);
  EXPECT_THAT(fault_of([&] { store->copy_to(copy); }), HasSubstr("cannot copy the database"));
  files->deny_new_files(false);
  write(*store, 10);
  store->copy_to(copy);
  EXPECT_EQ(present(*open_rocks_store(options(copy)), 11), 11);
}

TEST_F(StoreCopy, IsRefusedOnceAWriteHasFailedForGood) {
  const auto files = std::make_shared<FaultyFileSystem>();
  RocksOptions faulty = options(source);
  faulty.file_system = files;
  auto store = open_rocks_store(faulty);
  write(*store, 0);
  files->cut_power();
  EXPECT_NE(fault_of([&] { write(*store, 1); }), "");
  EXPECT_THAT(fault_of([&] { store->copy_to(copy); }),
              HasSubstr("takes no writes since one failed"));
  EXPECT_FALSE(fs::exists(copy));
  store.reset();
}

TEST_F(StoreCopy, OfADamagedTableIsFoundDamaged) {
  { write(*open_rocks_store(options(source)), 0); }
  const fs::path table = files(source, ".sst").back();
  {
    std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('y');
  }
  const auto store = open_rocks_store(options(source));
  EXPECT_THAT(fault_of([&] { store->verify(); }), HasSubstr(table.filename().string()));
  store->copy_to(copy);
  EXPECT_THAT(fault_of([&] { open_rocks_store(options(copy))->verify(); }),
              HasSubstr("is damaged"));
}

TEST_F(StoreCopy, OfAClosedOnesFilesIsTheStore) {
  {
    const auto store = open_rocks_store(options(source));
    for (int i = 0; i < 300; ++i) write(*store, i);
  }
  std::ofstream(source / "notes.txt") << "not the store's";
  copy_rocks_files(source, copy);
  EXPECT_FALSE(fs::exists(copy / "notes.txt"));
  EXPECT_EQ(fs::status(files(copy, ".sst").front()).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  const auto store = open_rocks_store(options(copy));
  EXPECT_EQ(present(*store, 300), 300);
  store->verify();
}

TEST_F(StoreCopy, OfFilesWithoutTheMarkIsRefused) {
  { write(*open_rocks_store(options(source)), 0); }
  fs::remove(source / "ACKNOWLEDGED");
  copy_rocks_files(source, copy);
  EXPECT_THAT(fault_of([&] { open_rocks_store(options(copy)); }),
              HasSubstr("ACKNOWLEDGED is missing"));
}

}  // namespace
}  // namespace quern::storage
