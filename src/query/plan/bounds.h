// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which stretches of an index hold the values that a predicate accepts.
#ifndef QUERN_QUERY_PLAN_BOUNDS_H_
#define QUERN_QUERY_PLAN_BOUNDS_H_

#include <optional>
#include <vector>

#include "query/match/match_node.h"
#include "query/plan/planner.h"

namespace quern::query {

struct Bounds {
  std::vector<Interval> intervals;  // ascending, disjoint
  // For an index without arrays: a document matches exactly if its key lies inside.
  bool exact = false;

  bool empty() const { return intervals.empty(); }
  bool is_full() const;     // everything from MinKey to MaxKey
  bool all_points() const;  // and at least one
  bool single_point() const { return intervals.size() == 1 && intervals.front().is_point(); }
};

Bounds full_bounds();
// The keys of every document that predicate may accept. Nothing if it says nothing about keys.
std::optional<Bounds> bounds_of(const Predicate& predicate);
// The keys of documents that lack the field: null.
Bounds bounds_of_missing();
// One value and nothing else; not for null and arrays.
Bounds point_bounds(bson::ValueView value);

Bounds intersect(const Bounds& a, const Bounds& b);
Bounds unite(Bounds a, Bounds b);
bool contains(const Bounds& outer, const Bounds& inner);

// Does it refuse every document that lacks the field?
bool implies_existence(const Predicate& predicate);
// Does every value that given accepts satisfy wanted, so that given implies wanted on any path?
bool implies(const Predicate& given, const Predicate& wanted);

}  // namespace quern::query

#endif  // QUERN_QUERY_PLAN_BOUNDS_H_
