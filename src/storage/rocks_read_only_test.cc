// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A store that is open for reading only: what it reads, what it leaves alone, and who may have it
// open besides.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"

namespace quern::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

BytesView key(std::string_view text) { return as_bytes(text); }

class ReadOnlyStore : public ::testing::Test {
 protected:
  fs::path directory() const { return folder_.path() / "store"; }
  std::unique_ptr<Store> open_for_writing() const {
    return open_rocks_store({.directory = directory()});
  }
  std::unique_ptr<Store> open() const {
    return open_rocks_store({.directory = directory(), .read_only = true});
  }
  std::string open_error() const {
    try {
      open();
      return "";
    } catch (const DatabaseError& error) {
      return error.what();
    }
  }
  static void write(Store& store, const std::string& name) {
    const auto transaction = store.begin();
    transaction->put(key(name), key("1"));
    transaction->commit();
  }
  static std::string keys(Store& store) {
    std::string keys;
    const auto reader = store.snapshot();
    const auto iterator = reader->iterator({});
    for (iterator->seek({}); iterator->valid(); iterator->next()) keys += as_text(iterator->key());
    return keys;
  }
  // By name, what the files hold.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory())) {
      std::ostringstream content;
      content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files[entry.path().filename()] = content.str();
    }
    return files;
  }
  // Runs body as a user who may read the folder and not write to it.
  void without_permission_to_write(const std::function<void()>& body) const {
    constexpr uid_t kNobody = 65534;
    fs::permissions(folder_.path(), fs::perms(0755));
    for (const auto& entry : fs::directory_iterator(directory())) {
      fs::permissions(entry.path(), fs::perms(0444));
    }
    fs::permissions(directory(), fs::perms(0555));
    const bool is_root = ::geteuid() == 0;
    ASSERT_TRUE(!is_root || ::seteuid(kNobody) == 0);
    body();
    ASSERT_TRUE(!is_root || ::seteuid(0) == 0);
    fs::permissions(directory(), fs::perms(0755));
  }

 private:
  const testing::TemporaryFolder folder_;
};

TEST_F(ReadOnlyStore, ReadsWhatIsThereAndChangesNoFile) {
  write(*open_for_writing(), "a");
  const auto before = files();
  {
    const auto store = open();
    EXPECT_EQ(keys(*store), "a");
    PinnedValue value;
    EXPECT_TRUE(store->get(key("a"), value));
    EXPECT_FALSE(store->get(key("b"), value));
    const BytesView both[] = {key("a"), key("b")};
    bool found[2] = {};
    store->snapshot()->contains(both, found);
    EXPECT_TRUE(found[0]);
    EXPECT_FALSE(found[1]);
    store->sync();
    EXPECT_GT(store->approximate_size({key("a"), key("b")}), 0u);
  }
  EXPECT_EQ(files(), before);
}

TEST_F(ReadOnlyStore, ReadsTheLogOfAKilledProcessAndLeavesItThere) {
  const fs::path copy = directory().parent_path() / "copy";
  {
    const auto store = open_for_writing();
    write(*store, "a");
    write(*store, "b");
    fs::copy(directory(), copy);
  }
  fs::remove_all(directory());
  fs::rename(copy, directory());
  const auto before = files();
  EXPECT_EQ(keys(*open()), "ab");
  EXPECT_EQ(files(), before);
  EXPECT_EQ(keys(*open_for_writing()), "ab");
}

TEST_F(ReadOnlyStore, ShowsNothingOfPurgedRanges) {
  {
    const auto store = open_for_writing();
    for (const char* name : {"a", "b", "c"}) write(*store, name);
    store->purge({key("a"), key("c")});
  }
  const auto store = open();
  EXPECT_EQ(keys(*store), "c");
  PinnedValue value;
  EXPECT_FALSE(store->get(key("b"), value));
}

TEST_F(ReadOnlyStore, RefusesEveryWrite) {
  write(*open_for_writing(), "a");
  const auto store = open();
  EXPECT_TRUE(store->read_only());
  EXPECT_FALSE(store->syncs_always());
  const auto refused = [](const std::function<void()>& write) {
    try {
      write();
      return std::string("no error");
    } catch (const DatabaseError& error) {
      EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation));
      return std::string(error.what());
    }
  };
  const auto transaction = store->begin();
  PinnedValue value;
  const std::string sentence = "the database is open for reading only";
  EXPECT_THAT(refused([&] { transaction->put(key("b"), {}); }), HasSubstr(sentence));
  EXPECT_THAT(refused([&] { transaction->remove(key("a")); }), HasSubstr(sentence));
  EXPECT_THAT(refused([&] { transaction->lock(key("a")); }), HasSubstr(sentence));
  EXPECT_THAT(refused([&] { transaction->get_for_update(key("a"), value); }), HasSubstr(sentence));
  EXPECT_THAT(refused([&] { store->purge({key("a"), key("b")}); }), HasSubstr(sentence));
  EXPECT_NO_THROW(transaction->commit()) << "of a transaction that only read";
  EXPECT_EQ(keys(*store), "a");
}

TEST_F(ReadOnlyStore, IsNotMadeWhereThereIsNone) {
  EXPECT_THAT(open_error(), HasSubstr("there is none"));
  EXPECT_FALSE(fs::exists(directory()));
}

TEST_F(ReadOnlyStore, IsRefusedWhereAcknowledgedWritesAreMissing) {
  write(*open_for_writing(), "a");
  fs::remove(directory() / "ACKNOWLEDGED");
  EXPECT_THAT(open_error(), HasSubstr("its file ACKNOWLEDGED is missing"));
}

TEST_F(ReadOnlyStore, IsNotOpenBesideAWriter) {
  auto writer = open_for_writing();
  EXPECT_THAT(open_error(), HasSubstr("this process has it open already"));
  writer.reset();
  const auto reader = open();
  EXPECT_THROW(open_for_writing(), DatabaseError);
}

TEST_F(ReadOnlyStore, OpensWhereThisUserMayNotWrite) {
  write(*open_for_writing(), "a");
  const auto before = files();
  without_permission_to_write([&] {
    const auto store = open();
    EXPECT_EQ(keys(*store), "a");
    EXPECT_EQ(keys(*open()), "a") << "others may read it, too";
  });
  EXPECT_EQ(files(), before);
}

// Whether another process can lock the file LOCK as a writer does.
bool can_be_written(const fs::path& directory) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    const int file = ::open((directory / "LOCK").c_str(), O_RDWR);
    ::_exit(file >= 0 && ::fcntl(file, F_SETLK, &whole) == 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(ReadOnlyStore, KeepsWritersOutWhereThisUserMayNotWrite) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user is to write";
  write(*open_for_writing(), "a");
  std::unique_ptr<Store> store;
  without_permission_to_write([&] { store = open(); });
  EXPECT_FALSE(can_be_written(directory()));
  store.reset();
  EXPECT_TRUE(can_be_written(directory()));
}

}  // namespace
}  // namespace quern::storage
