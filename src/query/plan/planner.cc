// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/planner.h"

#include <algorithm>
#include <tuple>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/expression/expression_node.h"
#include "query/match/match_expr.h"
#include "query/match/match_node.h"

namespace quern::query {
namespace {

// Products of points over several parts of a key stop here; the filter sees to the rest.
constexpr std::size_t kMaxRanges = 10'000;

// One condition that the filter puts on a path, as far as the planner understands it.
struct Constraint {
  std::string path;
  std::optional<Bounds> bounds;  // none: says nothing about keys
  bool implies_existence = false;
  const Predicate* predicate = nullptr;  // none where the condition isn't one predicate
};

// The node as a condition on one path; null if it is none.
const PathNode* as_leaf(const MatchNode& node) {
  struct : MatchVisitor {
    using MatchVisitor::visit;
    void visit(const PathNode& node) override { leaf = &node; }
    void other() override {}
    const PathNode* leaf = nullptr;
  } visitor;
  node.accept(visitor);
  return visitor.leaf;
}

// The conditions on paths that all must hold, directly or below $and.
class Conjuncts : public MatchVisitor {
 public:
  explicit Conjuncts(const MatchNode& node) { node.accept(*this); }
  const std::vector<const PathNode*>& leaves() const { return leaves_; }

 private:
  using MatchVisitor::visit;
  void visit(const AndNode& node) override {
    for (const auto& child : node.children()) child->accept(*this);
  }
  void visit(const PathNode& node) override { leaves_.push_back(&node); }
  void other() override {}

  std::vector<const PathNode*> leaves_;
};

// What the filter demands of every document, and how much of it was understood.
class Demands : private MatchVisitor {
 public:
  explicit Demands(const MatchNode& root) { root.accept(*this); }

  const std::vector<Constraint>& constraints() const { return constraints_; }
  // There is a condition that no Constraint expresses.
  bool incomplete() const { return incomplete_; }
  bool unsatisfiable() const {
    return never_ || std::any_of(constraints_.begin(), constraints_.end(),
                                 [](const Constraint& c) { return c.bounds && c.bounds->empty(); });
  }

  // Does a constraint on that path imply it?
  bool imply(const std::string& path, const Predicate& wanted) const {
    return std::any_of(constraints_.begin(), constraints_.end(), [&](const Constraint& c) {
      return c.path == path && c.predicate != nullptr && wanted.implied_by(*c.predicate);
    });
  }

 private:
  using MatchVisitor::visit;
  void visit(const AndNode& node) override {
    for (const auto& child : node.children()) child->accept(*this);
  }
  void visit(const PathNode& node) override {
    for (const auto& predicate : node.predicates()) add_leaf(node.path().text(), *predicate);
  }
  void visit(const ConstantNode& node) override { never_ |= !node.value(); }
  void other() override { incomplete_ = true; }

  void add_leaf(const std::string& path, const Predicate& predicate) {
    constraints_.push_back({path, predicate.bounds(), predicate.implies_existence(), &predicate});
    // What a member that is a document must meet, some value below the path meets.
    if (const MatchNode* filter = predicate.member_filter()) add_below(path + ".", *filter);
  }

  void add_below(const std::string& prefix, const MatchNode& filter) {
    const Conjuncts conjuncts(filter);
    for (const PathNode* leaf : conjuncts.leaves()) {
      for (const auto& predicate : leaf->predicates()) {
        const std::size_t first = constraints_.size();
        add_leaf(prefix + leaf->path().text(), *predicate);
        for (std::size_t i = first; i < constraints_.size(); ++i) {
          constraints_[i].implies_existence = false;  // of the member only
          constraints_[i].predicate = nullptr;
        }
      }
    }
  }

  // Alternatives that all bound one path are the union of their stretches.
  void visit(const OrNode& node) override {
    incomplete_ = true;
    std::vector<Conjuncts> branches;
    for (const auto& child : node.children()) branches.emplace_back(*child);
    for (const PathNode* first : branches.front().leaves()) {
      Constraint united;
      united.path = first->path().text();
      std::vector<Interval> intervals;
      bool all = true;
      for (const Conjuncts& branch : branches) {
        std::optional<Bounds> bounds;
        for (const PathNode* leaf : branch.leaves()) {
          if (leaf->path().text() != united.path) continue;
          for (const auto& predicate : leaf->predicates()) {
            auto candidate = predicate->bounds();
            if (candidate && (!bounds || candidate->all_points())) bounds = std::move(candidate);
          }
        }
        all = all && bounds;
        if (!all) break;
        std::move(bounds->intervals.begin(), bounds->intervals.end(),
                  std::back_inserter(intervals));
      }
      if (!all) continue;
      united.bounds = unite({{}, false}, {std::move(intervals), false});
      constraints_.push_back(std::move(united));
    }
  }

  // {$exists: false}
  void visit(const NotNode& node) override {
    incomplete_ = true;
    const PathNode* leaf = as_leaf(node.child());
    if (leaf == nullptr || leaf->predicates().size() != 1) return;
    auto bounds = leaf->predicates().front()->bounds_of_negation();
    if (bounds) constraints_.push_back({leaf->path().text(), std::move(bounds), false, nullptr});
  }

  // {$eq: ["$path", constant]}, either way round. An expression doesn't look into arrays, but what
  // it finds equal is a key all the same.
  void visit(const ExprNode& node) override {
    incomplete_ = true;
    const auto sides = node.expression().root().equated();
    if (sides.size() != 2) return;
    const bool constant_first = sides[0]->is_constant();
    const FieldPath* path = sides[constant_first ? 1 : 0]->document_path();
    const bson::Value* constant = sides[constant_first ? 0 : 1]->constant();
    if (path == nullptr || constant == nullptr) return;
    const bson::ValueView value = constant->view();
    if (value.missing() || value.is_null() || value.is_array() ||
        value.type() == bson::Type::kUndefined) {
      return;
    }
    constraints_.push_back({path->text(), point_bounds(value), false, nullptr});
  }

  std::vector<Constraint> constraints_;
  bool incomplete_ = false;
  bool never_ = false;
};

// Do the demands imply the filter, of which whatever is not understood is not implied?
class Implication : private MatchVisitor {
 public:
  Implication(const Demands& demands, const MatchNode& wanted) : demands_(demands) {
    wanted.accept(*this);
  }
  bool holds() const { return holds_; }

 private:
  using MatchVisitor::visit;
  bool implied(const MatchNode& node) const { return Implication(demands_, node).holds(); }
  void visit(const AndNode& node) override {
    holds_ = std::all_of(node.children().begin(), node.children().end(),
                         [this](const auto& child) { return implied(*child); });
  }
  void visit(const OrNode& node) override {
    holds_ = std::any_of(node.children().begin(), node.children().end(),
                         [this](const auto& child) { return implied(*child); });
  }
  void visit(const PathNode& node) override {
    holds_ = std::all_of(
        node.predicates().begin(), node.predicates().end(),
        [&](const auto& predicate) { return demands_.imply(node.path().text(), *predicate); });
  }
  void other() override { holds_ = false; }

  const Demands& demands_;
  bool holds_ = false;
};

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
    complete_ = !index.partial || Implication(demands, index.partial->root()).holds();
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
