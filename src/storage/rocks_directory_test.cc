// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_directory.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "quern/testing/temporary_folder.h"
#include "storage/rocks_store.h"

namespace quern::storage {
namespace {

TEST(RocksDirectory, HoldsAStoreOnceOneWasCreatedThere) {
  const testing::TemporaryFolder scratch;
  const std::filesystem::path folder = scratch.path() / "store";
  EXPECT_FALSE(holds_rocks_store(folder));
  std::filesystem::create_directories(folder);
  EXPECT_FALSE(holds_rocks_store(folder)) << "an empty folder is no store";
  open_rocks_store({.directory = folder});
  EXPECT_TRUE(holds_rocks_store(folder));
  EXPECT_THROW(holds_rocks_store(folder / "CURRENT"), DatabaseError) << "a file holds none";
}

}  // namespace
}  // namespace quern::storage
