// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A set of values under MongoDB's equality (1 and 1.0 are one value), in order of arrival.
#ifndef QUERN_QUERY_VALUE_SET_H_
#define QUERN_QUERY_VALUE_SET_H_

#include <unordered_set>
#include <vector>

#include "quern/bson/compare.h"

namespace quern::query {

// Borrows the values' bytes.
class ValueSet {
 public:
  // False if it is there already.
  bool insert(bson::ValueView value) {
    if (!index_.insert(value).second) return false;
    values_.push_back(value);
    return true;
  }
  bool contains(bson::ValueView value) const { return index_.contains(value); }
  std::size_t size() const { return values_.size(); }
  const std::vector<bson::ValueView>& values() const { return values_; }

 private:
  struct Hash {
    std::size_t operator()(bson::ValueView value) const { return bson::hash(value); }
  };
  struct Equal {
    bool operator()(bson::ValueView a, bson::ValueView b) const { return bson::compare(a, b) == 0; }
  };
  std::unordered_set<bson::ValueView, Hash, Equal> index_;
  std::vector<bson::ValueView> values_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_SET_H_
