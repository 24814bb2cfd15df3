// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/variables.h"

#include <deque>

#include "language/variable.h"
#include "query/expression/expression_parser.h"

namespace quern::query {

Variables evaluated_let(bson::View let, bson::Date now) {
  language::check_let(let);
  Variables known;
  bson::Builder values;
  ParseContext context;
  context.now = now;
  ExpressionParser parser(context, ExpressionParser::Document::kNone);
  Evaluation evaluation;
  std::vector<ExpressionPtr> expressions;  // which own the constants in them
  std::deque<ExpressionParser::Variable> scope;
  for (const bson::Element& variable : let) {
    expressions.push_back(parser.parse(variable.value()));
    const Datum value = expressions.back()->evaluate(evaluation);
    evaluation.variable(scope.emplace_back(parser, variable.key()).slot()) = value;
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
