// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Orders, indexes and unique constraints of a model, as Meta declares them and as the databases
// have them.
#ifndef QUERN_MODELS_INDEX_INFO_H_
#define QUERN_MODELS_INDEX_INFO_H_

#include <string>
#include <vector>

namespace quern {

struct IndexKey {
  std::string path;  // stored, dotted
  int direction = 1;
  friend bool operator==(const IndexKey&, const IndexKey&) = default;
};

struct IndexInfo {
  std::string name;  // given, or made of keys and directions as MongoDB does: "name_1_age_-1"
  std::vector<IndexKey> keys;
  friend bool operator==(const IndexInfo&, const IndexInfo&) = default;
};

// A unique constraint: a unique index that, as in SQL, lets several documents have no value.
struct ConstraintInfo {
  std::string name;  // given, or "unique_" and the paths
  std::vector<std::string> paths;
  friend bool operator==(const ConstraintInfo&, const ConstraintInfo&) = default;
};

}  // namespace quern

#endif  // QUERN_MODELS_INDEX_INFO_H_
