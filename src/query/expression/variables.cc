// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/variables.h"

#include <deque>

#include "language/variable.h"
#include "query/expression/expression_builder.h"

namespace quern::query {

Variables evaluated_let(bson::View let, bson::Date now) {
  language::check_let(let);
  Variables known;
  bson::Builder values;
  ParseContext context;
  context.now = now;
  ExpressionBuilder builder(context, ExpressionBuilder::Document::kNone);
  Evaluation evaluation;
  std::vector<ExpressionPtr> expressions;  // which own the constants in them
  std::deque<ExpressionBuilder::Variable> scope;
  for (const bson::Element& variable : let) {
    expressions.push_back(builder.build(language::parse_expression(variable)));
    const Datum value = expressions.back()->evaluate(evaluation);
    evaluation.variable(scope.emplace_back(builder, variable.key()).slot()) = value;
    if (value.missing()) {
      known.missing.emplace_back(variable.key());
    } else {
      values.append(variable.key(), value.view());
    }
  }
  known.values = values.finish();
  return known;
}

}  // namespace quern::query
