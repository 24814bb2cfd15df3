// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $bitAnd, $bitOr, $bitXor, $bitNot: of int32 and int64.
#include "quern/base/error.h"
#include "query/expression/expression_builder.h"

namespace quern::query {
namespace {

using bson::Type;
std::int64_t integer_or(const Datum& d, const char* name) {
  if (d.type() != Type::kInt32 && d.type() != Type::kInt64) {
    throw Error(ErrorCode::kTypeMismatch, std::string(name) +
                                              " only supports int and long operands, found: " +
                                              std::string(bson::alias(d.type())));
  }
  return *d.view().whole_number();
}

template <class Operation>
Datum fold(Operands arguments, const char* name, std::int64_t start, Operation operation) {
  bool wide = false;
  std::int64_t result = start;
  for (const Datum& argument : arguments) {
    result = operation(result, integer_or(argument, name));
    wide |= argument.type() == Type::kInt64;
  }
  return wide ? Datum::of(result) : Datum::of(static_cast<std::int32_t>(result));
}

Datum bit_and(Operands a, Evaluation&) {
  return fold(a, "$bitAnd", -1, [](std::int64_t x, std::int64_t y) { return x & y; });
}
Datum bit_or(Operands a, Evaluation&) {
  return fold(a, "$bitOr", 0, [](std::int64_t x, std::int64_t y) { return x | y; });
}
Datum bit_xor(Operands a, Evaluation&) {
  return fold(a, "$bitXor", 0, [](std::int64_t x, std::int64_t y) { return x ^ y; });
}
Datum bit_not(Operands a, Evaluation&) {
  const std::int64_t result = ~integer_or(a[0], "$bitNot");
  return a[0].type() == Type::kInt64 ? Datum::of(result)
                                     : Datum::of(static_cast<std::int32_t>(result));
}

constexpr FunctionOperator kFunctions[] = {
    {"$bitAnd", bit_and, Nulls::kGiveNull},
    {"$bitOr", bit_or, Nulls::kGiveNull},
    {"$bitXor", bit_xor, Nulls::kGiveNull},
    {"$bitNot", bit_not, Nulls::kGiveNull},
};

}  // namespace

OperatorFamily bitwise_operators() { return {kFunctions, {}}; }

}  // namespace quern::query
