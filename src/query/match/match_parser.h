// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From a filter's BSON to its tree. Two tables in match_parser.cc name every operator: those that
// stand beside fields ($and, $expr, …) and those that stand below a field ($gt, $elemMatch, …). An
// operator is a parse function in the file of its family and a line in its table.
#ifndef QUERN_QUERY_MATCH_MATCH_PARSER_H_
#define QUERN_QUERY_MATCH_MATCH_PARSER_H_

#include <memory>
#include <string>
#include <string_view>

#include "quern/bson/document.h"
#include "query/match/match_node.h"
#include "query/value/parse_context.h"

namespace quern::query {

class MatchParser {
 public:
  explicit MatchParser(const ParseContext& context) : context_(context) {}

  // A whole filter. The result refers to the bytes of filter.
  std::unique_ptr<const MatchNode> parse(bson::View filter);
  // The operators below one field: {$gt: 1, $lt: 5}.
  Condition parse_operators(bson::View operators);
  // What may stand beside a field name: a value, a regular expression or operators.
  Condition parse_field_value(bson::ValueView value);

  // An $elemMatch opens a level below the top, where $expr is not allowed and a DBRef may be.
  std::unique_ptr<const MatchNode> parse_nested(bson::View filter);

  const ParseContext& context() const { return context_; }
  bool at_top_level() const { return nested_ == 0; }

 private:
  const ParseContext& context_;
  int nested_ = 0;
  int depth_ = 0;
};

// $ref, $id, $db: the fields of a DBRef begin with a dollar but are no operators.
bool is_dbref_field(std::string_view name);
// Is this a document whose first key is an operator?
bool is_operator_document(bson::ValueView value);
// An $elemMatch whose first key is an operator of fields, such as $gt, is about values; one that
// begins with a field name or with $and, $or, $nor is about documents.
bool is_about_values(bson::View argument);
// The condition applied to the values of a path.
std::unique_ptr<const MatchNode> at_path(const FieldPath& path, Condition condition);

[[noreturn]] void bad_value(const std::string& message);

// Below a field: op is the operator's element, siblings the document it stands in.
using FieldOperatorParser = Condition (*)(const bson::Element& op, bson::View siblings,
                                          MatchParser& parser);
// Beside fields. May return null: nothing to check.
using TreeOperatorParser = std::unique_ptr<const MatchNode> (*)(const bson::Element& op,
                                                                MatchParser& parser);

// match_comparison.cc
Condition parse_eq(const bson::Element&, bson::View, MatchParser&);
Condition parse_ne(const bson::Element&, bson::View, MatchParser&);
Condition parse_lt(const bson::Element&, bson::View, MatchParser&);
Condition parse_lte(const bson::Element&, bson::View, MatchParser&);
Condition parse_gt(const bson::Element&, bson::View, MatchParser&);
Condition parse_gte(const bson::Element&, bson::View, MatchParser&);
Condition equality(bson::ValueView operand);
// match_in.cc
Condition parse_in(const bson::Element&, bson::View, MatchParser&);
Condition parse_nin(const bson::Element&, bson::View, MatchParser&);
// match_element.cc
Condition parse_exists(const bson::Element&, bson::View, MatchParser&);
Condition parse_type(const bson::Element&, bson::View, MatchParser&);
// match_arithmetic.cc
Condition parse_mod(const bson::Element&, bson::View, MatchParser&);
Condition parse_bits_all_set(const bson::Element&, bson::View, MatchParser&);
Condition parse_bits_any_set(const bson::Element&, bson::View, MatchParser&);
Condition parse_bits_all_clear(const bson::Element&, bson::View, MatchParser&);
Condition parse_bits_any_clear(const bson::Element&, bson::View, MatchParser&);
// match_regex.cc
Condition parse_regex(const bson::Element&, bson::View, MatchParser&);
Condition parse_options(const bson::Element&, bson::View, MatchParser&);
Condition regex_condition(bson::ValueView regex);
// match_array.cc
Condition parse_all(const bson::Element&, bson::View, MatchParser&);
Condition parse_elem_match(const bson::Element&, bson::View, MatchParser&);
Condition parse_size(const bson::Element&, bson::View, MatchParser&);
// match_logical.cc
Condition parse_not(const bson::Element&, bson::View, MatchParser&);
std::unique_ptr<const MatchNode> parse_and(const bson::Element&, MatchParser&);
std::unique_ptr<const MatchNode> parse_or(const bson::Element&, MatchParser&);
std::unique_ptr<const MatchNode> parse_nor(const bson::Element&, MatchParser&);
std::unique_ptr<const MatchNode> parse_always_true(const bson::Element&, MatchParser&);
std::unique_ptr<const MatchNode> parse_always_false(const bson::Element&, MatchParser&);
// match_expr.cc
std::unique_ptr<const MatchNode> parse_expr(const bson::Element&, MatchParser&);
// match_json_schema.cc
std::unique_ptr<const MatchNode> parse_json_schema(const bson::Element&, MatchParser&);

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_PARSER_H_
