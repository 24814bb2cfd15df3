// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_array.h"

#include "query/match/match_parser.h"

namespace quern::query {

bool ElemMatchObject::test(bson::ValueView value, MatchState& state) const {
  if (!value.is_array()) return false;
  std::size_t i = 0;
  for (const bson::Element& member : value.as_array()) {
    if ((member.is_document() || member.is_array()) &&
        filter_->matches(member.as_document_or_array(), state)) {
      state.position = i;
      return true;
    }
    ++i;
  }
  return false;
}

bool ElemMatchValue::test(bson::ValueView value, MatchState& state) const {
  if (!value.is_array()) return false;
  std::size_t i = 0;
  for (const bson::Element& member : value.as_array()) {
    if (condition_.holds(member.value(), state)) {
      state.position = i;
      return true;
    }
    ++i;
  }
  return false;
}

std::optional<Bounds> ElemMatchValue::bounds() const {
  auto bounds = condition_.bounds();
  if (bounds) bounds->exact = false;  // the value itself may be no array
  return bounds;
}

bool SizeIs::test(bson::ValueView value, MatchState&) const {
  return value.is_array() && static_cast<std::int64_t>(value.as_array().count()) == size_;
}

bool is_about_values(bson::View argument) {
  const std::string_view first = argument.front().key();
  return is_operator_document(argument.as_value()) && first != "$and" && first != "$or" &&
         first != "$nor" && first != "$expr" && first != "$jsonSchema" && first != "$alwaysTrue" &&
         first != "$alwaysFalse" && first != "$where";
}

Condition parse_elem_match(const bson::Element& op, bson::View, MatchParser& parser) {
  if (!op.is_document()) bad_value("$elemMatch needs an Object");
  const bson::View argument = op.as_document();
  if (is_about_values(argument)) {
    return Condition::of(std::make_unique<ElemMatchValue>(parser.parse_operators(argument)));
  }
  return Condition::of(std::make_unique<ElemMatchObject>(parser.parse_nested(argument)));
}

Condition parse_size(const bson::Element& op, bson::View, MatchParser&) {
  if (!op.is_number()) bad_value("Failed to parse $size. Expected a number");
  const auto size = op.whole_number();
  if (!size) bad_value("Failed to parse $size. Expected an integer");
  if (*size < 0) bad_value("Failed to parse $size. Expected a non-negative number");
  if (*size > INT32_MAX) bad_value("Failed to parse $size. Cannot represent the number as an int");
  return Condition::of(std::make_unique<SizeIs>(*size));
}

Condition parse_all(const bson::Element& op, bson::View siblings, MatchParser& parser) {
  if (!op.is_array()) bad_value("$all needs an array");
  const auto is_elem_match = [](const bson::Element& member) {
    return is_operator_document(member.value()) &&
           member.as_document().front().key() == "$elemMatch";
  };
  const bson::View members = op.as_array();
  const bool elem_match = !members.empty() && is_elem_match(members.front());
  Condition result;
  for (const bson::Element& member : members) {
    if (is_elem_match(member) != elem_match) bad_value("$all/$elemMatch has to be consistent");
    if (elem_match) {
      if (member.as_document().count() != 1) bad_value("$all/$elemMatch has to be consistent");
      result.all.push_back(parse_elem_match(member.as_document().front(), siblings, parser));
    } else if (member.type() == bson::Type::kRegex) {
      result.all.push_back(regex_condition(member.value()));
    } else {
      if (is_operator_document(member.value())) bad_value("no $ expressions in $all");
      result.all.push_back(equality(member.value()));
    }
  }
  // All of nothing, by MongoDB's rule, is nothing.
  if (result.all.empty()) result.negated = true;
  return result;
}

}  // namespace quern::query
