// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a filter demands of every document, as far as a planner understands it.
#ifndef QUERN_QUERY_PLAN_DEMANDS_H_
#define QUERN_QUERY_PLAN_DEMANDS_H_

#include <optional>
#include <string>
#include <vector>

#include "query/match/match_node.h"
#include "query/value/bounds.h"

namespace quern::query {

// One condition that the filter puts on a path, as far as the planner understands it.
struct Constraint {
  std::string path;
  std::optional<Bounds> bounds;  // none: says nothing about keys
  bool implies_existence = false;
  const Predicate* predicate = nullptr;  // none where the condition isn't one predicate
};

class Demands : private MatchVisitor {
 public:
  explicit Demands(const MatchNode& root) { root.accept(*this); }

  const std::vector<Constraint>& constraints() const { return constraints_; }
  // There is a condition that no Constraint expresses.
  bool incomplete() const { return incomplete_; }
  // No document can meet them.
  bool unsatisfiable() const;
  // Does every document that meets them match wanted? False where that cannot be told.
  bool imply(const MatchNode& wanted) const;

 private:
  class Implication;

  using MatchVisitor::visit;
  void visit(const AndNode& node) override;
  void visit(const ConstantNode& node) override;
  void visit(const ExprNode& node) override;
  void visit(const NotNode& node) override;
  void visit(const OrNode& node) override;
  void visit(const PathNode& node) override;
  void other() override { incomplete_ = true; }

  void add_leaf(const std::string& path, const Predicate& predicate);
  void add_below(const std::string& prefix, const MatchNode& filter);
  bool imply(const std::string& path, const Predicate& wanted) const;

  std::vector<Constraint> constraints_;
  bool incomplete_ = false;
  bool never_ = false;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_PLAN_DEMANDS_H_
