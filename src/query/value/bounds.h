// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Stretches of the BSON order: where the keys lie that a condition accepts.
//
// A document with an array has a key for each member; one that lacks the field has the key null.
#ifndef QUERN_QUERY_VALUE_BOUNDS_H_
#define QUERN_QUERY_VALUE_BOUNDS_H_

#include <optional>
#include <string>
#include <vector>

#include "quern/bson/document.h"

namespace quern::query {

// Values from low to high in BSON order (low <= high), whatever the index's direction.
struct Interval {
  bson::Value low;
  bson::Value high;
  bool low_inclusive = true;
  bool high_inclusive = true;

  bool is_point() const;
};

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
// The keys of documents that lack the field: null.
Bounds bounds_of_missing();
// One value and nothing else; not for null and arrays.
Bounds point_bounds(bson::ValueView value);
// What equals value, also null or an array.
Bounds equality_bounds(bson::ValueView value);
// Of the values that compare with value, as the comparison operators see it, those below or above
// it; value itself if inclusive.
Bounds bounds_below(bson::ValueView value, bool inclusive);
Bounds bounds_above(bson::ValueView value, bool inclusive);
// Strings that begin with prefix.
Bounds prefix_bounds(const std::string& prefix);

Bounds intersect(const Bounds& a, const Bounds& b);
Bounds unite(Bounds a, Bounds b);
bool contains(const Bounds& outer, const Bounds& inner);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_BOUNDS_H_
