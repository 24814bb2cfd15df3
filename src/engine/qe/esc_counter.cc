// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/esc_counter.h"

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

// The largest n for which exists(1), …, exists(n) hold, given that they hold without gaps: doubling
// until one is missing, then bisection.
template <class Exists>
std::uint64_t longest_run(const Exists& exists) {
  if (!exists(1)) return 0;
  std::uint64_t known = 1;
  std::uint64_t missing = 2;
  while (exists(missing)) {
    known = missing;
    missing *= 2;
  }
  while (missing - known > 1) {
    const std::uint64_t middle = known + (missing - known) / 2;
    (exists(middle) ? known : missing) = middle;
  }
  return known;
}

}  // namespace

EscState find_esc_state(EscReader& esc,
                        const crypto::EscDerivedFromDataTokenAndContentionFactor& token,
                        const crypto::EscTwiceDerivedTagToken& ids) {
  EscState state;
  std::optional<crypto::EscTwiceDerivedValueToken> values;
  const auto decrypt = [&](const crypto::EscValue& value) {
    if (!values) values.emplace(token);
    return values->decrypt(value);
  };

  if (const auto null_anchor = esc.value(ids.null_anchor_id())) {
    state.null_anchor = decrypt(*null_anchor);
    state.anchor_cpos = state.null_anchor->cpos;
  }
  const std::uint64_t below = state.null_anchor ? state.null_anchor->apos : 0;
  const std::uint64_t anchors =
      longest_run([&](std::uint64_t n) { return esc.exists(ids.anchor_id(below + n)); });
  if (anchors != 0) {
    state.anchor = below + anchors;
    const auto anchor = esc.value(ids.anchor_id(state.anchor));
    if (!anchor) throw Error(7291501, "An anchor of the encrypted state collection has no value");
    state.anchor_cpos = decrypt(*anchor).cpos;
  }
  const std::uint64_t uses = longest_run(
      [&](std::uint64_t n) { return esc.exists(ids.non_anchor_id(state.anchor_cpos + n)); });
  if (uses != 0) state.last_use = state.anchor_cpos + uses;
  return state;
}

EscState find_esc_state(EscReader& esc,
                        const crypto::EscDerivedFromDataTokenAndContentionFactor& token) {
  return find_esc_state(esc, token, crypto::EscTwiceDerivedTagToken(token));
}

}  // namespace quern::engine::qe
