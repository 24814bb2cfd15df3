// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/planner.h"

#include <algorithm>
#include <tuple>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/plan/demands.h"

namespace quern::query {
namespace {

// Products of points over several parts of a key stop here; the filter sees to the rest.
constexpr std::size_t kMaxRanges = 10'000;

// May an array on one path lie on the other too?
bool same_array(const FieldPath& a, const FieldPath& b) { return a[0].name == b[0].name; }

bool has_number(const FieldPath& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].index) return true;
  }
  return false;
}

struct KeyPart {
  FieldPath path;
  bool descending;
};
std::vector<KeyPart> key_parts(const bson::Document& key) {
  std::vector<KeyPart> parts;
  for (const bson::Element& element : key) {
    parts.push_back({FieldPath(element.key()), element.is_number() && element.number() < 0});
  }
  return parts;
}

// One index and what it can do for the query.
class Candidate {
 public:
  Candidate(const PlannableIndex& index, std::size_t order, const Demands& demands,
            const SortPattern* sort)
      : index_(index), multikey_(index.multikey()), order_(order), parts_(key_parts(index.key)) {
    for (const bson::Element& part : index.key) usable_ &= part.is_number();
    if (!usable_) return;  // "hashed" and the like
    complete_ = !index.partial || demands.imply(index.partial->root());
    bool exists = false;
    for (const KeyPart& part : parts_) add_part(part, demands, exists);
    if (index.sparse && !exists) sparse_incomplete_ = true;
    exact_ = exact_ && !multikey_ && !demands.incomplete() &&
             used_constraints_ == demands.constraints().size();
    if (sort != nullptr && !sort->empty()) match_sort(*sort);
  }

  bool usable() const { return usable_; }
  bool covers_partial() const { return complete_; }
  bool misses_documents() const { return !complete_ || sparse_incomplete_; }
  bool helps() const { return !bounds_.front().is_full() || provides_sort_; }

  // Greater is better.
  auto score() const {
    std::size_t points = 0;
    while (points < bounds_.size() && bounds_[points].all_points()) ++points;
    const bool range = points < bounds_.size() && !bounds_[points].is_full();
    const bool unique = index_.unique && points == bounds_.size();
    return std::tuple(unique, points, range, provides_sort_, -static_cast<long>(parts_.size()),
                      -static_cast<long>(order_));
  }

  Plan plan() const {
    Plan plan;
    plan.index = &index_;
    for (const Bounds& bounds : bounds_) plan.bounds.push_back(bounds.intervals);
    plan.reverse = provides_sort_ && reverse_;
    plan.provides_sort = provides_sort_;
    const bool all_in_ranges = build_ranges(plan);
    plan.exact = exact_ && all_in_ranges;
    return plan;
  }

 private:
  void add_part(const KeyPart& part, const Demands& demands, bool& exists) {
    Bounds bounds = full_bounds();
    bool bounded = false;
    // Of two parts that lead through one array, each may mean another member of it; a number in a
    // path means a member or a field. In both cases the keys tell too little.
    bool blind = multikey_ && has_number(part.path);
    if (multikey_) {
      for (std::size_t i = 0; i < bounds_.size(); ++i) {
        blind |= !bounds_[i].is_full() && same_array(parts_[i].path, part.path);
      }
    }
    for (const Constraint& constraint : demands.constraints()) {
      if (constraint.path != part.path.text()) continue;
      exists |= constraint.implies_existence;
      if (!constraint.bounds || blind) continue;
      if (!bounded) {
        bounds = *constraint.bounds;
        bounded = true;
        ++used_constraints_;
      } else if (!multikey_) {
        bounds = intersect(bounds, *constraint.bounds);
        ++used_constraints_;
      } else if (constraint.bounds->all_points() && !bounds.all_points()) {
        bounds = *constraint.bounds;  // different members may meet them: take one, the narrower
      }
    }
    if (bounded) exact_ &= bounds.exact;
    bounds_.push_back(std::move(bounds));
  }

  // Does a scan within the bounds come in the order of the sort?
  void match_sort(const SortPattern& sort) {
    std::size_t wanted = 0;
    std::optional<bool> reverse;
    std::vector<bool> sorts(parts_.size());  // the index's parts that give the order
    const auto& parts = sort.parts();
    const auto is_constant = [&](const FieldPath& path) {
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (parts_[i].path.text() == path.text()) {
          return bounds_[i].single_point() && !multikey_;
        }
      }
      return false;
    };
    for (std::size_t i = 0; i < parts_.size() && wanted < parts.size(); ++i) {
      while (wanted < parts.size() && is_constant(parts[wanted].path)) ++wanted;
      if (wanted == parts.size()) break;
      if (parts_[i].path.text() != parts[wanted].path.text()) {
        if (bounds_[i].single_point()) continue;
        return;
      }
      // Of a document with an array the scan meets the least key first, as the sort demands, but
      // only if no bounds hide it, its own or those of another part that leads through the array,
      // and only one part may be that array.
      if (multikey_) {
        for (std::size_t k = 0; k < parts_.size(); ++k) {
          if (same_array(parts_[k].path, parts_[i].path) && (!bounds_[k].is_full() || sorts[k])) {
            return;
          }
        }
        sorts[i] = true;
      }
      const bool against = parts_[i].descending != parts[wanted].descending;
      if (reverse && *reverse != against) return;
      reverse = against;
      ++wanted;
    }
    while (wanted < parts.size() && is_constant(parts[wanted].path)) ++wanted;
    provides_sort_ = wanted == parts.size();
    reverse_ = reverse.value_or(false);
  }

  // The bounds as stretches in scan order. True if the stretches say all that the bounds say.
  bool build_ranges(Plan& plan) const {
    std::vector<std::vector<bson::Value>> prefixes(1);
    std::size_t i = 0;
    for (; i < bounds_.size() && bounds_[i].all_points(); ++i) {
      const std::vector<Interval>& points = bounds_[i].intervals;
      if (i > 0 && prefixes.size() * points.size() > kMaxRanges) break;
      std::vector<std::vector<bson::Value>> longer;
      longer.reserve(prefixes.size() * points.size());
      for (const auto& prefix : prefixes) {
        for (std::size_t k = 0; k < points.size(); ++k) {
          longer.push_back(prefix);
          longer.back().push_back(points[parts_[i].descending ? points.size() - 1 - k : k].low);
        }
      }
      prefixes = std::move(longer);
    }
    const bool stretch = i < bounds_.size() && !bounds_[i].is_full() &&
                         prefixes.size() * bounds_[i].intervals.size() <=
                             std::max(kMaxRanges, bounds_[i].intervals.size());
    for (auto& prefix : prefixes) {
      if (!stretch) {
        plan.ranges.push_back({prefix, prefix, true, true});
        continue;
      }
      const std::vector<Interval>& intervals = bounds_[i].intervals;
      for (std::size_t k = 0; k < intervals.size(); ++k) {
        const bool descending = parts_[i].descending;
        const Interval& interval = intervals[descending ? intervals.size() - 1 - k : k];
        IndexRange range{prefix, prefix, interval.low_inclusive, interval.high_inclusive};
        range.first.push_back(interval.low);
        range.last.push_back(interval.high);
        if (descending) {
          std::swap(range.first, range.last);
          std::swap(range.first_inclusive, range.last_inclusive);
        }
        plan.ranges.push_back(std::move(range));
      }
    }
    if (plan.reverse) std::reverse(plan.ranges.begin(), plan.ranges.end());
    for (std::size_t k = i + (stretch ? 1 : 0); k < bounds_.size(); ++k) {
      if (!bounds_[k].is_full()) return false;
    }
    return true;
  }

  const PlannableIndex& index_;
  bool multikey_;  // as it was when planning began
  std::size_t order_;
  std::vector<KeyPart> parts_;
  std::vector<Bounds> bounds_;
  std::size_t used_constraints_ = 0;
  bool usable_ = true;
  bool complete_ = true;
  bool sparse_incomplete_ = false;
  bool exact_ = true;
  bool provides_sort_ = false;
  bool reverse_ = false;
};

// Whether a Candidate of it is worth making: most indexes have nothing to do with a query.
bool concerns(const PlannableIndex& index, const Demands& demands, const SortPattern* sort) {
  const std::string_view first = index.key.view().front().key();
  if (std::any_of(demands.constraints().begin(), demands.constraints().end(),
                  [&](const Constraint& constraint) { return constraint.path == first; })) {
    return true;
  }
  return sort != nullptr &&
         std::any_of(sort->parts().begin(), sort->parts().end(),
                     [&](const auto& part) { return part.path.text() == first; });
}

const PlannableIndex* hinted(bson::View hint, std::span<const PlannableIndex> indexes) {
  const bson::Element name = hint["$hint"];
  for (const PlannableIndex& index : indexes) {
    if (name ? name.is_string() && name.as_string() == index.name : index.key.view() == hint) {
      return &index;
    }
  }
  // The same key with numbers of another type.
  for (const PlannableIndex& index : indexes) {
    if (!name && bson::compare(index.key.view(), hint) == 0) return &index;
  }
  throw Error(ErrorCode::kBadValue,
              "error processing query: hint provided does not correspond to an existing index");
}

}  // namespace

Plan plan(const Matcher& filter, const SortPattern* sort, bson::View hint,
          std::span<const PlannableIndex> indexes) {
  const Demands demands(filter.root());
  Plan scan;
  scan.exact = filter.matches_everything();
  if (demands.unsatisfiable()) {
    scan.empty = true;
    scan.provides_sort = true;
    return scan;
  }
  if (const bson::Element natural = hint["$natural"]) {
    scan.reverse = natural.is_number() && natural.number() < 0;
    return scan;
  }
  const PlannableIndex* demanded = hint.empty() ? nullptr : hinted(hint, indexes);
  std::optional<Candidate> best;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    if (demanded != nullptr ? demanded != &indexes[i] : !concerns(indexes[i], demands, sort)) {
      continue;
    }
    Candidate candidate(indexes[i], i, demands, sort);
    if (!candidate.usable()) continue;
    if (demanded != nullptr) {
      // A sparse index may be demanded although it misses documents; a partial one may not.
      if (!candidate.covers_partial()) {
        throw Error(291, "error processing query: the hinted index '" + demanded->name +
                             "' is partial and the filter does not imply its condition");
      }
      return candidate.plan();
    }
    if (candidate.misses_documents() || !candidate.helps()) continue;
    if (!best || candidate.score() > best->score()) best.emplace(std::move(candidate));
  }
  return best ? best->plan() : scan;
}

}  // namespace quern::query
