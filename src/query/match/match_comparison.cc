// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_comparison.h"

#include <cmath>

#include "quern/bson/compare.h"
#include "query/match/match_parser.h"
#include "query/value/numbers.h"

namespace quern::query {
namespace {

using bson::Type;

std::unique_ptr<const Predicate> comparison(Comparison::Operator op, bson::ValueView operand) {
  if (operand.type() == Type::kUndefined) bad_value("cannot compare to undefined");
  return std::make_unique<Comparison>(op, operand);
}

Condition ordered(Comparison::Operator op, const bson::Element& element) {
  if (element.type() == Type::kRegex) {
    bad_value("Can't have RegEx as arg to predicate " + std::string(element.key()));
  }
  return Condition::of(comparison(op, element.value()));
}

}  // namespace

Comparison::Comparison(Operator op, bson::ValueView operand)
    : op_(op),
      operand_(operand),
      all_types_(operand.type() == Type::kMinKey || operand.type() == Type::kMaxKey),
      is_null_(operand.is_null()),
      is_nan_(query::is_nan(operand)) {}

std::optional<Bounds> Comparison::bounds() const {
  switch (op_) {
    case Operator::kEq:
      return equality_bounds(operand_);
    case Operator::kLt:
    case Operator::kLte:
      return bounds_below(operand_, op_ == Operator::kLte);
    case Operator::kGt:
    case Operator::kGte:
      return bounds_above(operand_, op_ == Operator::kGte);
  }
  return std::nullopt;
}

bool Comparison::accepts(std::weak_ordering order) const {
  switch (op_) {
    case Operator::kEq:
      return order == 0;
    case Operator::kLt:
      return order < 0;
    case Operator::kLte:
      return order <= 0;
    case Operator::kGt:
      return order > 0;
    case Operator::kGte:
      return order >= 0;
  }
  return false;
}

bool Comparison::test(bson::ValueView value, MatchState&) const {
  if (value.type() == operand_.type()) {
    switch (value.type()) {  // the common types, without a call
      case Type::kInt32:
        return accepts(value.as_int32() <=> operand_.as_int32());
      case Type::kInt64:
        return accepts(value.as_int64() <=> operand_.as_int64());
      case Type::kString: {
        const int order = value.as_string().compare(operand_.as_string());
        return accepts(order <=> 0);
      }
      default:
        break;
    }
  }
  if (is_null_) {
    const bool null = value.missing() || value.is_null() || value.type() == Type::kUndefined;
    return null && op_ != Operator::kLt && op_ != Operator::kGt;
  }
  if (all_types_) return accepts(bson::compare(value, operand_));
  if (bson::canonical_rank(value.type()) != bson::canonical_rank(operand_.type())) return false;
  if (is_nan_ || (value.is_number() && query::is_nan(value))) {
    return is_nan_ && query::is_nan(value) && op_ != Operator::kLt && op_ != Operator::kGt;
  }
  return accepts(bson::compare(value, operand_));
}

Condition equality(bson::ValueView operand) {
  return Condition::of(comparison(Comparison::Operator::kEq, operand));
}

Condition parse_eq(const bson::Element& op, bson::View, MatchParser&) {
  return equality(op.value());
}
Condition parse_ne(const bson::Element& op, bson::View, MatchParser&) {
  if (op.type() == Type::kRegex) bad_value("Can't have regex as arg to $ne.");
  Condition condition = equality(op.value());
  condition.negated = true;
  return condition;
}
Condition parse_lt(const bson::Element& op, bson::View, MatchParser&) {
  return ordered(Comparison::Operator::kLt, op);
}
Condition parse_lte(const bson::Element& op, bson::View, MatchParser&) {
  return ordered(Comparison::Operator::kLte, op);
}
Condition parse_gt(const bson::Element& op, bson::View, MatchParser&) {
  return ordered(Comparison::Operator::kGt, op);
}
Condition parse_gte(const bson::Element& op, bson::View, MatchParser&) {
  return ordered(Comparison::Operator::kGte, op);
}

}  // namespace quern::query
