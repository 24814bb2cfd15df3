// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/json_schema.h"

#include <algorithm>

#include "quern/bson/compare.h"
#include "query/value/arithmetic.h"
#include "query/value/decimal_math.h"
#include "query/value/numbers.h"
#include "query/value/path_walk.h"
#include "query/value/text.h"
#include "query/value/value_set.h"

namespace quern::query {
namespace {

bool within(std::size_t size, const std::optional<std::int64_t>& least,
            const std::optional<std::int64_t>& most) {
  const auto n = static_cast<std::int64_t>(size);
  return (!least || n >= *least) && (!most || n <= *most);
}

// In decimals, so that 0.3 is three times 0.1.
bool is_multiple(bson::ValueView value, bson::ValueView of) {
  const auto whole = value.whole_number();
  const auto divisor = of.whole_number();
  if (whole && divisor) return *divisor == -1 || *whole % *divisor == 0;
  return decimal::is_zero(decimal::modulo(as_decimal(value), as_decimal(of)));
}

// As $lt and $lte, $gt and $gte do: NaN is neither below nor above anything, and equal to NaN.
bool meets(bson::ValueView value, bson::ValueView bound, bool upper, bool exclusive) {
  if (is_nan(value) || is_nan(bound)) return is_nan(value) && is_nan(bound) && !exclusive;
  const auto order = bson::compare(value, bound);
  if (order == 0) return !exclusive;
  return upper ? order < 0 : order > 0;
}

}  // namespace

bool JsonSchema::accepts(bson::ValueView value) const {
  if (types_ && !types_->contains(value.type())) return false;
  if (has_enum_ && std::none_of(enum_.begin(), enum_.end(), [&](bson::ValueView candidate) {
        return bson::compare(candidate, value) == 0;
      })) {
    return false;
  }
  if (value.is_number() && !accepts_number(value)) return false;
  if (value.is_string() && !accepts_string(value.as_string())) return false;
  if (value.is_array() && !accepts_array(value.as_array())) return false;
  if (value.is_document() && !accepts_object(value.as_document())) return false;
  return accepts_combinations(value);
}

bool JsonSchema::accepts_number(bson::ValueView value) const {
  if (minimum_ && !meets(value, minimum_, /*upper=*/false, exclusive_minimum_)) return false;
  if (maximum_ && !meets(value, maximum_, /*upper=*/true, exclusive_maximum_)) return false;
  return multiple_of_.missing() || is_multiple(value, multiple_of_);
}

bool JsonSchema::accepts_string(std::string_view text) const {
  if ((min_length_ || max_length_) && !within(code_point_count(text), min_length_, max_length_)) {
    return false;
  }
  return !pattern_ || pattern_->search(text);
}

bool JsonSchema::accepts_array(bson::View array) const {
  if ((min_items_ || max_items_) && !within(array.count(), min_items_, max_items_)) return false;
  ValueSet seen;
  std::size_t i = 0;
  for (const bson::Element& item : array) {
    if (unique_items_ && !seen.insert(item.value())) return false;
    if (items_ != nullptr && !items_->accepts(item.value())) return false;
    if (i < tuple_.size()) {
      if (!tuple_[i]->accepts(item.value())) return false;
    } else if (!tuple_.empty()) {
      if (no_additional_items_) return false;
      if (additional_items_ != nullptr && !additional_items_->accepts(item.value())) return false;
    }
    ++i;
  }
  return true;
}

bool JsonSchema::accepts_object(bson::View object) const {
  if ((min_properties_ || max_properties_) &&
      !within(object.count(), min_properties_, max_properties_)) {
    return false;
  }
  for (const std::string& name : required_) {
    if (!find_field(object, name)) return false;
  }
  for (const auto& [name, others] : required_with_) {
    if (!find_field(object, name)) continue;
    for (const std::string& other : others) {
      if (!find_field(object, other)) return false;
    }
  }
  for (const auto& [name, schema] : schema_with_) {
    if (find_field(object, name) && !schema->accepts(object.as_value())) return false;
  }
  for (const bson::Element& property : object) {
    bool named = false;
    for (const auto& [name, schema] : properties_) {
      if (name != property.key()) continue;
      named = true;
      if (!schema->accepts(property.value())) return false;
    }
    for (const auto& [pattern, schema] : pattern_properties_) {
      if (!pattern.search(property.key())) continue;
      named = true;
      if (!schema->accepts(property.value())) return false;
    }
    if (named) continue;
    if (no_additional_properties_) return false;
    if (additional_properties_ != nullptr && !additional_properties_->accepts(property.value())) {
      return false;
    }
  }
  return true;
}

bool JsonSchema::accepts_combinations(bson::ValueView value) const {
  const auto accepted = [value](const Ptr& schema) { return schema->accepts(value); };
  if (!std::all_of(all_of_.begin(), all_of_.end(), accepted)) return false;
  if (!any_of_.empty() && std::none_of(any_of_.begin(), any_of_.end(), accepted)) return false;
  if (!one_of_.empty() && std::count_if(one_of_.begin(), one_of_.end(), accepted) != 1)
    return false;
  return not_ == nullptr || !not_->accepts(value);
}

}  // namespace quern::query
