// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/payloads.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/qe/payload_rules.h"
#include "engine/qe/query_algorithm.h"
#include "engine/qe/state_collections.h"
#include "engine/session/engine.h"
#include "protocol/indexed_value.h"

namespace quern::engine::qe {
namespace {

using protocol::InsertUpdatePayloadV2;

// A payload with the token sets that its field's query type finds in it.
struct CheckedPayload {
  InsertUpdatePayloadV2 payload;
  schema::Algorithm algorithm;
};

std::vector<CheckedPayload> checked_payloads(const PayloadRules& rules,
                                             std::span<const LocatedPayload> located) {
  std::vector<CheckedPayload> payloads;
  payloads.reserve(located.size());
  for (const LocatedPayload& one : located) {
    InsertUpdatePayloadV2 payload = InsertUpdatePayloadV2::parse(one.blob);
    const schema::Algorithm algorithm = rules.check(one.path, payload).algorithm();
    payloads.push_back({std::move(payload), algorithm});
    const auto same_key = [&](const CheckedPayload& earlier) {
      return earlier.payload.index_key_id == payloads.back().payload.index_key_id;
    };
    if (std::any_of(payloads.begin(), payloads.end() - 1, same_key)) {
      throw Error(6371407, fmt::format("'{}' uses an index key that another field of the document "
                                       "uses",
                                       one.path));
    }
  }
  return payloads;
}

}  // namespace

IssuedValues issue_values(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                          std::span<const LocatedPayload> located) {
  const std::vector<CheckedPayload> payloads =
      checked_payloads(PayloadRules(op, ns, fields), located);
  StateCollections state(op, ns, fields);
  IssuedValues issued;
  issued.stored_values.reserve(payloads.size());
  issued.tags.reserve(payloads.size());
  std::vector<protocol::IndexedValue::Use> uses;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const auto& [payload, algorithm] = payloads[i];
    uses.clear();
    for (const protocol::TokenSet& set :
         query_algorithm(algorithm).insert_tokens(located[i].path, payload)) {
      const protocol::EscTwiceDerivedTagToken ids(set.esc);
      const std::uint64_t count = find_esc_state(state, set.esc, ids).uses() + 1;
      state.insert_non_anchor(ids.non_anchor_id(count));
      state.insert_compaction_record(located[i].path, set.encrypted_tokens.bytes());
      uses.push_back({&set, count, protocol::EdcTwiceDerivedToken(set.edc).tag(count)});
      issued.tags.push_back(uses.back().tag);
    }
    issued.stored_values.push_back(protocol::IndexedValue::build(
        schema::algorithm_facts(algorithm).stored, payload, uses, op.engine().random()));
  }
  return issued;
}

}  // namespace quern::engine::qe
