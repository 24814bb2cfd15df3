// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/expression_operators.h"

#include <fmt/format.h>

#include <algorithm>

#include "language/operators.h"
#include "quern/base/error.h"

namespace quern::analysis {
namespace {

struct Row {
  std::string_view name;
  Shape shape;
  Yield yield = Yield::kParts;
};

// Sorted by name.
constexpr Row kOperators[] = {
    {"$abs", Shape::kEvaluated},
    {"$acos", Shape::kEvaluated},
    {"$acosh", Shape::kEvaluated},
    {"$add", Shape::kEvaluated},
    {"$allElementsTrue", Shape::kEvaluated},
    {"$and", Shape::kEvaluated},
    {"$anyElementTrue", Shape::kEvaluated},
    {"$arrayElemAt", Shape::kEvaluated, Yield::kFirst},
    {"$arrayToObject", Shape::kEvaluated, Yield::kPairs},
    {"$asin", Shape::kEvaluated},
    {"$asinh", Shape::kEvaluated},
    {"$atan", Shape::kEvaluated},
    {"$atan2", Shape::kEvaluated},
    {"$atanh", Shape::kEvaluated},
    {"$avg", Shape::kEvaluated},
    {"$binarySize", Shape::kEvaluated},
    {"$bitAnd", Shape::kEvaluated},
    {"$bitNot", Shape::kEvaluated},
    {"$bitOr", Shape::kEvaluated},
    {"$bitXor", Shape::kEvaluated},
    {"$bsonSize", Shape::kEvaluated},
    {"$ceil", Shape::kEvaluated},
    {"$cmp", Shape::kEvaluated},
    {"$concat", Shape::kEvaluated},
    {"$concatArrays", Shape::kEvaluated, Yield::kOperands},
    {"$cond", Shape::kCondition},
    {"$const", Shape::kLiteral},
    {"$convert", Shape::kEvaluated},
    {"$cos", Shape::kEvaluated},
    {"$cosh", Shape::kEvaluated},
    {"$dateAdd", Shape::kEvaluated},
    {"$dateDiff", Shape::kEvaluated},
    {"$dateFromParts", Shape::kEvaluated},
    {"$dateFromString", Shape::kEvaluated},
    {"$dateSubtract", Shape::kEvaluated},
    {"$dateToParts", Shape::kEvaluated, Yield::kDocument},
    {"$dateToString", Shape::kEvaluated},
    {"$dateTrunc", Shape::kEvaluated},
    {"$dayOfMonth", Shape::kEvaluated},
    {"$dayOfWeek", Shape::kEvaluated},
    {"$dayOfYear", Shape::kEvaluated},
    {"$degreesToRadians", Shape::kEvaluated},
    {"$divide", Shape::kEvaluated},
    {"$encStrContains", Shape::kText},
    {"$encStrEndsWith", Shape::kText},
    {"$encStrNormalizedEq", Shape::kText},
    {"$encStrStartsWith", Shape::kText},
    {"$eq", Shape::kEquality},
    {"$exp", Shape::kEvaluated},
    {"$filter", Shape::kOverArray},
    {"$first", Shape::kEvaluated, Yield::kOperands},
    {"$firstN", Shape::kEvaluated, Yield::kInput},
    {"$floor", Shape::kEvaluated},
    {"$function", Shape::kEvaluated, Yield::kDocument},
    {"$getField", Shape::kGetField},
    {"$gt", Shape::kOrdering},
    {"$gte", Shape::kOrdering},
    {"$hour", Shape::kEvaluated},
    {"$ifNull", Shape::kIfNull},
    {"$in", Shape::kMembership},
    {"$indexOfArray", Shape::kEvaluated},
    {"$indexOfBytes", Shape::kEvaluated},
    {"$indexOfCP", Shape::kEvaluated},
    {"$isArray", Shape::kEvaluated},
    {"$isNumber", Shape::kEvaluated},
    {"$isoDayOfWeek", Shape::kEvaluated},
    {"$isoWeek", Shape::kEvaluated},
    {"$isoWeekYear", Shape::kEvaluated},
    {"$last", Shape::kEvaluated, Yield::kOperands},
    {"$lastN", Shape::kEvaluated, Yield::kInput},
    {"$let", Shape::kLet},
    {"$literal", Shape::kLiteral},
    {"$ln", Shape::kEvaluated},
    {"$log", Shape::kEvaluated},
    {"$log10", Shape::kEvaluated},
    {"$lt", Shape::kOrdering},
    {"$lte", Shape::kOrdering},
    {"$ltrim", Shape::kEvaluated},
    {"$map", Shape::kOverArray},
    {"$max", Shape::kEvaluated, Yield::kOperands},
    {"$maxN", Shape::kEvaluated, Yield::kInput},
    {"$median", Shape::kEvaluated},
    {"$mergeObjects", Shape::kEvaluated, Yield::kOperands},
    {"$meta", Shape::kMetadata},
    {"$millisecond", Shape::kEvaluated},
    {"$min", Shape::kEvaluated, Yield::kOperands},
    {"$minN", Shape::kEvaluated, Yield::kInput},
    {"$minute", Shape::kEvaluated},
    {"$mod", Shape::kEvaluated},
    {"$month", Shape::kEvaluated},
    {"$multiply", Shape::kEvaluated},
    {"$ne", Shape::kEquality},
    {"$not", Shape::kEvaluated},
    {"$objectToArray", Shape::kEvaluated, Yield::kNames},
    {"$or", Shape::kEvaluated},
    {"$percentile", Shape::kEvaluated},
    {"$pow", Shape::kEvaluated},
    {"$radiansToDegrees", Shape::kEvaluated},
    {"$rand", Shape::kEvaluated},
    {"$range", Shape::kEvaluated},
    {"$reduce", Shape::kOverArray},
    {"$regexFind", Shape::kEvaluated, Yield::kDocument},
    {"$regexFindAll", Shape::kEvaluated, Yield::kDocument},
    {"$regexMatch", Shape::kEvaluated},
    {"$replaceAll", Shape::kEvaluated},
    {"$replaceOne", Shape::kEvaluated},
    {"$reverseArray", Shape::kEvaluated, Yield::kOperands},
    {"$round", Shape::kEvaluated},
    {"$rtrim", Shape::kEvaluated},
    {"$sampleRate", Shape::kEvaluated},
    {"$second", Shape::kEvaluated},
    {"$setDifference", Shape::kEvaluated, Yield::kOperands},
    {"$setEquals", Shape::kEvaluated},
    {"$setField", Shape::kEvaluated, Yield::kMembers},
    {"$setIntersection", Shape::kEvaluated, Yield::kOperands},
    {"$setIsSubset", Shape::kEvaluated},
    {"$setUnion", Shape::kEvaluated, Yield::kOperands},
    {"$sin", Shape::kEvaluated},
    {"$sinh", Shape::kEvaluated},
    {"$size", Shape::kEvaluated},
    {"$slice", Shape::kEvaluated, Yield::kFirst},
    {"$sortArray", Shape::kEvaluated, Yield::kInput},
    {"$split", Shape::kEvaluated},
    {"$sqrt", Shape::kEvaluated},
    {"$stdDevPop", Shape::kEvaluated},
    {"$stdDevSamp", Shape::kEvaluated},
    {"$strLenBytes", Shape::kEvaluated},
    {"$strLenCP", Shape::kEvaluated},
    {"$strcasecmp", Shape::kEvaluated},
    {"$substr", Shape::kEvaluated},
    {"$substrBytes", Shape::kEvaluated},
    {"$substrCP", Shape::kEvaluated},
    {"$subtract", Shape::kEvaluated},
    {"$sum", Shape::kEvaluated},
    {"$switch", Shape::kSwitch},
    {"$tan", Shape::kEvaluated},
    {"$tanh", Shape::kEvaluated},
    {"$toBool", Shape::kEvaluated},
    {"$toDate", Shape::kEvaluated},
    {"$toDecimal", Shape::kEvaluated},
    {"$toDouble", Shape::kEvaluated},
    {"$toHashedIndexKey", Shape::kEvaluated},
    {"$toInt", Shape::kEvaluated},
    {"$toLong", Shape::kEvaluated},
    {"$toLower", Shape::kEvaluated},
    {"$toObjectId", Shape::kEvaluated},
    {"$toString", Shape::kEvaluated},
    {"$toUUID", Shape::kEvaluated},
    {"$toUpper", Shape::kEvaluated},
    {"$trim", Shape::kEvaluated},
    {"$trunc", Shape::kEvaluated},
    {"$tsIncrement", Shape::kEvaluated},
    {"$tsSecond", Shape::kEvaluated},
    {"$type", Shape::kEvaluated},
    {"$unsetField", Shape::kEvaluated, Yield::kMembers},
    {"$week", Shape::kEvaluated},
    {"$year", Shape::kEvaluated},
    {"$zip", Shape::kEvaluated},
};

static_assert(std::ranges::is_sorted(kOperators, {}, &Row::name));
static_assert(language::is_complete(language::kExpressionOperators, kOperators));

const Row& row_of(std::string_view name) {
  const Row* row = std::ranges::lower_bound(kOperators, name, {}, &Row::name);
  if (row == std::end(kOperators) || row->name != name) {
    throw Error(
        ErrorCode::kInvalidPipelineOperator,
        fmt::format("Expression operator '{}' is not understood by automatic encryption", name));
  }
  return *row;
}

}  // namespace

Shape shape_of_operator(std::string_view name) { return row_of(name).shape; }
Yield yield_of_operator(std::string_view name) { return row_of(name).yield; }

std::vector<std::string_view> expression_operator_names() {
  std::vector<std::string_view> names;
  for (const Row& row : kOperators) names.push_back(row.name);
  return names;
}

}  // namespace quern::analysis
