// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What compaction and cleanup do to the counters of one token. Neither changes how often the token
// was used; both only change by which ESC documents that is known.
#ifndef QUERN_ENGINE_QE_ESC_COMPACTION_H_
#define QUERN_ENGINE_QE_ESC_COMPACTION_H_

#include <cstdint>

#include "base/random.h"
#include "engine/qe/esc_counter.h"

namespace quern::engine::qe {

class EscStore : public EscReader {
 public:
  virtual void insert_anchor(const protocol::EscId& id, const protocol::EscValue& value) = 0;
  virtual void replace_anchor(const protocol::EscId& id, const protocol::EscValue& value) = 0;
};

struct EscChanges {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;

  EscChanges& operator+=(const EscChanges& other) {
    inserted += other.inserted;
    updated += other.updated;
    return *this;
  }
};

// The numbers first, …, last of a token's non-anchors or anchors; none when last < first.
struct EscNumbers {
  std::uint64_t first = 1;
  std::uint64_t last = 0;

  std::uint64_t size() const { return last - first + 1; }
};

// What folding did, and which documents say nothing any more because of it: newer ones stand for
// them. The caller deletes them in the same transaction, in any order.
struct EscFold {
  bool unknown = false;  // the token was never used: it is none of this ESC; nothing was done
  bool more = false;     // limit documents became superfluous; fold once more
  EscChanges changes{};
  EscNumbers uses{};
  EscNumbers anchors{};

  std::uint64_t superfluous() const { return uses.size() + anchors.size(); }
};

// Both make at most limit documents superfluous (limit > 0), the oldest first.

// Writes an anchor for the uses since the last one, if there were any.
EscFold compact_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      std::uint64_t limit);

// Lets the null anchor stand for everything up to now.
EscFold cleanup_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      std::uint64_t limit);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_ESC_COMPACTION_H_
