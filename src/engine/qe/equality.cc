// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Equality: a value is indexed under the payload's one token set.
#include <fmt/format.h>

#include "engine/qe/query_algorithm.h"
#include "protocol/find_equality_payload.h"
#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

class Equality final : public QueryAlgorithm {
 public:
  std::span<const protocol::TokenSet> insert_tokens(
      std::string_view path, const protocol::InsertUpdatePayloadV2& payload) const override {
    if (!payload.more_tokens.empty() ||
        payload.tokens.encrypted_tokens.bytes().size() != protocol::EncryptedTokens::kSmallest) {
      throw Error(9188707, fmt::format("The payload of '{}' is not one for equality queries, which "
                                       "the field has",
                                       path));
    }
    return {&payload.tokens, 1};
  }

  protocol::FindTokens find_tokens(BytesView blob) const override {
    auto payload = protocol::FindEqualityPayloadV2::parse(blob);
    protocol::FindTokens found;
    found.sets.push_back(std::move(payload.tokens));
    found.max_contention = payload.max_contention;
    return found;
  }
};

}  // namespace

const QueryAlgorithm& equality() {
  static const Equality implementation;
  return implementation;
}

}  // namespace quern::engine::qe
