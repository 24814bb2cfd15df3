// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The operators of aggregation expressions: a row each, with the arguments that it takes. Who
// evaluates them and who analyses them have a table each beside this one, row for row, and neither
// looks at how arguments are written.
#ifndef QUERN_LANGUAGE_EXPRESSION_OPERATORS_H_
#define QUERN_LANGUAGE_EXPRESSION_OPERATORS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "quern/base/error.h"

namespace quern::language {

// What stands under the name of an argument.
enum class Reading : std::uint8_t {
  kExpression,
  kFlag,       // true or false
  kOrder,      // 1, -1 or a document of them
  kSort,       // a document of paths with 1, -1 or {$meta: …}
  kVariable,   // the name of a variable
  kVariables,  // a document of variables with the expressions of their values
  kList,       // an array of expressions
  kBranches,   // an array of {case: expression, then: expression}
};

inline constexpr std::int32_t kOptional = 0;
inline constexpr auto kBadValue = static_cast<std::int32_t>(ErrorCode::kBadValue);

struct Parameter {
  std::string_view name;
  std::int32_t missing = kOptional;  // the code when it is not there
  Reading reading = Reading::kExpression;
  std::int32_t wrong_type = kBadValue;  // the code for a value that cannot be read so
};

enum class Arguments : std::uint8_t {
  kList,         // [a, b], or a alone
  kNamed,        // {name: a, other: b}
  kNamedOrList,  // either: a document is of names unless it is an expression
  kNamedOrOne,   // the same, with a single expression in place of a list
  kKeyword,      // a word, taken as it stands
  kConstant,     // a value, taken as it stands: the expression is that constant
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

struct ExpressionOperator {
  std::string_view name;
  Arguments arguments;
  // Of a list: how many.
  std::size_t min = 0;
  std::size_t max = 0;
  // Of names: which, and the codes for what is no document and for a name that is none of them.
  std::span<const Parameter> parameters = {};
  std::int32_t not_named = kBadValue;
  std::int32_t unknown = kBadValue;
};

constexpr ExpressionOperator takes(std::string_view name, std::size_t min, std::size_t max) {
  return {name, Arguments::kList, min, max};
}
constexpr ExpressionOperator takes(std::string_view name, std::size_t count) {
  return takes(name, count, count);
}
constexpr ExpressionOperator takes_any(std::string_view name) { return takes(name, 0, kAnyNumber); }
constexpr ExpressionOperator takes_constant(std::string_view name) {
  return {name, Arguments::kConstant};
}
constexpr ExpressionOperator takes_named(std::string_view name,
                                         std::span<const Parameter> parameters,
                                         std::int32_t not_named, std::int32_t unknown) {
  return {name, Arguments::kNamed, 0, 0, parameters, not_named, unknown};
}

namespace parameters {

inline constexpr auto kFailedToParse = static_cast<std::int32_t>(ErrorCode::kFailedToParse);

inline constexpr Parameter kCond[] = {{"if", 17080}, {"then", 17081}, {"else", 17082}};
inline constexpr Parameter kConvert[] = {{"input", kFailedToParse},
                                         {"to", kFailedToParse},
                                         {"onError"},
                                         {"onNull"},
                                         {"format"},
                                         {"byteOrder"}};
inline constexpr Parameter kDateAdd[] = {
    {"startDate", 5166402}, {"unit", 5166402}, {"amount", 5166402}, {"timezone"}};
inline constexpr Parameter kDateDiff[] = {
    {"startDate", 5166303}, {"endDate", 5166304}, {"unit", 5166305}, {"timezone"}, {"startOfWeek"}};
// A year, or the year of a week.
inline constexpr Parameter kDateFromParts[] = {
    {"year"},        {"month"},    {"day"},         {"hour"},    {"minute"},      {"second"},
    {"millisecond"}, {"timezone"}, {"isoWeekYear"}, {"isoWeek"}, {"isoDayOfWeek"}};
inline constexpr Parameter kDateFromString[] = {
    {"dateString", 40542}, {"format"}, {"timezone"}, {"onError"}, {"onNull"}};
inline constexpr Parameter kDatePart[] = {{"date", 40539}, {"timezone"}};
inline constexpr Parameter kDateToParts[] = {{"date", 40522}, {"timezone"}, {"iso8601"}};
inline constexpr Parameter kDateToString[] = {
    {"date", 18628}, {"format"}, {"timezone"}, {"onNull"}};
inline constexpr Parameter kDateTrunc[] = {
    {"date", 5439009}, {"unit", 5439010}, {"binSize"}, {"timezone"}, {"startOfWeek"}};
inline constexpr Parameter kFilter[] = {
    {"input", 28648}, {"as", kOptional, Reading::kVariable}, {"cond", 28650}, {"limit"}};
inline constexpr Parameter kFunction[] = {{"body", 4660900}, {"args", 4660900}, {"lang", 4660900}};
inline constexpr Parameter kGetField[] = {{"field", 3041702}, {"input", 3041703}};
inline constexpr Parameter kLet[] = {{"vars", 16876, Reading::kVariables}, {"in", 16877}};
inline constexpr Parameter kMap[] = {
    {"input", 16880}, {"as", kOptional, Reading::kVariable}, {"in", 16882}};
inline constexpr Parameter kMedian[] = {{"input", 40414}, {"method", 40414}};
inline constexpr Parameter kPercentile[] = {{"input", 40414}, {"p", 40414}, {"method", 40414}};
inline constexpr Parameter kReduce[] = {{"input", 40077}, {"initialValue", 40078}, {"in", 40079}};
inline constexpr Parameter kRegex[] = {{"input", 31022}, {"regex", 31023}, {"options"}};
inline constexpr Parameter kReplace[] = {{"input", 51749}, {"find", 51748}, {"replacement", 51747}};
inline constexpr Parameter kSetField[] = {
    {"field", 4161102}, {"input", 4161109}, {"value", 4161103}};
inline constexpr Parameter kSome[] = {{"n", 5787906}, {"input", 5787907}};
inline constexpr Parameter kSortArray[] = {{"input", 2942502},
                                           {"sortBy", 2942503, Reading::kOrder, 2942506}};
inline constexpr Parameter kSwitch[] = {{"branches", 40068, Reading::kBranches, 40061},
                                        {"default"}};
inline constexpr Parameter kSwitchBranch[] = {{"case", 40064}, {"then", 40065}};
inline constexpr Parameter kTextContains[] = {{"input", 40414}, {"substring", 40414}};
inline constexpr Parameter kTextEnds[] = {{"input", 40414}, {"suffix", 40414}};
inline constexpr Parameter kTextEquals[] = {{"input", 40414}, {"string", 40414}};
inline constexpr Parameter kTextStarts[] = {{"input", 40414}, {"prefix", 40414}};
inline constexpr Parameter kTrim[] = {{"input", 50695}, {"chars"}};
inline constexpr Parameter kUnsetField[] = {{"field", 4161102}, {"input", 4161109}};
inline constexpr Parameter kZip[] = {{"inputs", 34465, Reading::kList, 34461},
                                     {"defaults", kOptional, Reading::kList, 34462},
                                     {"useLongestLength", kOptional, Reading::kFlag, 34463}};

}  // namespace parameters

// A date alone, or with a time zone.
constexpr ExpressionOperator takes_date(std::string_view name) {
  return {name, Arguments::kNamedOrList, 1, 1, parameters::kDatePart, 40535, 40535};
}

// Sorted by name.
inline constexpr ExpressionOperator kExpressionOperators[] = {
    takes("$abs", 1),
    takes("$acos", 1),
    takes("$acosh", 1),
    takes_any("$add"),
    takes("$allElementsTrue", 1),
    takes_any("$and"),
    takes("$anyElementTrue", 1),
    takes("$arrayElemAt", 2),
    takes("$arrayToObject", 1),
    takes("$asin", 1),
    takes("$asinh", 1),
    takes("$atan", 1),
    takes("$atan2", 2),
    takes("$atanh", 1),
    takes_any("$avg"),
    takes("$binarySize", 1),
    takes_any("$bitAnd"),
    takes("$bitNot", 1),
    takes_any("$bitOr"),
    takes_any("$bitXor"),
    takes("$bsonSize", 1),
    takes("$ceil", 1),
    takes("$cmp", 2),
    takes_any("$concat"),
    takes_any("$concatArrays"),
    {"$cond", Arguments::kNamedOrList, 3, 3, parameters::kCond, 16866, 17083},
    takes_constant("$const"),
    takes_named("$convert", parameters::kConvert, parameters::kFailedToParse,
                parameters::kFailedToParse),
    takes("$cos", 1),
    takes("$cosh", 1),
    takes_named("$dateAdd", parameters::kDateAdd, 5166400, 5166401),
    takes_named("$dateDiff", parameters::kDateDiff, 5166301, 5166302),
    takes_named("$dateFromParts", parameters::kDateFromParts, 40519, 40518),
    takes_named("$dateFromString", parameters::kDateFromString, 40540, 40541),
    takes_named("$dateSubtract", parameters::kDateAdd, 5166400, 5166401),
    takes_named("$dateToParts", parameters::kDateToParts, 40524, 40520),
    takes_named("$dateToString", parameters::kDateToString, 18629, 18534),
    takes_named("$dateTrunc", parameters::kDateTrunc, 5439007, 5439008),
    takes_date("$dayOfMonth"),
    takes_date("$dayOfWeek"),
    takes_date("$dayOfYear"),
    takes("$degreesToRadians", 1),
    takes("$divide", 2),
    takes_named("$encStrContains", parameters::kTextContains, 40414, 40415),
    takes_named("$encStrEndsWith", parameters::kTextEnds, 40414, 40415),
    takes_named("$encStrNormalizedEq", parameters::kTextEquals, 40414, 40415),
    takes_named("$encStrStartsWith", parameters::kTextStarts, 40414, 40415),
    takes("$eq", 2),
    takes("$exp", 1),
    takes_named("$filter", parameters::kFilter, 28646, 28647),
    takes("$first", 1),
    takes_named("$firstN", parameters::kSome, 5787801, 5787901),
    takes("$floor", 1),
    takes_named("$function", parameters::kFunction, 4660900, 4660900),
    {"$getField", Arguments::kNamedOrOne, 1, 1, parameters::kGetField, 3041701, 3041701},
    takes("$gt", 2),
    takes("$gte", 2),
    takes_date("$hour"),
    takes("$ifNull", 2, kAnyNumber),
    takes("$in", 2),
    takes("$indexOfArray", 2, 4),
    takes("$indexOfBytes", 2, 4),
    takes("$indexOfCP", 2, 4),
    takes("$isArray", 1),
    takes("$isNumber", 1),
    takes_date("$isoDayOfWeek"),
    takes_date("$isoWeek"),
    takes_date("$isoWeekYear"),
    takes("$last", 1),
    takes_named("$lastN", parameters::kSome, 5787801, 5787901),
    takes_named("$let", parameters::kLet, 16874, 16875),
    takes_constant("$literal"),
    takes("$ln", 1),
    takes("$log", 2),
    takes("$log10", 1),
    takes("$lt", 2),
    takes("$lte", 2),
    takes_named("$ltrim", parameters::kTrim, 50696, 50694),
    takes_named("$map", parameters::kMap, 16878, 16879),
    takes_any("$max"),
    takes_named("$maxN", parameters::kSome, 5787801, 5787901),
    takes_named("$median", parameters::kMedian, 40414, 40415),
    takes_any("$mergeObjects"),
    {"$meta", Arguments::kKeyword},
    takes_date("$millisecond"),
    takes_any("$min"),
    takes_named("$minN", parameters::kSome, 5787801, 5787901),
    takes_date("$minute"),
    takes("$mod", 2),
    takes_date("$month"),
    takes_any("$multiply"),
    takes("$ne", 2),
    takes("$not", 1),
    takes("$objectToArray", 1),
    takes_any("$or"),
    takes_named("$percentile", parameters::kPercentile, 40414, 40415),
    takes("$pow", 2),
    takes("$radiansToDegrees", 1),
    takes("$rand", 0),
    takes("$range", 2, 3),
    takes_named("$reduce", parameters::kReduce, 40075, 40076),
    takes_named("$regexFind", parameters::kRegex, 51103, 31024),
    takes_named("$regexFindAll", parameters::kRegex, 51103, 31024),
    takes_named("$regexMatch", parameters::kRegex, 51103, 31024),
    takes_named("$replaceAll", parameters::kReplace, 51751, 51750),
    takes_named("$replaceOne", parameters::kReplace, 51751, 51750),
    takes("$reverseArray", 1),
    takes("$round", 1, 2),
    takes_named("$rtrim", parameters::kTrim, 50696, 50694),
    takes("$sampleRate", 1),
    takes_date("$second"),
    takes("$setDifference", 2),
    takes("$setEquals", 2, kAnyNumber),
    takes_named("$setField", parameters::kSetField, 4161100, 4161101),
    takes_any("$setIntersection"),
    takes("$setIsSubset", 2),
    takes_any("$setUnion"),
    takes("$sin", 1),
    takes("$sinh", 1),
    takes("$size", 1),
    takes("$slice", 2, 3),
    takes_named("$sortArray", parameters::kSortArray, 2942500, 2942501),
    takes("$split", 2),
    takes("$sqrt", 1),
    takes_any("$stdDevPop"),
    takes_any("$stdDevSamp"),
    takes("$strLenBytes", 1),
    takes("$strLenCP", 1),
    takes("$strcasecmp", 2),
    takes("$substr", 3),
    takes("$substrBytes", 3),
    takes("$substrCP", 3),
    takes("$subtract", 2),
    takes_any("$sum"),
    takes_named("$switch", parameters::kSwitch, 40060, 40067),
    takes("$tan", 1),
    takes("$tanh", 1),
    takes("$toBool", 1),
    takes("$toDate", 1),
    takes("$toDecimal", 1),
    takes("$toDouble", 1),
    takes("$toHashedIndexKey", 1),
    takes("$toInt", 1),
    takes("$toLong", 1),
    takes("$toLower", 1),
    takes("$toObjectId", 1),
    takes("$toString", 1),
    takes("$toUUID", 1),
    takes("$toUpper", 1),
    takes_named("$trim", parameters::kTrim, 50696, 50694),
    takes("$trunc", 1, 2),
    takes("$tsIncrement", 1),
    takes("$tsSecond", 1),
    takes("$type", 1),
    takes_named("$unsetField", parameters::kUnsetField, 4161100, 4161101),
    takes_date("$week"),
    takes_date("$year"),
    takes_named("$zip", parameters::kZip, 34460, 34464),
};

inline constexpr std::size_t kExpressionOperatorCount = std::size(kExpressionOperators);

// The row of an operator; null for a name that is none.
const ExpressionOperator* expression_operator(std::string_view name);
// Its position among the rows.
inline std::size_t position(const ExpressionOperator& op) {
  return static_cast<std::size_t>(&op - kExpressionOperators);
}

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_EXPRESSION_OPERATORS_H_
