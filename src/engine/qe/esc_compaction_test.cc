// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_compaction.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "engine/qe/testing/memory_esc.h"
#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using testing::esc_token;
using testing::MemoryEsc;

struct Fixture : ::testing::Test {
  void use(std::uint64_t times) {
    for (; times > 0; --times) {
      esc.insert_non_anchor(ids.non_anchor_id(find_esc_state(esc, token).uses() + 1));
    }
  }
  void remove_all(const std::vector<crypto::EscId>& gone) {
    for (const crypto::EscId& id : gone) esc.documents.erase(id);
  }
  EscChanges compact() { return compact_token(esc, token, RandomSource::system()); }
  EscChanges cleanup() {
    obsolete.clear();
    return cleanup_token(esc, token, RandomSource::system(), obsolete);
  }
  EscState state() { return find_esc_state(esc, token); }

  crypto::EscDerivedFromDataTokenAndContentionFactor token = esc_token(1);
  crypto::EscTwiceDerivedTagToken ids{token};
  MemoryEsc esc;
  std::vector<crypto::EscId> obsolete;
};

using Compaction = Fixture;
using Cleanup = Fixture;

int code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

TEST_F(Compaction, ReplacesUsesByOneAnchor) {
  use(5);
  EXPECT_EQ(compact().inserted, 1);
  remove_all(esc.non_anchors());
  EXPECT_EQ(esc.documents.size(), 1u);
  EXPECT_EQ(state().uses(), 5u);
}

TEST_F(Compaction, DoesNothingWithoutNewUses) {
  use(5);
  compact();
  EXPECT_EQ(compact().inserted, 0);
}

TEST_F(Compaction, RefusesATokenThatWasNeverUsed) {
  EXPECT_EQ(code_of([&] { compact(); }), 7666502);
}

TEST_F(Compaction, AfterCleanupContinuesAboveTheNullAnchor) {
  use(2);
  compact();
  use(1);
  compact();
  cleanup();
  use(1);
  EXPECT_EQ(compact().inserted, 1);
  EXPECT_EQ(state().anchor, 3u);
  EXPECT_EQ(state().uses(), 4u);
}

TEST_F(Cleanup, FoldsAnchorsIntoTheNullAnchor) {
  for (int i = 0; i < 3; ++i) {
    use(2);
    compact();
  }
  EXPECT_EQ(cleanup().inserted, 1);
  EXPECT_THAT(obsolete, ::testing::SizeIs(3));
  remove_all(obsolete);
  remove_all(esc.non_anchors());
  EXPECT_EQ(esc.documents.size(), 1u);
  EXPECT_EQ(state().uses(), 6u);
}

TEST_F(Cleanup, WithoutAnchorsCountsTheUses) {
  use(4);
  EXPECT_EQ(cleanup().inserted, 1);
  EXPECT_THAT(obsolete, ::testing::IsEmpty());
  EXPECT_EQ(state().null_anchor->cpos, 4u);
}

TEST_F(Cleanup, AgainUpdatesTheNullAnchor) {
  use(4);
  cleanup();
  use(1);
  const EscChanges changes = cleanup();
  EXPECT_EQ(changes.updated, 1);
  EXPECT_EQ(changes.inserted, 0);
  EXPECT_EQ(state().null_anchor->cpos, 5u);
}

TEST_F(Cleanup, DoesNothingWithoutNewUses) {
  use(4);
  cleanup();
  const EscChanges changes = cleanup();
  EXPECT_EQ(changes.updated + changes.inserted, 0);
}

TEST_F(Cleanup, RefusesATokenThatWasNeverUsed) {
  EXPECT_EQ(code_of([&] { cleanup(); }), 7618816);
}

// Inserts, compactions and cleanups in random order, some of them interrupted anywhere and resumed,
// with inserts in between: the counters must always be what a plain count says.
class Schedule {
 public:
  explicit Schedule(unsigned seed) : random_(seed) {
    for (std::uint8_t name = 0; name < kTokens; ++name) tokens_.push_back(esc_token(name));
  }

  void run() {
    for (int step = 0; step < 120; ++step) {
      if (pick(6) == 0) {
        run_compaction(pick(2) == 0);
      } else {
        insert();
      }
      check();
    }
  }

 private:
  static constexpr std::uint8_t kTokens = 4;

  std::size_t pick(std::size_t bound) { return random_() % bound; }

  void insert() {
    const std::size_t name = pick(kTokens);
    const std::uint64_t next = find_esc_state(esc_, tokens_[name]).uses() + 1;
    ASSERT_EQ(next, uses_[name] + 1);
    esc_.insert_non_anchor(crypto::EscTwiceDerivedTagToken(tokens_[name]).non_anchor_id(next));
    ++uses_[name];
    ecoc_.insert(name);
  }

  void insert_some() {
    for (std::size_t n = pick(3); n > 0; --n) insert();
  }

  void run_compaction(bool cleanup) {
    std::vector<crypto::EscId> deletable;
    if (temporary_.empty()) {
      // A part of the non-anchors, taken before the records of their tokens are set aside.
      for (const crypto::EscId& id : esc_.non_anchors()) {
        if (pick(3) != 0) deletable.push_back(id);
      }
      insert_some();
      temporary_.swap(ecoc_);
    }
    insert_some();
    std::vector<crypto::EscId> obsolete;
    for (const std::size_t name : temporary_) {
      if (pick(12) == 0) return;  // killed: what is set aside stays for the next run
      if (cleanup) {
        cleanup_token(esc_, tokens_[name], RandomSource::system(), obsolete);
      } else {
        compact_token(esc_, tokens_[name], RandomSource::system());
      }
      check();
      insert_some();
    }
    for (const auto& ids : {deletable, obsolete}) {
      for (const crypto::EscId& id : ids) {
        if (pick(50) == 0) return;
        esc_.documents.erase(id);
        check();
      }
    }
    temporary_.clear();
  }

  void check() {
    for (std::size_t name = 0; name < kTokens; ++name) {
      ASSERT_EQ(find_esc_state(esc_, tokens_[name]).uses(), uses_[name]);
    }
  }

  std::mt19937 random_;
  std::vector<crypto::EscDerivedFromDataTokenAndContentionFactor> tokens_;
  MemoryEsc esc_;
  std::set<std::size_t> ecoc_;
  std::set<std::size_t> temporary_;
  std::array<std::uint64_t, kTokens> uses_{};
};

TEST(EscSchedules, NeverLoseOrRepeatACounter) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    Schedule(seed).run();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace quern::engine::qe
