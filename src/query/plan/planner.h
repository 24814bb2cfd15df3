// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Chooses how to find the documents of a filter: which index, which part of it, in which direction.
//
// Rules, in order. An index is considered if the filter bounds its first part, or if the sort names
// that and the index provides the sort; a partial index only if the filter implies its condition, a
// sparse one only if the filter asks for values that exist. Among those the best is the one with
//   1. the most leading parts bounded to points, then a bounded range after them,
//   2. a unique index fully bounded to points before all others,
//   3. the sort provided,
//   4. fewer parts, then the first created.
// With no bounded index, a collection scan, unless an index provides the sort. No statistics.
#ifndef QUERN_QUERY_PLAN_PLANNER_H_
#define QUERN_QUERY_PLAN_PLANNER_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/bson/document.h"
#include "query/match/match.h"
#include "query/value/bounds.h"
#include "query/value/sort.h"

namespace quern::query {

struct PlannableIndex {
  std::string name;
  bson::Document key;  // {a: 1, "b.c": -1}
  bool unique = false;
  bool sparse = false;
  const std::atomic<bool>* multikey_flag = nullptr;  // may be set at any time; null: never
  std::optional<Matcher> partial;                    // partialFilterExpression

  bool multikey() const { return multikey_flag != nullptr && multikey_flag->load(); }
};

// One stretch of an index in the index's own order (a descending part counts backwards): keys whose
// leading values are at or after first and at or before last. Each of the two lists may be shorter
// than the key pattern: then all keys that begin with it are inside if inclusive, outside if not.
struct IndexRange {
  std::vector<bson::Value> first;
  std::vector<bson::Value> last;
  bool first_inclusive = true;
  bool last_inclusive = true;
};

struct Plan {
  const PlannableIndex* index =
      nullptr;  // null: scan the collection. Points into the caller's list
  std::vector<std::vector<Interval>> bounds;  // for each part of the key its intervals, ascending
  std::vector<IndexRange> ranges;  // the same as stretches to scan, in scan order, disjoint
  bool reverse = false;            // scan each stretch backwards
  bool provides_sort = false;      // documents come in the order of the sort
  bool empty = false;              // the filter can't match anything
  // The scanned keys decide alone: every document found matches and every match is found. Otherwise
  // the filter must be asked about each document.
  bool exact = false;
};

// sort may be null or empty. hint: empty, {"$natural": ±1}, {"$hint": "index name"} or a key
// pattern; a hint that names no index is BadValue (2).
Plan plan(const Matcher& filter, const SortPattern* sort, bson::View hint,
          std::span<const PlannableIndex> indexes);

// The winningPlan of explain: stages COLLSCAN, IXSCAN with indexBounds, FETCH, SORT, EOF.
bson::Document explain(const Plan& plan, const Matcher& filter, const SortPattern* sort);

}  // namespace quern::query

#endif  // QUERN_QUERY_PLAN_PLANNER_H_
