// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The operators of the query language, by name. Who analyses them and who evaluates them have a
// table each, and each table has a row for every name here and for no other, be it one that refuses
// the operator: is_complete() makes that a condition of compiling. So none can be known to one side
// only. Stages are in language/stage.h, operators of expressions in
// language/expression_operators.h, accumulators in language/accumulators.h.
#ifndef QUERN_LANGUAGE_OPERATORS_H_
#define QUERN_LANGUAGE_OPERATORS_H_

#include <algorithm>
#include <iterator>
#include <string_view>

namespace quern::language {

// In place of a field in a filter.
inline constexpr std::string_view kFilterOperators[] = {
    "$alwaysFalse", "$alwaysTrue", "$and",        "$comment", "$expr",  "$jsonSchema",
    "$nor",         "$or",         "$sampleRate", "$text",    "$where",
};

// Of a field in a filter.
inline constexpr std::string_view kFieldOperators[] = {
    "$all",     "$bitsAllClear", "$bitsAllSet",  "$bitsAnyClear", "$bitsAnySet",
    "$comment", "$elemMatch",    "$eq",          "$exists",       "$geoIntersects",
    "$geoNear", "$geoWithin",    "$gt",          "$gte",          "$in",
    "$lt",      "$lte",          "$maxDistance", "$minDistance",  "$mod",
    "$ne",      "$near",         "$nearSphere",  "$nin",          "$not",
    "$options", "$regex",        "$size",        "$type",         "$within",
};

// Of an update.
inline constexpr std::string_view kUpdateOperators[] = {
    "$addToSet", "$bit",     "$currentDate", "$inc",    "$max", "$min",         "$mul",   "$pop",
    "$pull",     "$pullAll", "$push",        "$rename", "$set", "$setOnInsert", "$unset",
};

// Whether rows, each with a name, are all of names, each once.
template <class Names, class Rows>
constexpr bool is_complete(const Names& names, const Rows& rows) {
  if (std::size(rows) != std::size(names)) return false;
  return std::ranges::all_of(names, [&](std::string_view name) {
    return std::ranges::count_if(rows, [&](const auto& row) { return row.name == name; }) == 1;
  });
}

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_OPERATORS_H_
