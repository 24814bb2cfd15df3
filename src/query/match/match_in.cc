// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_in.h"

#include <algorithm>
#include <bit>

#include "quern/bson/compare.h"
#include "query/match/match_parser.h"

namespace quern::query {
namespace {

std::uint32_t rank_bit(bson::Type type) { return 1U << bson::canonical_rank(type); }

}  // namespace

In::In(bson::View values, Regexes regexes) {
  for (const bson::Element& member : values) {
    const bool pattern = member.type() == bson::Type::kRegex && regexes == Regexes::kPatterns;
    if (pattern) regexes_.emplace_back(member.value());
    if (member.is_null()) has_null_ = true;
    values_.push_back(member.value());
    ranks_ |= rank_bit(member.type());
  }
  std::sort(values_.begin(), values_.end(),
            [](bson::ValueView a, bson::ValueView b) { return bson::compare(a, b) < 0; });
  values_.erase(
      std::unique(values_.begin(), values_.end(),
                  [](bson::ValueView a, bson::ValueView b) { return bson::compare(a, b) == 0; }),
      values_.end());
  if (values_.size() <= 8) return;
  table_.resize(std::bit_ceil(values_.size() * 2));
  mask_ = table_.size() - 1;
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    std::size_t slot = bson::hash(values_[i]) & mask_;
    while (table_[slot] != 0) slot = (slot + 1) & mask_;
    table_[slot] = i + 1;
  }
}

bool In::contains(bson::ValueView value) const {
  if ((ranks_ & rank_bit(value.type())) == 0) return false;
  if (table_.empty()) {
    for (const bson::ValueView candidate : values_) {
      if (bson::compare(value, candidate) == 0) return true;
    }
    return false;
  }
  for (std::size_t slot = bson::hash(value) & mask_; table_[slot] != 0; slot = (slot + 1) & mask_) {
    if (bson::compare(value, values_[table_[slot] - 1]) == 0) return true;
  }
  return false;
}

bool In::test(bson::ValueView value, MatchState&) const {
  if (value.missing() || value.type() == bson::Type::kUndefined) return has_null_;
  if (contains(value)) return true;
  for (const CompiledRegex& regex : regexes_) {
    if (regex.matches(value)) return true;
  }
  return false;
}

std::optional<Bounds> In::bounds() const {
  Bounds points{{}, true};
  std::vector<Interval> more;  // of values that aren't simply points
  const auto add = [&more](Bounds special) {
    std::move(special.intervals.begin(), special.intervals.end(), std::back_inserter(more));
  };
  for (const bson::ValueView value : values_) {
    if (value.is_null() || value.is_array()) {
      add(equality_bounds(value));
    } else {
      points.intervals.push_back({bson::Value(value), bson::Value(value)});
    }
  }
  if (!regexes_.empty()) add(prefix_bounds(""));
  return more.empty() ? points : unite(std::move(points), {std::move(more), false});
}

Condition parse_in(const bson::Element& op, bson::View, MatchParser&) {
  if (!op.is_array()) bad_value(std::string(op.key()) + " needs an array");
  for (const bson::Element& member : op.as_array()) {
    if (is_operator_document(member.value())) {
      bad_value("cannot nest $ under " + std::string(op.key()));
    }
    if (member.type() == bson::Type::kUndefined) {
      bad_value("InMatchExpression equality cannot be undefined");
    }
  }
  return Condition::of(std::make_unique<In>(op.as_array()));
}

Condition parse_nin(const bson::Element& op, bson::View siblings, MatchParser& parser) {
  Condition condition = parse_in(op, siblings, parser);
  condition.negated = true;
  return condition;
}

}  // namespace quern::query
