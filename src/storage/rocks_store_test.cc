// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/testing/faulty_store.h"

namespace quern::storage {
namespace {

std::string read(Reader& reader, std::string_view key) {
  PinnedValue value;
  return reader.get(as_bytes(key), value) ? std::string(as_text(value.bytes())) : "-";
}
std::string read(Store& store, std::string_view key) { return read(*store.snapshot(), key); }
void write(Store& store, std::string_view key, std::string_view value) {
  const auto transaction = store.begin();
  transaction->put(as_bytes(key), as_bytes(value));
  transaction->commit();
}
std::string keys(Reader& reader, std::string_view lower, std::string_view upper) {
  std::string all;
  const auto iterator = reader.iterator({as_bytes(lower), as_bytes(upper)});
  for (iterator->seek(as_bytes(lower)); iterator->valid(); iterator->next()) {
    all += as_text(iterator->key());
  }
  return all;
}
template <class Body>
std::int32_t code_of(Body body) {
  try {
    body();
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

// On disk and in memory alike.
class RocksStore : public ::testing::TestWithParam<bool> {
 protected:
  RocksStore() {
    RocksOptions options;
    if (GetParam()) options.directory = directory.path();
    options.durability.mode = Durability::Mode::kNever;
    store = open_rocks_store(options);
  }
  testing::TemporaryFolder directory;
  std::unique_ptr<Store> store;
};
INSTANTIATE_TEST_SUITE_P(Places, RocksStore, ::testing::Bool());

TEST_P(RocksStore, ShowsATransactionOnlyOnceItIsCommitted) {
  const auto transaction = store->begin();
  transaction->put(as_bytes("a"), as_bytes("1"));
  EXPECT_EQ(read(*transaction, "a"), "1");
  EXPECT_EQ(read(*store, "a"), "-");
  transaction->commit();
  EXPECT_EQ(read(*store, "a"), "1");
}

TEST_P(RocksStore, ForgetsATransactionThatIsDropped) {
  store->begin()->put(as_bytes("a"), as_bytes("1"));
  EXPECT_EQ(read(*store, "a"), "-");
  write(*store, "a", "2");  // and its locks
  EXPECT_EQ(read(*store, "a"), "2");
}

TEST_P(RocksStore, ReadsFromASnapshotWhateverHappensAfter) {
  write(*store, "a", "1");
  const auto reader = store->snapshot();
  const auto transaction = store->begin();
  write(*store, "a", "2");
  write(*store, "b", "2");
  EXPECT_EQ(read(*reader, "a"), "1");
  EXPECT_EQ(keys(*reader, "a", "z"), "a");
  EXPECT_EQ(read(*transaction, "a"), "1");
  EXPECT_EQ(keys(*transaction, "a", "z"), "a");
}

// Of the even numbers below 100 in the store, and of what the readers see beside it.
TEST_P(RocksStore, ContainsSaysOfEachKeyWhatGetSays) {
  for (int i = 0; i < 100; i += 2) write(*store, std::to_string(i), "even");
  const auto snapshot = store->snapshot();
  write(*store, "1", "too late for the snapshot");
  const auto transaction = store->begin();
  transaction->put(as_bytes("3"), as_bytes("own"));
  transaction->remove(as_bytes("4"));
  const auto unread = store->begin({.snapshot = false, .read_own_writes = false});

  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i));
  std::vector<BytesView> keys;
  for (const std::string& name : names) keys.push_back(as_bytes(name));
  for (Reader* reader : {snapshot.get(), static_cast<Reader*>(transaction.get()),
                         static_cast<Reader*>(unread.get())}) {
    bool found[100];
    reader->contains(keys, found);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(found[i], read(*reader, names[i]) != "-") << i;
  }
}

TEST_P(RocksStore, RefusesToWriteWhatChangedAfterTheSnapshot) {
  const auto transaction = store->begin();
  write(*store, "a", "1");
  try {
    transaction->put(as_bytes("a"), as_bytes("2"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kWriteConflict));
    EXPECT_TRUE(error.has_label("TransientTransactionError"));
  }
}

TEST_P(RocksStore, RefusesToWriteWhatAnotherIsWriting) {
  const auto first = store->begin();
  first->put(as_bytes("a"), as_bytes("1"));
  const auto second = store->begin();
  EXPECT_EQ(code_of([&] { second->put(as_bytes("a"), as_bytes("2")); }), 112);
  EXPECT_EQ(code_of([&] { second->put(as_bytes("b"), as_bytes("2")); }), 0);
}

TEST_P(RocksStore, LocksAKeyThatIsNotThere) {
  const auto first = store->begin({.snapshot = false});
  PinnedValue value;
  EXPECT_FALSE(first->get_for_update(as_bytes("a"), value));
  const auto second = store->begin({.snapshot = false});
  EXPECT_EQ(code_of([&] { second->get_for_update(as_bytes("a"), value); }), 112);
}

TEST_P(RocksStore, WithoutASnapshotReadsTheLatestState) {
  const auto transaction = store->begin({.snapshot = false, .read_own_writes = false});
  write(*store, "a", "1");
  PinnedValue value;
  EXPECT_TRUE(transaction->get_for_update(as_bytes("a"), value));
  transaction->put_guarded(as_bytes("a"), as_bytes("2"));
  transaction->commit();
  EXPECT_EQ(read(*store, "a"), "2");
}

TEST_P(RocksStore, WalksForwardsAndBackwardsWithinBounds) {
  for (const char* key : {"a", "b", "c", "d"}) write(*store, key, key);
  const auto transaction = store->begin();
  transaction->put(as_bytes("bb"), as_bytes("x"));
  transaction->put(as_bytes("e"), as_bytes("x"));
  transaction->remove(as_bytes("c"));
  EXPECT_EQ(keys(*transaction, "b", "e"), "bbbd");
  const auto iterator = transaction->iterator({as_bytes("b"), as_bytes("e")});
  std::string backwards;
  for (iterator->seek_for_prev(as_bytes("e")); iterator->valid(); iterator->prev()) {
    backwards += as_text(iterator->key());
  }
  EXPECT_EQ(backwards, "dbbb");
}

TEST_P(RocksStore, CountsWhatATransactionAddsToItsSnapshot) {
  EXPECT_EQ(store->snapshot()->own_writes(), 0u);
  const auto transaction = store->begin();
  EXPECT_EQ(transaction->own_writes(), 0u);
  transaction->put(as_bytes("a"), as_bytes("1"));
  const std::uint64_t once = transaction->own_writes();
  transaction->remove(as_bytes("a"));
  EXPECT_GT(once, 0u);
  EXPECT_GT(transaction->own_writes(), once);
}

TEST_P(RocksStore, PurgesARangeButNotFromOlderSnapshots) {
  for (const char* key : {"a", "b", "c"}) write(*store, key, key);
  const auto reader = store->snapshot();
  store->purge({as_bytes("a"), as_bytes("c")});
  EXPECT_EQ(keys(*store->snapshot(), "a", "z"), "c");
  EXPECT_EQ(keys(*reader, "a", "z"), "abc");
}

// Eight threads add to one counter; whoever conflicts tries again. No addition is lost.
TEST_P(RocksStore, LosesNoUpdate) {
  constexpr int kThreads = 8;
  constexpr int kAdditions = 200;
  for (const bool snapshot : {true, false}) {
    write(*store, "n", "0");
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int done = 0; done < kAdditions;) {
          try {
            const auto transaction = store->begin({.snapshot = snapshot});
            PinnedValue value;
            transaction->get_for_update(as_bytes("n"), value);
            const int n = std::stoi(std::string(as_text(value.bytes())));
            transaction->put_guarded(as_bytes("n"), as_bytes(std::to_string(n + 1)));
            transaction->commit();
            ++done;
          } catch (const Error&) {
            std::this_thread::yield();
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(read(*store, "n"), std::to_string(kThreads * kAdditions));
  }
}

TEST(RocksStoreOnDisk, KeepsOtherUsersOutOfTheDirectoryThatItCreates) {
  const testing::TemporaryFolder directory;
  for (const char* name : {"deep/inside", "slash/"}) {
    RocksOptions options;
    options.directory = directory.path() / name;
    open_rocks_store(options);
    EXPECT_EQ(std::filesystem::status(options.directory).permissions(),
              std::filesystem::perms::owner_all)
        << name;
  }
}

TEST(RocksStoreOnDisk, LeavesThePermissionsOfADirectoryThatExists) {
  const testing::TemporaryFolder directory;
  const auto wanted = std::filesystem::perms::owner_all | std::filesystem::perms::group_read;
  std::filesystem::permissions(directory.path(), wanted);
  RocksOptions options;
  options.directory = directory.path();
  open_rocks_store(options);
  EXPECT_EQ(std::filesystem::status(directory.path()).permissions(), wanted);
}

TEST(RocksStoreOnDisk, IsOpenOnlyOnce) {
  const testing::TemporaryFolder directory;
  RocksOptions options;
  options.directory = directory.path();
  const auto store = open_rocks_store(options);
  try {
    open_rocks_store(options);
    FAIL() << "it opened twice";
  } catch (const DatabaseError& error) {
    EXPECT_NE(std::string_view(error.what()).find("this process has it open already"),
              std::string_view::npos)
        << error.what();
  }
}

TEST(FaultyStore, FailsTheCallItIsToldTo) {
  const auto faults = std::make_shared<InjectedFaults>();
  const auto store = make_faulty_store(open_rocks_store({}), faults);
  faults->fail(InjectedFaults::Kind::kCommit, 2);
  write(*store, "a", "1");
  EXPECT_EQ(code_of([&] { write(*store, "b", "1"); }), 1);
  write(*store, "c", "1");
  EXPECT_EQ(keys(*store->snapshot(), "a", "z"), "ac");
}

}  // namespace
}  // namespace quern::storage
