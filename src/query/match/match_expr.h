// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#ifndef QUERN_QUERY_MATCH_MATCH_EXPR_H_
#define QUERN_QUERY_MATCH_MATCH_EXPR_H_

#include <utility>

#include "query/expression/expression.h"
#include "query/match/match_node.h"

namespace quern::query {

class ExprNode : public MatchNode {
 public:
  explicit ExprNode(Expression expression) : expression_(std::move(expression)) {}
  const Expression& expression() const { return expression_; }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  Expression expression_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_EXPR_H_
