// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The variables of a command's "let".
#ifndef QUERN_QUERY_EXPRESSION_VARIABLES_H_
#define QUERN_QUERY_EXPRESSION_VARIABLES_H_

#include <string>
#include <vector>

#include "quern/bson/document.h"
#include "query/value/parse_context.h"

namespace quern::query {

// Values, and the names of those without one.
struct Variables {
  bson::Document values;
  std::vector<std::string> missing;

  // As long as this object lives unchanged.
  void enter(ParseContext& context) const {
    context.let = values;
    context.let_missing = missing;
  }
};

// let, evaluated: each value is an expression, which sees the variables before it, and no document.
// Throws 4890500 when one reads a field, $$ROOT or $$CURRENT, what language::check_let throws, and
// what the expressions throw.
Variables evaluated_let(bson::View let, bson::Date now);

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_VARIABLES_H_
