// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_compaction.h"

#include "quern/base/error.h"

namespace quern::engine::qe {

using crypto::EscTwiceDerivedTagToken;
using crypto::EscTwiceDerivedValueToken;

EscChanges compact_token(EscStore& esc,
                         const crypto::EscDerivedFromDataTokenAndContentionFactor& token,
                         RandomSource& random) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (state.last_use == 0) {
    if (state.has_anchor()) return {};
    throw Error(7666502,
                "The encrypted state collection knows nothing of a value that was to be "
                "compacted: the compaction tokens belong to other keys");
  }
  const std::uint64_t newest =
      state.anchor != 0 ? state.anchor : (state.null_anchor ? state.null_anchor->apos : 0);
  esc.insert_anchor(ids.anchor_id(newest + 1),
                    EscTwiceDerivedValueToken(token).encrypt({0, state.last_use}, random));
  return {.inserted = 1};
}

EscChanges cleanup_token(EscStore& esc,
                         const crypto::EscDerivedFromDataTokenAndContentionFactor& token,
                         RandomSource& random, std::vector<crypto::EscId>& obsolete) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (state.uses() == 0 && !state.has_anchor()) {
    throw Error(7618816,
                "The encrypted state collection knows nothing of a value that was to be "
                "cleaned up: the cleanup tokens belong to other keys");
  }
  const std::uint64_t below = state.null_anchor ? state.null_anchor->apos : 0;
  const EscState::Positions positions{state.anchor != 0 ? state.anchor : below, state.uses()};
  if (state.null_anchor == positions) return {};

  const crypto::EscValue value = EscTwiceDerivedValueToken(token).encrypt(positions, random);
  for (std::uint64_t apos = below + 1; apos <= positions.apos; ++apos) {
    obsolete.push_back(ids.anchor_id(apos));
  }
  if (state.null_anchor) {
    esc.replace_anchor(ids.null_anchor_id(), value);
    return {.updated = 1};
  }
  esc.insert_anchor(ids.null_anchor_id(), value);
  return {.inserted = 1};
}

}  // namespace quern::engine::qe
