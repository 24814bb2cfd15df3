// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $setEquals, $setIntersection, $setUnion, $setDifference, $setIsSubset, $anyElementTrue,
// $allElementsTrue.
#include <algorithm>

#include "quern/base/error.h"
#include "query/expression/expression_builder.h"
#include "query/value/value_set.h"

namespace quern::query {
namespace {

using bson::Type;
bson::View array_or(const Datum& d, std::int32_t code, const char* message) {
  if (d.type() != Type::kArray) {
    throw Error(code, std::string(message) + ", found: " + std::string(bson::alias(d.type())));
  }
  return d.view().as_array();
}
ValueSet set_of(bson::View array) {
  ValueSet set;
  for (const bson::Element& member : array) set.insert(member.value());
  return set;
}

// Sets have no order; results come sorted, so that they are the same every time.
Datum sorted_array(std::vector<bson::ValueView> values, Evaluation& evaluation) {
  std::sort(values.begin(), values.end(),
            [](bson::ValueView a, bson::ValueView b) { return bson::compare(a, b) < 0; });
  Evaluation::Scratch result(evaluation);
  for (const bson::ValueView value : values) result->push(value);
  return result.finish(Type::kArray);
}

Datum set_equals(Operands arguments, Evaluation&) {
  constexpr const char* kNeedsArrays = "All operands of $setEquals must be arrays";
  const ValueSet first = set_of(array_or(arguments[0], 17044, kNeedsArrays));
  for (const Datum& argument : arguments.subspan(1)) {
    const ValueSet other = set_of(array_or(argument, 17044, kNeedsArrays));
    if (other.size() != first.size()) return Datum::of(false);
    for (const bson::ValueView value : other.values()) {
      if (!first.contains(value)) return Datum::of(false);
    }
  }
  return Datum::of(true);
}

Datum set_union(Operands arguments, Evaluation& evaluation) {
  ValueSet all;
  for (const Datum& argument : arguments) {
    for (const bson::Element& member :
         array_or(argument, 17043, "All operands of $setUnion must be arrays")) {
      all.insert(member.value());
    }
  }
  return sorted_array(all.values(), evaluation);
}

Datum set_intersection(Operands arguments, Evaluation& evaluation) {
  constexpr const char* kNeedsArrays = "All operands of $setIntersection must be arrays";
  if (arguments.empty()) return sorted_array({}, evaluation);
  std::vector<bson::ValueView> common =
      set_of(array_or(arguments[0], 17047, kNeedsArrays)).values();
  for (const Datum& argument : arguments.subspan(1)) {
    const ValueSet other = set_of(array_or(argument, 17047, kNeedsArrays));
    std::erase_if(common, [&](bson::ValueView value) { return !other.contains(value); });
  }
  return sorted_array(std::move(common), evaluation);
}

Datum set_difference(Operands a, Evaluation& evaluation) {
  const ValueSet from =
      set_of(array_or(a[0], 17048, "both operands of $setDifference must be arrays"));
  const ValueSet without =
      set_of(array_or(a[1], 17049, "both operands of $setDifference must be arrays"));
  Evaluation::Scratch result(evaluation);
  for (const bson::ValueView value : from.values()) {
    if (!without.contains(value)) result->push(value);
  }
  return result.finish(Type::kArray);
}

Datum set_is_subset(Operands a, Evaluation&) {
  const bson::View inner = array_or(a[0], 17046, "both operands of $setIsSubset must be arrays");
  const ValueSet outer =
      set_of(array_or(a[1], 17042, "both operands of $setIsSubset must be arrays"));
  for (const bson::Element& member : inner) {
    if (!outer.contains(member.value())) return Datum::of(false);
  }
  return Datum::of(true);
}

Datum any_true(Operands a, Evaluation&) {
  for (const bson::Element& member :
       array_or(a[0], 17041, "$anyElementTrue's argument must be an array")) {
    if (member.truthy()) return Datum::of(true);
  }
  return Datum::of(false);
}
Datum all_true(Operands a, Evaluation&) {
  for (const bson::Element& member :
       array_or(a[0], 17040, "$allElementsTrue's argument must be an array")) {
    if (!member.truthy()) return Datum::of(false);
  }
  return Datum::of(true);
}

constexpr FunctionOperator kFunctions[] = {
    {"$setEquals", set_equals},
    {"$setUnion", set_union, Nulls::kGiveNull},
    {"$setIntersection", set_intersection, Nulls::kGiveNull},
    {"$setDifference", set_difference, Nulls::kGiveNull},
    {"$setIsSubset", set_is_subset},
    {"$anyElementTrue", any_true},
    {"$allElementsTrue", all_true},
};

}  // namespace

OperatorFamily set_operators() { return {kFunctions, {}}; }

}  // namespace quern::query
