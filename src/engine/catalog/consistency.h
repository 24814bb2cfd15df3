// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Do the records of a collection and its index entries agree?
#ifndef QUERN_ENGINE_CATALOG_CONSISTENCY_H_
#define QUERN_ENGINE_CATALOG_CONSISTENCY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/catalog/access.h"
#include "engine/catalog/collection.h"

namespace quern::engine {

// A sentence each, of which the first hundred are kept. They name records by their position, never
// by a value.
class Faults {
 public:
  void add(std::string sentence);
  bool empty() const { return sentences_.empty(); }
  // Those that were kept and, if there are more, how many.
  std::vector<std::string> sentences() const;

 private:
  std::vector<std::string> sentences_;
  std::uint64_t more_ = 0;
};

struct IndexCheck {
  std::string name;
  std::uint64_t entries = 0;
  Faults faults{};
};

struct CollectionCheck {
  std::uint64_t records = 0;
  std::uint64_t invalid_records = 0;  // no documents, or not under the key of their _id
  Faults faults;                      // of records
  std::vector<IndexCheck> indexes;    // without that on _id, which the records are

  std::vector<std::string> all_faults() const;
};

// What is found in the operation's snapshot: each record is well-formed and stands under the key of
// its _id; each index holds exactly the entries that the records have in it. Takes as much memory
// as a few hundred entries do.
CollectionCheck check_records_and_indexes(Access& op, const Collection& collection);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_CONSISTENCY_H_
