// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation expressions, made of what language/expression.h reads into a tree of nodes that are
// evaluated over documents.
//
//   const Expression sum = Expression::parse(spec);
//   Evaluation evaluation;
//   const Datum result = sum.evaluate(document, evaluation);
//
// Making one finds operators that this engine does not evaluate (168 InvalidPipelineOperator) and
// unknown variables (17276), and folds what depends on no document into constants. An Expression is
// immutable, borrows nothing, and is safe to share between threads; each thread has its own
// Evaluation.
#ifndef QUERN_QUERY_EXPRESSION_EXPRESSION_H_
#define QUERN_QUERY_EXPRESSION_EXPRESSION_H_

#include <memory>
#include <string>

#include "language/expression.h"
#include "quern/bson/document.h"
#include "query/expression/evaluation.h"
#include "query/value/parse_context.h"

namespace quern::query {

class ExpressionNode;
class ExpressionBuilder;

class Expression {
 public:
  static Expression parse(bson::ValueView spec, const ParseContext& context = {});
  static Expression of(const language::Expression& expression, const ParseContext& context = {});

  // The value for that document: missing if the expression has none (such as a path that leads
  // nowhere). Valid until the evaluation's next reset and as long as document.
  Datum evaluate(bson::View document, Evaluation& evaluation) const;

  // Does it evaluate to the same for every document?
  bool is_constant() const;
  const ExpressionNode& root() const { return *root_; }

 private:
  friend class ExpressionBuilder;
  Expression() = default;
  std::shared_ptr<const ExpressionNode> root_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_EXPRESSION_H_
