// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_compaction.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "engine/qe/testing/memory_esc.h"

namespace quern::engine::qe {
namespace {

using ::testing::ElementsAre;
using testing::esc_token;
using testing::MemoryEsc;

std::vector<protocol::EscId> superfluous(const protocol::EscTwiceDerivedTagToken& ids,
                                         const EscFold& fold) {
  std::vector<protocol::EscId> all;
  for (auto n = fold.uses.first; n <= fold.uses.last; ++n) all.push_back(ids.non_anchor_id(n));
  for (auto n = fold.anchors.first; n <= fold.anchors.last; ++n) all.push_back(ids.anchor_id(n));
  return all;
}

struct Fixture : ::testing::Test {
  void use(std::uint64_t times) {
    for (; times > 0; --times) {
      esc.insert_non_anchor(ids.non_anchor_id(find_esc_state(esc, token).uses() + 1));
    }
  }
  void remove_all(const std::vector<protocol::EscId>& gone) {
    for (const protocol::EscId& id : gone) esc.documents.erase(id);
  }
  EscFold compact(std::uint64_t limit = 100) {
    return compact_token(esc, token, RandomSource::system(), limit);
  }
  EscFold cleanup(std::uint64_t limit = 100) {
    return cleanup_token(esc, token, RandomSource::system(), limit);
  }
  // The documents that each step makes superfluous, until there are none left.
  template <class Step>
  std::vector<std::uint64_t> steps(const Step& step) {
    std::vector<std::uint64_t> sizes;
    const std::uint64_t uses = state().uses();
    for (bool more = true; more;) {
      const EscFold fold = step();
      more = fold.more;
      remove(fold);
      sizes.push_back(fold.superfluous());
      EXPECT_EQ(state().uses(), uses);
    }
    return sizes;
  }
  void remove(const EscFold& fold) { remove_all(superfluous(ids, fold)); }
  EscState state() { return find_esc_state(esc, token); }

  protocol::EscDerivedFromDataTokenAndContentionFactor token = esc_token(1);
  protocol::EscTwiceDerivedTagToken ids{token};
  MemoryEsc esc;
};

using Compaction = Fixture;
using Cleanup = Fixture;

TEST_F(Compaction, ReplacesUsesByOneAnchor) {
  use(5);
  const EscFold fold = compact();
  EXPECT_EQ(fold.changes.inserted, 1);
  remove(fold);
  EXPECT_EQ(esc.documents.size(), 1u);
  EXPECT_EQ(state().uses(), 5u);
}

TEST_F(Compaction, ReportsOnlyTheUsesThatItsAnchorStandsFor) {
  use(5);
  remove(compact());
  use(3);
  const EscFold fold = compact();
  EXPECT_EQ(fold.uses.first, 6u);
  EXPECT_EQ(fold.uses.last, 8u);
}

TEST_F(Compaction, DoesNothingWithoutNewUses) {
  use(5);
  compact();
  const EscFold fold = compact();
  EXPECT_EQ(fold.changes.inserted, 0);
  EXPECT_THAT(superfluous(ids, fold), ::testing::IsEmpty());
}

TEST_F(Compaction, FoldsUpToItsLimitWithAnAnchorEach) {
  use(7);
  EXPECT_THAT(steps([&] { return compact(3); }), ElementsAre(3, 3, 1));
  EXPECT_EQ(esc.documents.size(), 3u);
  EXPECT_EQ(state().anchor, 3u);
  use(3);
  EXPECT_THAT(steps([&] { return compact(3); }), ElementsAre(3));
}

TEST_F(Compaction, CostsTheUsesThatAreNewHoweverManyThereWere) {
  constexpr std::uint64_t kUses = std::uint64_t{1} << 40;
  esc.insert_anchor(ids.anchor_id(1), protocol::EscTwiceDerivedValueToken(token).encrypt(
                                          {0, kUses}, RandomSource::system()));
  use(2);
  EXPECT_THAT(steps([&] { return compact(100); }), ElementsAre(2));
  EXPECT_EQ(state().uses(), kUses + 2);
}

TEST_F(Compaction, DoesNothingForATokenThatWasNeverUsed) {
  EXPECT_TRUE(compact().unknown);
  EXPECT_THAT(esc.documents, ::testing::IsEmpty());
}

TEST_F(Compaction, AfterCleanupContinuesAboveTheNullAnchor) {
  use(2);
  compact();
  use(1);
  compact();
  cleanup();
  use(1);
  EXPECT_EQ(compact().changes.inserted, 1);
  EXPECT_EQ(state().anchor, 3u);
  EXPECT_EQ(state().uses(), 4u);
}

TEST_F(Cleanup, FoldsAnchorsIntoTheNullAnchor) {
  for (int i = 0; i < 3; ++i) {
    use(2);
    remove(compact());
  }
  use(1);
  const EscFold fold = cleanup();
  EXPECT_EQ(fold.changes.inserted, 1);
  EXPECT_THAT(superfluous(ids, fold), ::testing::SizeIs(4));
  remove(fold);
  EXPECT_EQ(esc.documents.size(), 1u);
  EXPECT_EQ(state().uses(), 7u);
}

TEST_F(Cleanup, FoldsUpToItsLimitAnchorsFirst) {
  for (int i = 0; i < 5; ++i) {
    use(1);
    remove(compact());
  }
  use(6);
  EXPECT_THAT(steps([&] { return cleanup(3); }), ElementsAre(3, 3, 3, 2));
  EXPECT_EQ(esc.documents.size(), 1u);
  EXPECT_EQ(state().null_anchor->apos, 5u);
  EXPECT_EQ(state().null_anchor->cpos, 11u);
}

TEST_F(Cleanup, WithoutAnchorsCountsTheUses) {
  use(4);
  const EscFold fold = cleanup();
  EXPECT_EQ(fold.changes.inserted, 1);
  EXPECT_EQ(fold.uses.last, 4u);
  EXPECT_LT(fold.anchors.last, fold.anchors.first);
  EXPECT_EQ(state().null_anchor->cpos, 4u);
}

TEST_F(Cleanup, AgainUpdatesTheNullAnchor) {
  use(4);
  cleanup();
  use(1);
  const EscChanges changes = cleanup().changes;
  EXPECT_EQ(changes.updated, 1);
  EXPECT_EQ(changes.inserted, 0);
  EXPECT_EQ(state().null_anchor->cpos, 5u);
}

TEST_F(Cleanup, DoesNothingWithoutNewUses) {
  use(4);
  cleanup();
  const EscChanges changes = cleanup().changes;
  EXPECT_EQ(changes.updated + changes.inserted, 0);
}

TEST_F(Cleanup, DoesNothingForATokenThatWasNeverUsed) {
  EXPECT_TRUE(cleanup().unknown);
  EXPECT_THAT(esc.documents, ::testing::IsEmpty());
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
    esc_.insert_non_anchor(protocol::EscTwiceDerivedTagToken(tokens_[name]).non_anchor_id(next));
    ++uses_[name];
    ecoc_.insert(name);
  }

  void insert_some() {
    for (std::size_t n = pick(3); n > 0; --n) insert();
  }

  // Each step is one transaction: between them the run may be interrupted, or uses be counted.
  void run_compaction(bool cleanup) {
    if (temporary_.empty()) temporary_.swap(ecoc_);
    insert_some();
    while (!temporary_.empty()) {
      if (pick(12) == 0) return;  // killed: what is set aside stays for the next run
      const std::size_t name = *temporary_.begin();
      const auto step = cleanup ? cleanup_token : compact_token;
      const EscFold fold = step(esc_, tokens_[name], RandomSource::system(), 1 + pick(5));
      ASSERT_FALSE(fold.unknown);
      auto gone = superfluous(protocol::EscTwiceDerivedTagToken(tokens_[name]), fold);
      std::shuffle(gone.begin(), gone.end(), random_);
      for (const protocol::EscId& id : gone) {
        ASSERT_EQ(esc_.documents.erase(id), 1u);
        check();
      }
      if (!fold.more) temporary_.erase(name);
      check();
      insert_some();
    }
  }

  void check() {
    for (std::size_t name = 0; name < kTokens; ++name) {
      ASSERT_EQ(find_esc_state(esc_, tokens_[name]).uses(), uses_[name]);
    }
  }

  std::mt19937 random_;
  std::vector<protocol::EscDerivedFromDataTokenAndContentionFactor> tokens_;
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
