// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_compaction.h"

namespace quern::engine::qe {
namespace {

using crypto::EscTwiceDerivedTagToken;
using crypto::EscTwiceDerivedValueToken;

std::uint64_t null_apos(const EscState& state) {
  return state.null_anchor ? state.null_anchor->apos : 0;
}

// What is superfluous once all uses, and the anchors up to last_anchor, are stood for by others.
EscFold fold_of(const EscState& state, std::uint64_t last_anchor, EscLeftovers leftovers) {
  const bool all = leftovers == EscLeftovers::kAll;
  EscFold fold;
  fold.uses = {(all ? 0 : state.anchor_cpos) + 1, state.uses()};
  fold.anchors = {(all ? 0 : null_apos(state)) + 1, last_anchor};
  return fold;
}

bool is_unknown(const EscState& state) { return state.uses() == 0 && !state.has_anchor(); }

}  // namespace

EscFold compact_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      EscLeftovers leftovers) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (is_unknown(state)) return {.unknown = true};
  EscFold fold = fold_of(state, null_apos(state), leftovers);
  if (state.last_use == 0) return fold;
  const std::uint64_t newest = state.anchor != 0 ? state.anchor : null_apos(state);
  esc.insert_anchor(ids.anchor_id(newest + 1),
                    EscTwiceDerivedValueToken(token).encrypt({0, state.last_use}, random));
  fold.changes.inserted = 1;
  return fold;
}

EscFold cleanup_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      EscLeftovers leftovers) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (is_unknown(state)) return {.unknown = true};
  const EscState::Positions positions{state.anchor != 0 ? state.anchor : null_apos(state),
                                      state.uses()};
  EscFold fold = fold_of(state, positions.apos, leftovers);
  if (state.null_anchor == positions) return fold;
  const crypto::EscValue value = EscTwiceDerivedValueToken(token).encrypt(positions, random);
  if (state.null_anchor) {
    esc.replace_anchor(ids.null_anchor_id(), value);
    fold.changes.updated = 1;
  } else {
    esc.insert_anchor(ids.null_anchor_id(), value);
    fold.changes.inserted = 1;
  }
  return fold;
}

}  // namespace quern::engine::qe
