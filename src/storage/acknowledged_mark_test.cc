// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/acknowledged_mark.h"

#include <gtest/gtest.h>

#include <fstream>

#include "quern/base/bytes.h"
#include "quern/testing/temporary_folder.h"

namespace quern::storage {
namespace {

const Uuid kBoot = Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");

class Mark : public ::testing::Test {
 protected:
  void flip(std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get() ^ 1;
    file.seekp(at);
    file.put(static_cast<char>(byte));
  }
  AcknowledgedMark::Reading read() const { return AcknowledgedMark::read(folder.path()); }

  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / AcknowledgedMark::kFile;
};

TEST_F(Mark, SaysWhatItWasToldLast) {
  AcknowledgedMark mark(folder.path(), {3, 2, kBoot});
  EXPECT_EQ(read().state->written, 3u);
  mark.set_written(5);
  mark.set_written(4);
  EXPECT_EQ(read().state->written, 5u) << "of threads that come in another order";
  EXPECT_EQ(read().state->synced, 2u);
  mark.set_synced(9);
  EXPECT_EQ(read().state->written, 9u);
  EXPECT_EQ(read().state->synced, 9u);
  EXPECT_EQ(read().state->boot, kBoot);
}

TEST_F(Mark, OwesWhatWasWrittenInTheSameBootAndWhatWasSyncedInAnother) {
  const AcknowledgedMark::State state{5, 3, kBoot};
  EXPECT_EQ(state.owed(kBoot), 5u);
  EXPECT_EQ(state.owed(Uuid::random()), 3u);
  EXPECT_EQ((AcknowledgedMark::State{5, 3, Uuid()}.owed(Uuid())), 3u) << "nobody knows the boot";
}

// docs/format/storage.md
TEST_F(Mark, LiesInTheFileAsTheFormatSays) {
  AcknowledgedMark mark(folder.path(), {3, 2, kBoot});
  mark.set_written(5);
  const std::string content = folder.read(AcknowledgedMark::kFile);
  ASSERT_EQ(content.size(), 4096u);
  EXPECT_EQ(to_hex(as_bytes(content.substr(0, 40))),
            "717565726e61636b0100000000000000"
            "00112233445566778899aabbccddeeff"
            "8e8bcc5a23d0a35a");
  EXPECT_EQ(to_hex(as_bytes(content.substr(1024, 24))),
            "05000000000000000200000000000000"
            "627f7417e3401f3b");
  EXPECT_EQ(to_hex(as_bytes(content.substr(2048, 24))),
            "03000000000000000200000000000000"
            "64e8355e6fa72899");
}

TEST_F(Mark, ThatIsMissingIsNotTakenForADamagedOne) {
  EXPECT_TRUE(read().missing);
  EXPECT_FALSE(read().state);
}

TEST_F(Mark, StandsWithOneSlotAndFallsWithBothOrItsHead) {
  { const AcknowledgedMark mark(folder.path(), {3, 2, kBoot}); }
  flip(1024);
  EXPECT_EQ(read().state->written, 3u) << "as after a kill in the middle of a write";
  flip(2048);
  EXPECT_FALSE(read().state);
  EXPECT_NE(read().fault.find("damaged"), std::string::npos);
  flip(2048);
  EXPECT_TRUE(read().state);
  flip(20);
  EXPECT_FALSE(read().state);
  std::filesystem::resize_file(path, 0);
  EXPECT_FALSE(read().state);
  EXPECT_FALSE(read().missing);
}

}  // namespace
}  // namespace quern::storage
