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

const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm) {
  if (const QueryAlgorithm* implementation = table().find(algorithm)) return *implementation;
  throw NotSupported("encrypting for " + std::string(schema::algorithm_facts(algorithm).name) +
                     " queries is not supported by this version");
}

void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation) {
  table().add(algorithm, implementation);
}

}  // namespace quern::crypto
