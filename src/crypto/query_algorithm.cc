// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "crypto/query_algorithm.h"

#include <string>

#include "quern/base/error.h"
#include "schema/algorithm_table.h"

namespace quern::crypto {
namespace {

schema::AlgorithmTable<QueryAlgorithm>& table() {
  static schema::AlgorithmTable<QueryAlgorithm> algorithms{
      {schema::Algorithm::kUnindexed, &unindexed()},
      {schema::Algorithm::kEquality, &equality()},
  };
  return algorithms;
}

}  // namespace

Bytes QueryAlgorithm::find_interval(const EncryptRequest&, const schema::Interval&) const {
  throw Error(ErrorCode::kBadValue,
              "a marking asks by order for a field that does not answer that");
}

Bytes QueryAlgorithm::interval_stub(const schema::Interval&) const {
  throw Error(ErrorCode::kBadValue,
              "a marking asks by order for a field that does not answer that");
}

Bytes QueryAlgorithm::encrypt(const schema::Marking& marking, const DataKey& key,
                              RandomSource& random) const {
  const Uuid& id = *marking.field.key_id;
  const EncryptRequest request{
      .value = marking.value,
      .index_key = key,
      .index_key_id = id,
      .user_key = key,
      .user_key_id = id,
      .max_contention = marking.max_contention(),
      .queries = marking.field.queries,
  };
  if (marking.kind == schema::EncryptionPlaceholder::kInsert) return insert(request, random);
  if (marking.interval == nullptr) return find(request);
  return marking.is_stub ? interval_stub(*marking.interval)
                         : find_interval(request, *marking.interval);
}

const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm) {
  if (const QueryAlgorithm* implementation = table().find(algorithm)) return *implementation;
  throw NotSupported("fields with " + std::string(schema::algorithm_facts(algorithm).name) +
                     " queries are not supported by this version");
}

void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation) {
  table().add(algorithm, implementation);
}

}  // namespace quern::crypto
