// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which class implements which algorithm: the client's classes and the server's stand in one such
// table each.
#ifndef QUERN_SCHEMA_ALGORITHM_TABLE_H_
#define QUERN_SCHEMA_ALGORITHM_TABLE_H_

#include <initializer_list>
#include <utility>
#include <vector>

#include "schema/query_type.h"

namespace quern::schema {

// Borrows the implementations. Safe to read from many threads once nothing is added any more.
template <class Implementation>
class AlgorithmTable {
 public:
  using Row = std::pair<Algorithm, const Implementation*>;

  AlgorithmTable(std::initializer_list<Row> rows) : rows_(rows) {}

  // Null for an algorithm that has none.
  const Implementation* find(Algorithm algorithm) const {
    for (const auto& [known, implementation] : rows_) {
      if (known == algorithm) return implementation;
    }
    return nullptr;
  }
  void add(Algorithm algorithm, const Implementation& implementation) {
    rows_.emplace_back(algorithm, &implementation);
  }

 private:
  std::vector<Row> rows_;
};

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_ALGORITHM_TABLE_H_
