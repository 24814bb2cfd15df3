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
  virtual void insert_anchor(const crypto::EscId& id, const crypto::EscValue& value) = 0;
  virtual void replace_anchor(const crypto::EscId& id, const crypto::EscValue& value) = 0;
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
};

// What folding did, and which documents say nothing any more once it is committed: newer ones stand
// for them. They may be deleted in any order and at any time, those of one fold as well as a part.
struct EscFold {
  bool unknown = false;  // the token was never used: it is none of this ESC; nothing was done
  EscChanges changes{};
  EscNumbers uses{};
  EscNumbers anchors{};
};

// Which documents a fold reports: those that it made superfluous, or all that are superfluous,
// because a run was killed that may not have deleted what it folded.
enum class EscLeftovers { kOfThisFold, kAll };

// Writes an anchor for the uses since the last one, if there were any.
EscFold compact_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      EscLeftovers leftovers = EscLeftovers::kOfThisFold);

// Lets the null anchor stand for everything up to now.
EscFold cleanup_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      EscLeftovers leftovers = EscLeftovers::kOfThisFold);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_ESC_COMPACTION_H_
