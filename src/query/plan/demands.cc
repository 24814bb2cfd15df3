// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/demands.h"

#include <algorithm>

#include "query/expression/expression_node.h"
#include "query/match/match_expr.h"

namespace quern::query {
namespace {

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

}  // namespace

bool Demands::unsatisfiable() const {
  return never_ || std::any_of(constraints_.begin(), constraints_.end(),
                               [](const Constraint& c) { return c.bounds && c.bounds->empty(); });
}

// Does a constraint on that path imply it?
bool Demands::imply(const std::string& path, const Predicate& wanted) const {
  return std::any_of(constraints_.begin(), constraints_.end(), [&](const Constraint& c) {
    return c.path == path && c.predicate != nullptr && wanted.implied_by(*c.predicate);
  });
}

void Demands::visit(const AndNode& node) {
  for (const auto& child : node.children()) child->accept(*this);
}

void Demands::visit(const PathNode& node) {
  for (const auto& predicate : node.predicates()) add_leaf(node.path().text(), *predicate);
}

void Demands::visit(const ConstantNode& node) { never_ |= !node.value(); }

void Demands::add_leaf(const std::string& path, const Predicate& predicate) {
  constraints_.push_back({path, predicate.bounds(), predicate.implies_existence(), &predicate});
  // What a member that is a document must meet, some value below the path meets.
  if (const MatchNode* filter = predicate.member_filter()) add_below(path + ".", *filter);
}

void Demands::add_below(const std::string& prefix, const MatchNode& filter) {
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
void Demands::visit(const OrNode& node) {
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
      std::move(bounds->intervals.begin(), bounds->intervals.end(), std::back_inserter(intervals));
    }
    if (!all) continue;
    united.bounds = unite({{}, false}, {std::move(intervals), false});
    constraints_.push_back(std::move(united));
  }
}

// {$exists: false}
void Demands::visit(const NotNode& node) {
  incomplete_ = true;
  const PathNode* leaf = as_leaf(node.child());
  if (leaf == nullptr || leaf->predicates().size() != 1) return;
  auto bounds = leaf->predicates().front()->bounds_of_negation();
  if (bounds) constraints_.push_back({leaf->path().text(), std::move(bounds), false, nullptr});
}

// {$eq: ["$path", constant]}, either way round. An expression doesn't look into arrays, but what
// it finds equal is a key all the same.
void Demands::visit(const ExprNode& node) {
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

// Do the demands imply the filter, of which whatever is not understood is not implied?
class Demands::Implication : private MatchVisitor {
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

bool Demands::imply(const MatchNode& wanted) const { return Implication(*this, wanted).holds(); }

}  // namespace quern::query
