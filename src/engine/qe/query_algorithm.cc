// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/query_algorithm.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using Row = std::pair<schema::Algorithm, const QueryAlgorithm*>;

std::vector<Row>& table() {
  static std::vector<Row> rows{
      {schema::Algorithm::kUnindexed, &unindexed()},
      {schema::Algorithm::kEquality, &equality()},
  };
  return rows;
}

}  // namespace

const QueryAlgorithm& query_algorithm(schema::Algorithm algorithm) {
  for (const auto& [known, implementation] : table()) {
    if (known == algorithm) return *implementation;
  }
  throw NotSupported(
      fmt::format("The embedded engine cannot process {} queries on encrypted fields "
                  "yet",
                  schema::algorithm_facts(algorithm).name));
}

void add_query_algorithm(schema::Algorithm algorithm, const QueryAlgorithm& implementation) {
  table().emplace_back(algorithm, &implementation);
}

}  // namespace quern::engine::qe
