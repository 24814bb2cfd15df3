// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $elemMatch and $size.
#ifndef QUERN_QUERY_MATCH_MATCH_ARRAY_H_
#define QUERN_QUERY_MATCH_MATCH_ARRAY_H_

#include <memory>
#include <utility>

#include "query/match/match_node.h"

namespace quern::query {

// {$elemMatch: {x: 1, y: 2}}: a member that is a document (or array) and matches as a whole.
class ElemMatchObject : public Predicate {
 public:
  explicit ElemMatchObject(std::unique_ptr<const MatchNode> filter) : filter_(std::move(filter)) {}
  bool test(bson::ValueView value, MatchState& state) const override;
  LeafArrays arrays() const override { return LeafArrays::kWhole; }
  const MatchNode* member_filter() const override { return filter_.get(); }

 private:
  std::unique_ptr<const MatchNode> filter_;
};

// {$elemMatch: {$gt: 1, $lt: 5}}: a member that meets all conditions.
class ElemMatchValue : public Predicate {
 public:
  explicit ElemMatchValue(Condition condition) : condition_(std::move(condition)) {}
  bool test(bson::ValueView value, MatchState& state) const override;
  LeafArrays arrays() const override { return LeafArrays::kWhole; }
  std::optional<Bounds> bounds() const override;

 private:
  Condition condition_;
};

class SizeIs : public Predicate {
 public:
  explicit SizeIs(std::int64_t size) : size_(size) {}
  bool test(bson::ValueView value, MatchState& state) const override;
  LeafArrays arrays() const override { return LeafArrays::kWhole; }

 private:
  std::int64_t size_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_ARRAY_H_
