// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_compaction.h"

#include <algorithm>

namespace quern::engine::qe {
namespace {

using protocol::EscTwiceDerivedTagToken;
using protocol::EscTwiceDerivedValueToken;

std::uint64_t null_apos(const EscState& state) {
  return state.null_anchor ? state.null_anchor->apos : 0;
}

std::uint64_t newest_anchor(const EscState& state) {
  return state.anchor != 0 ? state.anchor : null_apos(state);
}

bool is_unknown(const EscState& state) { return state.uses() == 0 && !state.has_anchor(); }

// The numbers after `done` up to `last`, but at most limit of them.
EscNumbers next_numbers(std::uint64_t done, std::uint64_t last, std::uint64_t limit) {
  return {done + 1, done + std::min(last - done, limit)};
}

}  // namespace

EscFold compact_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      std::uint64_t limit) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (is_unknown(state)) return {.unknown = true};
  if (state.last_use == 0) return {};
  EscFold fold;
  fold.uses = next_numbers(state.anchor_cpos, state.last_use, limit);
  fold.more = fold.uses.last < state.last_use;
  esc.insert_anchor(ids.anchor_id(newest_anchor(state) + 1),
                    EscTwiceDerivedValueToken(token).encrypt({0, fold.uses.last}, random));
  fold.changes.inserted = 1;
  return fold;
}

// The anchors go first: while there are any above the null anchor, the newest of them says from
// where uses are counted.
EscFold cleanup_token(EscStore& esc, const EscToken& token, RandomSource& random,
                      std::uint64_t limit) {
  const EscTwiceDerivedTagToken ids(token);
  const EscState state = find_esc_state(esc, token, ids);
  if (is_unknown(state)) return {.unknown = true};
  EscFold fold;
  fold.anchors = next_numbers(null_apos(state), newest_anchor(state), limit);
  fold.uses = next_numbers(state.anchor_cpos, state.uses(), limit - fold.anchors.size());
  const EscState::Positions positions{fold.anchors.last, fold.uses.last};
  fold.more = positions != EscState::Positions{newest_anchor(state), state.uses()};
  if (state.null_anchor == positions) return fold;
  const protocol::EscValue value = EscTwiceDerivedValueToken(token).encrypt(positions, random);
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
