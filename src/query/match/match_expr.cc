// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $expr: a filter by an aggregation expression.
#include "query/match/match_expr.h"

#include "quern/base/error.h"
#include "query/match/match_parser.h"

namespace quern::query {

bool ExprNode::ask(bson::View document, MatchState& state) const {
  Evaluation& evaluation = state.evaluation();
  evaluation.reset();
  const Datum result = expression_.evaluate(document, evaluation);
  return result.view().truthy();
}

std::unique_ptr<const MatchNode> parse_expr(const bson::Element& op, MatchParser& parser) {
  if (!parser.at_top_level()) bad_value("$expr can only be applied to the top-level document");
  if (!parser.context().allow_expr) {
    throw Error(ErrorCode::kQueryFeatureNotAllowed, "$expr is not allowed in this context");
  }
  return std::make_unique<ExprNode>(Expression::parse(op.value(), parser.context()));
}

}  // namespace quern::query
