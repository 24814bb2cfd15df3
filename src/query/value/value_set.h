// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A set of values under MongoDB's equality (1 and 1.0 are one value), in order of arrival.
#ifndef QUERN_QUERY_VALUE_VALUE_SET_H_
#define QUERN_QUERY_VALUE_VALUE_SET_H_

#include <optional>
#include <unordered_map>
#include <vector>

#include "quern/bson/compare.h"

namespace quern::query {

// Borrows the values' bytes. A few values are searched, many are looked up by their hash.
class ValueSet {
 public:
  // False if it is there already.
  bool insert(bson::ValueView value) {
    if (find(value)) return false;
    values_.push_back(value);
    if (values_.size() > kSearched) {
      for (std::size_t i = index_.size(); i < values_.size(); ++i) index_.emplace(values_[i], i);
    }
    return true;
  }
  // How many values came before it.
  std::optional<std::size_t> find(bson::ValueView value) const {
    if (values_.size() > kSearched) {
      const auto found = index_.find(value);
      return found == index_.end() ? std::nullopt : std::optional(found->second);
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (bson::compare(values_[i], value) == 0) return i;
    }
    return std::nullopt;
  }
  bool contains(bson::ValueView value) const { return find(value).has_value(); }
  std::size_t size() const { return values_.size(); }
  const std::vector<bson::ValueView>& values() const { return values_; }

 private:
  static constexpr std::size_t kSearched = 8;

  struct Hash {
    std::size_t operator()(bson::ValueView value) const { return bson::hash(value); }
  };
  struct Equal {
    bool operator()(bson::ValueView a, bson::ValueView b) const { return bson::compare(a, b) == 0; }
  };
  std::vector<bson::ValueView> values_;
  std::unordered_map<bson::ValueView, std::size_t, Hash, Equal> index_;  // empty: few values
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_VALUE_SET_H_
