// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How often was a token used? The answer lies in the ESC (encrypted state collection), under ids
// that only the token's holder can compute (docs/format/state_collections.md):
//
//   non-anchors 1, 2, 3, …   one for each use; compaction may delete those below the newest anchor
//   anchors 1, 2, …          each stands for all uses up to its cpos
//   null anchor              stands for all anchors up to its apos and all uses up to its cpos
//
// Counters are read by probing for ids; nothing but their existence in the ESC matters.
#ifndef QUERN_ENGINE_QE_ESC_COUNTER_H_
#define QUERN_ENGINE_QE_ESC_COUNTER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "protocol/server_tokens.h"

namespace quern::engine::qe {

// What the search needs of an ESC, in one snapshot.
class EscReader {
 public:
  virtual ~EscReader() = default;
  // Which of the ids there are: found[i] is for ids[i]. One call for many costs less than many.
  virtual void exists(std::span<const protocol::EscId> ids, std::span<bool> found) = 0;
  // The value of an anchor; nothing when there is no such document (or it has no value).
  virtual std::optional<protocol::EscValue> value(const protocol::EscId& id) = 0;
};

// Where a token's counters stand.
struct EscState {
  using Positions = protocol::EscTwiceDerivedValueToken::Positions;

  std::optional<Positions> null_anchor;
  std::uint64_t anchor = 0;       // number of the newest anchor above the null anchor; 0: none
  std::uint64_t anchor_cpos = 0;  // uses that the newest anchor (of either kind) stands for
  std::uint64_t last_use = 0;     // number of the newest non-anchor above that; 0: none

  bool has_anchor() const { return anchor != 0 || null_anchor.has_value(); }
  std::uint64_t uses() const { return last_use != 0 ? last_use : anchor_cpos; }
};

using EscToken = protocol::EscDerivedFromDataTokenAndContentionFactor;

// The state of a token's counters in the reader's snapshot. Costs three reads (of one call) for a
// token that was never used, and O(log n) for n uses. Throws 7291501 when an anchor that must be
// there is not, and BadValue for one that holds something else, or counters that cannot be.
EscState find_esc_state(EscReader& esc, const EscToken& token,
                        const protocol::EscTwiceDerivedTagToken& ids);
EscState find_esc_state(EscReader& esc, const EscToken& token);

// The same for several tokens, such as those of one value under all contention factors: most of
// them were never used, which a single call finds out for all.
std::vector<EscState> find_esc_states(EscReader& esc, std::span<const EscToken> tokens);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_ESC_COUNTER_H_
