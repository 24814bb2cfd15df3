// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $and, $or, $nor, $not and the constants.
#include "quern/base/error.h"
#include "query/match/match_parser.h"

namespace quern::query {
namespace {

MatchNodes parse_list(const bson::Element& op, MatchParser& parser) {
  const std::string name(op.key());
  if (!op.is_array()) bad_value(name + " must be an array");
  if (op.as_array().empty()) bad_value("$and/$or/$nor must be a nonempty array");
  MatchNodes nodes;
  for (const bson::Element& member : op.as_array()) {
    if (!member.is_document()) bad_value("$or/$and/$nor entries need to be full objects");
    nodes.push_back(parser.parse(member.as_document()));
  }
  return nodes;
}

std::unique_ptr<const MatchNode> constant(const bson::Element& op, bool value) {
  if (op.whole_number() != 1) {
    throw Error(ErrorCode::kFailedToParse,
                std::string(op.key()) + " must be an integer value of 1");
  }
  return std::make_unique<ConstantNode>(value);
}

}  // namespace

std::unique_ptr<const MatchNode> parse_and(const bson::Element& op, MatchParser& parser) {
  return std::make_unique<AndNode>(parse_list(op, parser));
}
std::unique_ptr<const MatchNode> parse_or(const bson::Element& op, MatchParser& parser) {
  return std::make_unique<OrNode>(parse_list(op, parser));
}
std::unique_ptr<const MatchNode> parse_nor(const bson::Element& op, MatchParser& parser) {
  return std::make_unique<NotNode>(std::make_unique<OrNode>(parse_list(op, parser)));
}
std::unique_ptr<const MatchNode> parse_always_true(const bson::Element& op, MatchParser&) {
  return constant(op, true);
}
std::unique_ptr<const MatchNode> parse_always_false(const bson::Element& op, MatchParser&) {
  return constant(op, false);
}

Condition parse_not(const bson::Element& op, bson::View, MatchParser& parser) {
  Condition inner;
  if (op.type() == bson::Type::kRegex) {
    inner = regex_condition(op.value());
  } else if (!op.is_document()) {
    bad_value("$not needs a regex or a document");
  } else if (op.as_document().empty()) {
    bad_value("$not cannot be empty");
  } else {
    inner = parser.parse_operators(op.as_document());
  }
  inner.negated = !inner.negated;
  return inner;
}

}  // namespace quern::query
