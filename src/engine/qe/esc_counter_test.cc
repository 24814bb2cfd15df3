// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_counter.h"

#include <gmock/gmock.h>

#include "engine/qe/testing/memory_esc.h"
#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using testing::esc_token;
using testing::MemoryEsc;

// The ids of the string "123" under the published data key 1, contention factor 0.
protocol::EscDerivedFromDataTokenAndContentionFactor published_token() {
  return protocol::EscDerivedFromDataTokenAndContentionFactor::copy_of(
      from_hex("f6bbea266667b73f68013de84c432407435e77b4f375fb3edb92c600f63293a4"));
}

TEST(EscIds, AreThoseOfTheProtocol) {
  const protocol::EscTwiceDerivedTagToken ids(published_token());
  EXPECT_EQ(to_hex(ids.non_anchor_id(1)),
            "f958aceef22db3a508bf308bb89ab88cc1c875d2747fc388643b94093e2bb315");
  EXPECT_EQ(to_hex(ids.anchor_id(1)),
            "2d3f67774e1d2bd0e86f704274903cc464df01845889bedb2f1322d85b594b3b");
  EXPECT_EQ(to_hex(ids.null_anchor_id()),
            "f7067005e90673a4c72a7a5dd2ba5ef6ffed2ef2140e7c0814b585d6c0b83ce7");
}

struct Fixture : ::testing::Test {
  void use(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t n = from; n <= to; ++n) esc.insert_non_anchor(ids.non_anchor_id(n));
  }
  void anchor(std::uint64_t apos, std::uint64_t cpos) {
    esc.insert_anchor(ids.anchor_id(apos), values.encrypt({0, cpos}, RandomSource::system()));
  }
  void null_anchor(std::uint64_t apos, std::uint64_t cpos) {
    esc.insert_anchor(ids.null_anchor_id(), values.encrypt({apos, cpos}, RandomSource::system()));
  }
  EscState state() { return find_esc_state(esc, token); }

  protocol::EscDerivedFromDataTokenAndContentionFactor token = esc_token(1);
  protocol::EscTwiceDerivedTagToken ids{token};
  protocol::EscTwiceDerivedValueToken values{token};
  MemoryEsc esc;
};

using EscCounter = Fixture;

TEST_F(EscCounter, OfATokenNeverUsedIsZeroAfterThreeReads) {
  const EscState found = state();
  EXPECT_EQ(found.uses(), 0u);
  EXPECT_FALSE(found.has_anchor());
  EXPECT_EQ(esc.reads, 3);
  EXPECT_EQ(esc.calls, 1);
}

TEST_F(EscCounter, FindsEveryNumberOfUses) {
  for (std::uint64_t n = 1; n <= 300; ++n) {
    use(n, n);
    ASSERT_EQ(state().uses(), n);
  }
}

TEST_F(EscCounter, CostsTheLogarithmOfTheUses) {
  use(1, 100000);
  EXPECT_EQ(state().uses(), 100000u);
  EXPECT_LE(esc.reads, 2 + 2 * 17);
}

// Whoever has the token of a value can write entries.
TEST_F(EscCounter, EntriesThatCountMoreThanThereCanBeAreRefused) {
  for (const std::uint64_t huge : {(std::uint64_t{1} << 62) + 1, UINT64_MAX}) {
    esc.documents.clear();
    null_anchor(0, huge);
    EXPECT_THROW(state(), Error);
    esc.documents.clear();
    null_anchor(huge, 0);
    EXPECT_THROW(state(), Error);
  }
  esc.documents.clear();
  null_anchor(0, 0);  // which is what lies at the number that doubling comes to in the end: 0
  for (int power = 0; power < 64; ++power) anchor(std::uint64_t{1} << power, 0);
  EXPECT_THROW(state(), Error);
}

TEST_F(EscCounter, GoesOnFromTheNewestAnchor) {
  anchor(1, 7);
  anchor(2, 12);
  EXPECT_EQ(state().uses(), 12u);
  EXPECT_EQ(state().last_use, 0u);
  use(13, 14);
  EXPECT_EQ(state().uses(), 14u);
  EXPECT_EQ(state().anchor, 2u);
}

TEST_F(EscCounter, IgnoresNonAnchorsBelowTheAnchor) {
  use(3, 7);  // 1 and 2 were deleted
  anchor(1, 7);
  EXPECT_EQ(state().uses(), 7u);
  EXPECT_EQ(state().last_use, 0u);
}

TEST_F(EscCounter, GoesOnFromTheNullAnchor) {
  null_anchor(3, 40);
  EXPECT_EQ(state().uses(), 40u);
  EXPECT_EQ(state().anchor, 0u);
  use(41, 45);
  EXPECT_EQ(state().uses(), 45u);
}

TEST_F(EscCounter, FindsAnchorsAboveTheNullAnchor) {
  null_anchor(3, 40);
  anchor(4, 50);
  EXPECT_EQ(state().anchor, 4u);
  EXPECT_EQ(state().uses(), 50u);
}

TEST_F(EscCounter, RefusesAnAnchorWithoutAValue) {
  esc.insert_non_anchor(ids.anchor_id(1));
  try {
    state();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 7291501);
  }
}

TEST_F(EscCounter, OfSeveralTokensAreThoseOfEach) {
  use(1, 5);
  std::vector<EscToken> tokens;
  for (const std::uint8_t name : {9, 1, 2, 3}) tokens.push_back(esc_token(name));
  {
    const protocol::EscTwiceDerivedTagToken third(tokens[2]);
    esc.insert_anchor(
        third.null_anchor_id(),
        protocol::EscTwiceDerivedValueToken(tokens[2]).encrypt({2, 30}, RandomSource::system()));
    esc.insert_non_anchor(third.non_anchor_id(31));
  }
  std::vector<std::uint64_t> uses;
  for (const EscState& found : find_esc_states(esc, tokens)) uses.push_back(found.uses());
  EXPECT_THAT(uses, ::testing::ElementsAre(0, 5, 31, 0));
}

TEST_F(EscCounter, OfTokensNeverUsedCostOneCall) {
  use(1, 5);
  std::vector<EscToken> tokens;
  for (std::uint8_t name = 2; name < 11; ++name) tokens.push_back(esc_token(name));
  for (const EscState& found : find_esc_states(esc, tokens)) EXPECT_EQ(found.uses(), 0u);
  EXPECT_EQ(esc.calls, 1);
}

TEST_F(EscCounter, DoesNotSeeOtherTokens) {
  use(1, 5);
  EXPECT_EQ(find_esc_state(esc, esc_token(2)).uses(), 0u);
}

}  // namespace
}  // namespace quern::engine::qe
