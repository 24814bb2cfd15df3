// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/conjunction.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/bson/compare.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;
using schema::EncryptedField;
using schema::Interval;
using schema::OrderOperator;

bool is_lower(OrderOperator op) {
  return op == OrderOperator::kGreater || op == OrderOperator::kGreaterOrEqual;
}

void add_bound(Interval& interval, OrderOperator op, bson::ValueView bound) {
  const bool included = op == OrderOperator::kGreaterOrEqual || op == OrderOperator::kLessOrEqual;
  (is_lower(op) ? interval.lower : interval.upper) = {bound, included};
  (interval.first == OrderOperator::kNone ? interval.first : interval.second) = op;
}

bool is_empty(const Interval& interval) {
  const auto order = bson::compare(interval.lower.value, interval.upper.value);
  return order > 0 || (order == 0 && !(interval.lower.included && interval.upper.included));
}

}  // namespace

bool is_operator_document(bson::ValueView value) {
  if (!value.is_document()) return false;
  const std::string_view key = value.as_document().front().key();
  return key.starts_with('$') && key != "$ref" && key != "$id" && key != "$db";
}

OrderOperator order_operator(std::string_view name) {
  if (name == "$gt") return OrderOperator::kGreater;
  if (name == "$gte") return OrderOperator::kGreaterOrEqual;
  if (name == "$lt") return OrderOperator::kLess;
  if (name == "$lte") return OrderOperator::kLessOrEqual;
  return OrderOperator::kNone;
}

bool is_ordered(const EncryptedField& field) {
  return field.query_answering(schema::kAnswersOrder) != nullptr &&
         field.unsupported_query() == nullptr;
}

void Conjunction::collect(View filter) {
  for (const Element& element : filter) {
    if (element.key() == "$and" && element.is_array()) {
      for (const Element& branch : element.as_array()) {
        if (branch.is_document()) collect(branch.as_document());
      }
    } else if (!element.key().starts_with('$') && is_operator_document(element)) {
      const EncryptionTree::Target target = tree_->resolve(element.key());
      if (target.kind != EncryptionTree::Target::Kind::kEncrypted) continue;
      collect(target.node->field(), element.as_document());
    }
  }
}

void Conjunction::collect(const EncryptedField& field, View operators) {
  for (const Element& element : operators) {
    const OrderOperator op = order_operator(element.key());
    if (op != OrderOperator::kNone) conditions_.push_back({&field, op, element.value()});
  }
}

void Conjunction::pair() {
  for (auto at = conditions_.begin(); at != conditions_.end(); ++at) {
    if (at->is_second) continue;  // has found its interval
    at->interval = intervals_.size();
    Interval& interval = intervals_.emplace_back();
    add_bound(interval, at->op, at->bound);
    const auto of_field = [&](const FieldBound& other) { return other.field == at->field; };
    const auto other = std::find_if(at + 1, conditions_.end(), of_field);
    if (other == conditions_.end() || is_lower(other->op) == is_lower(at->op) ||
        std::ranges::count_if(conditions_, of_field) != 2) {
      continue;
    }
    Interval both = interval;
    add_bound(both, other->op, other->bound);
    if (is_empty(both)) continue;
    interval = both;
    other->interval = at->interval;
    other->is_second = true;
  }
}

Conjunction::Place Conjunction::place_of(const Element& condition) {
  if (!collected_) {
    collected_ = true;
    if (field_ != nullptr) {
      collect(*field_, root_);
    } else {
      collect(root_);
    }
    pair();
  }
  // The same bytes, not the same value.
  const auto at =
      std::ranges::find(conditions_, condition.value().bytes().data(),
                        [](const FieldBound& each) { return each.bound.bytes().data(); });
  if (at == conditions_.end()) {
    throw Error(ErrorCode::kInternalError, "a condition that is not of this conjunction");
  }
  return {&intervals_[at->interval], at->is_second};
}

}  // namespace quern::analysis
