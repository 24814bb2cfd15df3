// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Unindexed: the client sends what is stored; there is nothing to count and nothing to find.
#include <fmt/format.h>

#include "engine/qe/query_algorithm.h"
#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

class Unindexed final : public QueryAlgorithm {
 public:
  std::span<const protocol::TokenSet> insert_tokens(
      std::string_view path, const protocol::InsertUpdatePayloadV2&) const override {
    throw Error(6373601, fmt::format("'{}' holds a payload for an index, but the field has no "
                                     "queries",
                                     path));
  }

  protocol::FindTokens find_tokens(BytesView) const override {
    throw Error(9188707, "A field without queries cannot be searched");
  }
};

}  // namespace

const QueryAlgorithm& unindexed() {
  static const Unindexed implementation;
  return implementation;
}

}  // namespace quern::engine::qe
