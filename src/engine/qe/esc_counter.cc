// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_counter.h"

#include <array>
#include <memory>

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using protocol::EscTwiceDerivedTagToken;

// Where each kind of document of a token starts, while the token has no anchors.
enum FirstId : std::size_t { kNullAnchor, kAnchor, kNonAnchor, kFirstIds };
std::array<protocol::EscId, kFirstIds> first_ids(const EscTwiceDerivedTagToken& ids) {
  return {ids.null_anchor_id(), ids.anchor_id(1), ids.non_anchor_id(1)};
}

// No value is used so often. Below it nothing that is computed with positions overflows.
constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

[[noreturn]] void beyond() {
  throw Error(ErrorCode::kBadValue,
              "An entry of the encrypted state collection stands for more uses than there can be: "
              "it was not written by a server");
}

// The largest n for which exists(1), …, exists(n) hold, given that they hold without gaps and that
// the first does: doubling until one is missing, then bisection.
template <class Exists>
std::uint64_t longest_run(const Exists& exists) {
  std::uint64_t known = 1;
  std::uint64_t missing = 2;
  while (exists(missing)) {
    known = missing;
    missing *= 2;
    if (missing > kMost) beyond();
  }
  while (missing - known > 1) {
    const std::uint64_t middle = known + (missing - known) / 2;
    (exists(middle) ? known : missing) = middle;
  }
  return known;
}

// found tells which of first_ids there are.
EscState follow(EscReader& esc, const EscToken& token, const EscTwiceDerivedTagToken& ids,
                std::span<const bool, kFirstIds> found) {
  EscState state;
  std::optional<protocol::EscTwiceDerivedValueToken> values;
  const auto positions = [&](const protocol::EscId& id) {
    const auto value = esc.value(id);
    if (!value) throw Error(7291501, "An anchor of the encrypted state collection has no value");
    if (!values) values.emplace(token);
    const EscState::Positions positions = values->decrypt(*value);
    if (positions.apos > kMost || positions.cpos > kMost) beyond();
    return positions;
  };
  const auto exists = [&](const protocol::EscId& id) {
    bool one = false;
    esc.exists({&id, 1}, {&one, 1});
    return one;
  };

  if (found[kNullAnchor]) {
    state.null_anchor = positions(ids.null_anchor_id());
    state.anchor_cpos = state.null_anchor->cpos;
  }
  const std::uint64_t below = state.null_anchor ? state.null_anchor->apos : 0;
  const auto anchor_exists = [&](std::uint64_t n) { return exists(ids.anchor_id(below + n)); };
  if (below == 0 ? found[kAnchor] : anchor_exists(1)) {
    state.anchor = below + longest_run(anchor_exists);
    state.anchor_cpos = positions(ids.anchor_id(state.anchor)).cpos;
  }
  const auto use_exists = [&](std::uint64_t n) {
    return exists(ids.non_anchor_id(state.anchor_cpos + n));
  };
  if (state.anchor_cpos == 0 ? found[kNonAnchor] : use_exists(1)) {
    state.last_use = state.anchor_cpos + longest_run(use_exists);
  }
  return state;
}

}  // namespace

EscState find_esc_state(EscReader& esc, const EscToken& token, const EscTwiceDerivedTagToken& ids) {
  std::array<bool, kFirstIds> found{};
  esc.exists(first_ids(ids), found);
  return follow(esc, token, ids, found);
}

EscState find_esc_state(EscReader& esc, const EscToken& token) {
  return find_esc_state(esc, token, EscTwiceDerivedTagToken(token));
}

std::vector<EscState> find_esc_states(EscReader& esc, std::span<const EscToken> tokens) {
  std::vector<EscTwiceDerivedTagToken> ids(tokens.begin(), tokens.end());
  std::vector<protocol::EscId> first;
  first.reserve(kFirstIds * ids.size());
  for (const EscTwiceDerivedTagToken& each : ids) {
    for (const protocol::EscId& id : first_ids(each)) first.push_back(id);
  }
  const auto found = std::make_unique<bool[]>(first.size());
  esc.exists(first, {found.get(), first.size()});

  std::vector<EscState> states;
  states.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::span<const bool, kFirstIds> own{found.get() + kFirstIds * i, kFirstIds};
    states.push_back(follow(esc, tokens[i], ids[i], own));
  }
  return states;
}

}  // namespace quern::engine::qe
