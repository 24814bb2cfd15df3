// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What compaction and cleanup do to the counters of one token. Neither changes how often the token
// was used; both only change by which ESC documents that is known.
#ifndef QUERN_ENGINE_QE_ESC_COMPACTION_H_
#define QUERN_ENGINE_QE_ESC_COMPACTION_H_

#include <cstdint>
#include <vector>

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

// Writes an anchor for the uses since the last one, if there were any. Afterwards the non-anchors
// up to now may be deleted. Throws 7666502 when the token was never used: it can't be one of this
// ESC.
EscChanges compact_token(EscStore& esc,
                         const crypto::EscDerivedFromDataTokenAndContentionFactor& token,
                         RandomSource& random);

// Lets the null anchor stand for everything up to now. The ids of anchors that it replaces are
// appended to obsolete, to be deleted. Throws 7618816 when the token was never used.
EscChanges cleanup_token(EscStore& esc,
                         const crypto::EscDerivedFromDataTokenAndContentionFactor& token,
                         RandomSource& random, std::vector<crypto::EscId>& obsolete);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_ESC_COMPACTION_H_
