// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/tag_query.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "engine/qe/testing/encrypted_collection.h"
#include "protocol/find_equality_payload.h"

namespace quern::engine::qe {
namespace {

using bson::Value;

// What the counters of one value cost under contention 8, that is nine tokens: reads of single ESC
// documents, and calls of the store.
class TagQueryReads : public testing::EncryptedCollection {
 protected:
  struct Cost {
    std::uint64_t documents;
    std::int64_t calls;
    std::size_t tags;
    friend bool operator==(const Cost&, const Cost&) = default;
    friend void PrintTo(const Cost& cost, std::ostream* out) {
      *out << cost.documents << " documents in " << cost.calls << " calls, " << cost.tags
           << " tags";
    }
  };

  TagQueryReads() : EncryptedCollection(8) { insert_other(); }

  // Of a find for the value "a".
  Cost cost() {
    return transact([&](Operation& op) {
      StateCollections state(op, ns, fields);
      const PayloadRules rules(op, ns, fields);
      const Value payload = find_payload("a");
      const bson::ValueView views[] = {payload.view()};
      const std::int64_t before = faults->count(storage::InjectedFaults::Kind::kRead);
      const auto tags = query_tags(state, rules, ns, "ssn", views, TooManyTags::kFail);
      EXPECT_TRUE(std::is_sorted(tags.begin(), tags.end()));
      return Cost{state.reads(), faults->count(storage::InjectedFaults::Kind::kRead) - before,
                  tags.size()};
    });
  }

  void insert_a() { insert(bson::doc("_id", next_id_++, "ssn", insert_payload("a", 0))); }
  // Folds the one token of "a" that insert_a uses.
  template <class Fold>
  void fold(const Fold& fold_token) {
    const auto payload =
        protocol::InsertUpdatePayloadV2::parse(insert_payload("a", 0).view().as_binary().bytes);
    transact([&](Operation& op) {
      StateCollections state(op, ns, fields);
      const EscFold done = fold_token(state, payload.tokens.esc, random, 100);
      const protocol::EscTwiceDerivedTagToken ids(payload.tokens.esc);
      for (auto n = done.uses.first; n <= done.uses.last; ++n) state.remove(ids.non_anchor_id(n));
      for (auto n = done.anchors.first; n <= done.anchors.last; ++n) state.remove(ids.anchor_id(n));
    });
  }

 private:
  void insert_other() { insert(bson::doc("_id", 0, "ssn", insert_payload("other", 0))); }
  int next_id_ = 1;
};

TEST_F(TagQueryReads, OfAValueNeverUsedAreThreeATokenInOneCall) {
  EXPECT_EQ(cost(), (Cost{27, 1, 0}));
}

TEST_F(TagQueryReads, OfAValueUsedOnceAreOneMore) {
  insert_a();
  EXPECT_EQ(cost(), (Cost{28, 2, 1}));
}

TEST_F(TagQueryReads, OfAnAnchorAreItsValueAndWhatMayFollow) {
  for (int i = 0; i < 5; ++i) insert_a();
  fold(compact_token);
  // The value, the next anchor, the next use.
  EXPECT_EQ(cost(), (Cost{30, 4, 5}));
}

TEST_F(TagQueryReads, OfANullAnchorAreItsValueAndWhatMayFollow) {
  for (int i = 0; i < 5; ++i) insert_a();
  fold(compact_token);
  fold(cleanup_token);
  EXPECT_EQ(cost(), (Cost{30, 4, 5}));
}

}  // namespace
}  // namespace quern::engine::qe
