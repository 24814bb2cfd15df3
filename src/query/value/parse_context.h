// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a filter, expression, update or pipeline may refer to beside the document: fixed once, when
// it is parsed.
#ifndef QUERN_QUERY_VALUE_PARSE_CONTEXT_H_
#define QUERN_QUERY_VALUE_PARSE_CONTEXT_H_

#include <span>
#include <string>

#include "quern/bson/view.h"

namespace quern::query {

struct ParseContext {
  // Variables of the command's "let": constants, readable as $$name. Copied by whoever parses.
  bson::View let;
  // Variables that are known too but have no value: what a $lookup's "let" found missing.
  std::span<const std::string> let_missing = {};
  // What $$NOW and $currentDate mean; one moment for the whole command.
  bson::Date now;
  // $expr is refused (BadValue) where the server refuses it, such as in array filters of $pull.
  bool allow_expr = true;
};

// Deepest nesting of operators that a parser accepts. Deeper is refused, so that neither parsing
// nor evaluation can exhaust the stack.
inline constexpr int kMaxNesting = 200;

// What a blocking stage ($sort, $group, …) may hold before it fails with ExceededMemoryLimit.
inline constexpr std::size_t kStageMemoryLimit = 100 * 1024 * 1024;

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_PARSE_CONTEXT_H_
