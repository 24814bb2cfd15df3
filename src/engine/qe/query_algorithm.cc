// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/query_algorithm.h"

#include <fmt/format.h>

#include "quern/base/error.h"
#include "schema/algorithm_table.h"

namespace quern::engine::qe {
namespace {

schema::AlgorithmTable<QueryAlgorithm>& table() {
  static schema::AlgorithmTable<QueryAlgorithm> algorithms{
      {schema::Algorithm::kUnindexed, &unindexed()},
      {schema::Algorithm::kEquality, &equality()},
  };
  return algorithms;
}

}  // namespace

const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm) {
  if (const QueryAlgorithm* implementation = table().find(algorithm)) return *implementation;
  throw NotSupported(
      fmt::format("The embedded engine cannot process {} queries on encrypted fields "
                  "yet",
                  schema::algorithm_facts(algorithm).name));
}

void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation) {
  table().add(algorithm, implementation);
}

}  // namespace quern::engine::qe
