// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The accumulators of $group and of the output of buckets: a row each, of the kind that the
// operators of expressions have. Who evaluates them and who analyses them have a table each beside
// this one, row for row, and neither looks at how arguments are written.
#ifndef QUERN_LANGUAGE_ACCUMULATORS_H_
#define QUERN_LANGUAGE_ACCUMULATORS_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "language/expression_operators.h"

namespace quern::language {

namespace parameters {

inline constexpr Parameter kAccumulator[] = {
    {"init", kBadValue},  {"accumulate", kBadValue}, {"accumulateArgs", kBadValue},
    {"merge", kBadValue}, {"lang", kBadValue},       {"initArgs"},
    {"finalize"}};
inline constexpr Parameter kTop[] = {{"output", 5788004},
                                     {"sortBy", 5788005, Reading::kSort, 5788604}};
inline constexpr Parameter kTopN[] = {
    {"n", 5788003}, {"output", 5788004}, {"sortBy", 5788005, Reading::kSort, 5788604}};

}  // namespace parameters

constexpr ExpressionOperator accumulates_some(std::string_view name) {
  return takes_named(name, parameters::kSome, 5787801, 5787901);
}
constexpr ExpressionOperator accumulates_top(std::string_view name,
                                             std::span<const Parameter> parameters) {
  return takes_named(name, parameters, 5788001, 5788002);
}

// Sorted by name.
inline constexpr ExpressionOperator kAccumulators[] = {
    takes_named("$accumulator", parameters::kAccumulator, kBadValue, kBadValue),
    takes("$addToSet", 1),
    takes("$avg", 1),
    accumulates_top("$bottom", parameters::kTop),
    accumulates_top("$bottomN", parameters::kTopN),
    takes("$count", 0),
    takes("$first", 1),
    accumulates_some("$firstN"),
    takes("$last", 1),
    accumulates_some("$lastN"),
    takes("$max", 1),
    accumulates_some("$maxN"),
    takes_named("$median", parameters::kMedian, 40414, 40415),
    takes("$mergeObjects", 1),
    takes("$min", 1),
    accumulates_some("$minN"),
    takes_named("$percentile", parameters::kPercentile, 40414, 40415),
    takes("$push", 1),
    takes("$stdDevPop", 1),
    takes("$stdDevSamp", 1),
    takes("$sum", 1),
    accumulates_top("$top", parameters::kTop),
    accumulates_top("$topN", parameters::kTopN),
};

// Whether rows, each with a name, stand beside the accumulators one for one.
template <class Rows>
constexpr bool stand_beside_accumulators(const Rows& rows) {
  return std::ranges::equal(
      rows, kAccumulators, {}, [](const auto& row) { return row.name; }, &ExpressionOperator::name);
}

// The row of an accumulator; null for a name that is none.
const ExpressionOperator* accumulator(std::string_view name);
// Its position among the rows.
inline std::size_t accumulator_position(const ExpressionOperator& op) {
  return static_cast<std::size_t>(&op - kAccumulators);
}

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_ACCUMULATORS_H_
