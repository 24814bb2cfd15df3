// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "quern/base/error.h"
#include "quern/base/object_id.h"
#include "quern/base/uuid.h"

namespace quern {
namespace {

TEST(Uuid, RandomOnesAreVersion4AndDistinct) {
  const Uuid a = Uuid::random();
  EXPECT_EQ(a.bytes()[6] >> 4, 4);
  EXPECT_EQ(a.bytes()[8] >> 6, 2);
  EXPECT_NE(a, Uuid::random());
}

TEST(Uuid, TextRoundTrips) {
  const std::string text = "12345678-9abc-4def-8012-3456789abcde";
  EXPECT_EQ(Uuid::parse(text).to_string(), text);
  EXPECT_EQ(Uuid::parse("123456789abc4def80123456789abcde"), Uuid::parse(text));
  EXPECT_THROW(Uuid::parse("1234"), Error);
}

TEST(Uuid, HasSixteenBytesOrIsRefusedAsInvalidUuid) {
  try {
    Uuid::from_bytes(Bytes(15));
    FAIL() << "15 bytes were taken for a UUID";
  } catch (const Error& error) {
    EXPECT_TRUE(error.is(ErrorCode::kInvalidUUID));
  }
}

TEST(ObjectId, GeneratedOnesAreDistinctAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  std::vector<std::vector<ObjectId>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&ids] {
      for (int i = 0; i < kEach; ++i) ids.push_back(ObjectId::generate());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<ObjectId> distinct;
  for (const auto& ids : made) distinct.insert(ids.begin(), ids.end());
  EXPECT_EQ(distinct.size(), kThreads * kEach);
}

TEST(ObjectId, TextRoundTrips) {
  EXPECT_EQ(ObjectId::parse("0123456789abcdef01234567").to_string(), "0123456789abcdef01234567");
  EXPECT_THROW(ObjectId::parse("0123"), Error);
}

}  // namespace
}  // namespace quern
