// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/lock_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace quern::storage {
namespace {

using Outcome = LockTable::Outcome;
constexpr auto kNoSnapshot = LockTable::kNoSnapshot;

TEST(LockTable, RefusesAKeyThatAnotherHolds) {
  LockTable locks;
  EXPECT_EQ(locks.acquire(7, 1, kNoSnapshot), Outcome::kAcquired);
  EXPECT_EQ(locks.acquire(7, 1, kNoSnapshot), Outcome::kHeld);
  EXPECT_EQ(locks.acquire(7, 2, kNoSnapshot), Outcome::kConflict);
  const LockTable::Hash keys[] = {7};
  locks.release(keys);
  EXPECT_EQ(locks.acquire(7, 2, kNoSnapshot), Outcome::kAcquired);
}

TEST(LockTable, RefusesAKeyCommittedAfterTheSnapshot) {
  LockTable locks;
  const auto snapshot = locks.begin_snapshot();
  const LockTable::Hash keys[] = {7};
  locks.acquire(7, 1, kNoSnapshot);
  locks.release_committed(keys);
  EXPECT_EQ(locks.acquire(7, 2, snapshot), Outcome::kConflict);
  EXPECT_EQ(locks.acquire(7, 2, kNoSnapshot), Outcome::kAcquired);
  locks.release(keys);
  EXPECT_EQ(locks.acquire(7, 3, snapshot), Outcome::kConflict);  // a rollback forgets nothing
  const auto later = locks.begin_snapshot();
  EXPECT_EQ(locks.acquire(7, 4, later), Outcome::kAcquired);
}

TEST(LockTable, RemembersNothingWithoutASnapshot) {
  LockTable locks;
  const LockTable::Hash keys[] = {7, 8};
  for (const auto key : keys) locks.acquire(key, 1, kNoSnapshot);
  locks.release_committed(keys);
  EXPECT_EQ(locks.size(), 0u);
}

TEST(LockTable, ForgetsCommitsThatNoSnapshotCanMiss) {
  LockTable locks;
  LockTable::Owner owner = 1;
  for (int round = 0; round < 200; ++round) {
    const auto snapshot = locks.begin_snapshot();
    for (LockTable::Hash key = 1; key <= 1000; ++key) {
      const LockTable::Hash keys[] = {(static_cast<LockTable::Hash>(round) * 1000 + key) *
                                      0x9E3779B97F4A7C15};
      locks.acquire(keys[0], owner++, kNoSnapshot);
      locks.release_committed(keys);
    }
    locks.end_snapshot(snapshot);
  }
  EXPECT_LT(locks.size(), 64u * 600u);
}

// The same random history against a plain map.
TEST(LockTable, AgreesWithAModel) {
  struct Model {
    LockTable::Owner owner = 0;
    LockTable::Stamp committed = 0;
  };
  std::mt19937 random(3);
  LockTable locks;
  std::map<LockTable::Hash, Model> model;
  const auto snapshot = locks.begin_snapshot();
  std::map<LockTable::Hash, LockTable::Owner> held;
  for (int i = 0; i < 20000; ++i) {
    const LockTable::Hash key = 1 + random() % 300 * 64;  // one stripe, many collisions
    const LockTable::Owner owner = 1 + random() % 3;
    Model& expected = model[key];
    if (random() % 2 == 0) {
      const Outcome outcome = locks.acquire(key, owner, kNoSnapshot);
      const Outcome wanted = expected.owner == 0       ? Outcome::kAcquired
                             : expected.owner == owner ? Outcome::kHeld
                                                       : Outcome::kConflict;
      ASSERT_EQ(outcome, wanted);
      if (outcome == Outcome::kAcquired) expected.owner = owner;
    } else if (expected.owner != 0) {
      const LockTable::Hash keys[] = {key};
      locks.release_committed(keys);
      expected = {0, 1};
    } else {
      const Outcome outcome = locks.acquire(key, owner, snapshot);
      ASSERT_EQ(outcome == Outcome::kConflict, expected.committed != 0);
      if (outcome == Outcome::kAcquired) expected.owner = owner;
    }
  }
}

}  // namespace
}  // namespace quern::storage
