// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type on the server's side: which token sets the payloads of clients bring. One class an
// algorithm, in a file of its own, registered in the table of query_algorithm.cc. All that follows
// (counting uses, tags, stored values, answering, validation, compaction) is the same for all, and
// goes by the rows of schema/query_type.h and bson/blob_facts.h.
#ifndef QUERN_ENGINE_QE_QUERY_ALGORITHM_H_
#define QUERN_ENGINE_QE_QUERY_ALGORITHM_H_

#include <span>
#include <string_view>

#include "protocol/find_tokens.h"
#include "protocol/insert_update_payload.h"
#include "schema/query_type.h"

namespace quern::engine::qe {

// Stateless; safe to use from many threads.
class QueryAlgorithm {
 public:
  virtual ~QueryAlgorithm() = default;

  // The token sets that a value is indexed under, in the order of its tags and metadata blocks.
  // Borrows from the payload. Throws 9188707 for a payload of another algorithm; path is the
  // field's, for messages.
  virtual std::span<const protocol::TokenSet> insert_tokens(
      std::string_view path, const protocol::InsertUpdatePayloadV2& payload) const = 0;

  // The token sets that a condition asks for. blob is a find payload of this algorithm, first byte
  // included; throws as FindEqualityPayloadV2::parse does.
  virtual protocol::FindTokens find_tokens(BytesView blob) const = 0;
};

// Throws NotSupported for an algorithm that this version has no class for.
const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm);

// Adds one, which must outlive the process. Call it before anything else is done.
void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation);

// The built-in ones. (Unindexed values come as they are stored, without payloads.)
const QueryAlgorithm& unindexed();
const QueryAlgorithm& equality();

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_QUERY_ALGORITHM_H_
