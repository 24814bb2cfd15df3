// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $type, $isNumber, $convert, $toBool, $toDate, $toDecimal, $toDouble, $toInt, $toLong,
// $toObjectId, $toString.
#include "quern/base/error.h"
#include "query/expression/convert.h"
#include "query/expression/expression_parser.h"

namespace quern::query {
namespace {

using bson::Type;
Datum type(Operands a, Evaluation& evaluation) {
  return evaluation.string(bson::alias(a[0].type()));
}
Datum is_number(Operands a, Evaluation&) { return Datum::of(a[0].is_number()); }

template <Type to>
Datum to_type(Operands a, Evaluation& evaluation) {
  return convert(a[0], to, evaluation);
}

Type target_type(const Datum& to) {
  std::optional<Type> type;
  if (to.type() == Type::kString) {
    type = bson::type_from_alias(to.view().as_string());
  } else if (const auto code = to.view().whole_number()) {
    if (*code > 0 && *code < 128 && bson::is_valid_type(static_cast<std::uint8_t>(*code))) {
      type = static_cast<Type>(*code);
    }
  } else {
    throw Error(ErrorCode::kFailedToParse,
                "$convert's 'to' argument must be a string or number, but is " +
                    std::string(bson::alias(to.type())));
  }
  if (!type || *type == Type::kEnd) {
    throw Error(ErrorCode::kBadValue, "Unknown type in $convert's 'to' argument");
  }
  return *type;
}

class Convert : public ExpressionNode {
 public:
  ExpressionPtr input;
  ExpressionPtr to;
  ExpressionPtr on_error;
  ExpressionPtr on_null;

  Datum evaluate(Evaluation& evaluation) const override {
    const Datum target = to->evaluate(evaluation);
    const Datum value = input->evaluate(evaluation);
    if (value.nullish()) return on_null != nullptr ? on_null->evaluate(evaluation) : Datum::null();
    if (target.nullish()) return Datum::null();
    const Type type = target_type(target);
    if (on_error == nullptr) return convert(value, type, evaluation);
    try {
      return convert(value, type, evaluation);
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kConversionFailure)) throw;
    }
    return on_error->evaluate(evaluation);
  }
};

ExpressionPtr parse_convert(const bson::Element& op, ExpressionParser& parser) {
  constexpr auto kFailedToParse = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
  const ExpressionParser::Named named(op, {"input", "to", "onError", "onNull"}, kFailedToParse,
                                      kFailedToParse);
  auto node = std::make_unique<Convert>();
  node->input = parser.parse(named.required("input", kFailedToParse));
  node->to = parser.parse(named.required("to", kFailedToParse));
  if (const bson::Value* constant = node->to->constant()) {
    const Datum target = constant->view();
    if (!target.nullish()) target_type(target);  // an unknown type is an error of the query
  }
  node->on_error = parser.parse_optional(named.optional("onError"));
  node->on_null = parser.parse_optional(named.optional("onNull"));
  return node;
}

constexpr FunctionOperator kFunctions[] = {
    {"$type", 1, 1, type},
    {"$isNumber", 1, 1, is_number},
    {"$toBool", 1, 1, to_type<Type::kBool>, Nulls::kGiveNull},
    {"$toDate", 1, 1, to_type<Type::kDate>, Nulls::kGiveNull},
    {"$toDecimal", 1, 1, to_type<Type::kDecimal128>, Nulls::kGiveNull},
    {"$toDouble", 1, 1, to_type<Type::kDouble>, Nulls::kGiveNull},
    {"$toInt", 1, 1, to_type<Type::kInt32>, Nulls::kGiveNull},
    {"$toLong", 1, 1, to_type<Type::kInt64>, Nulls::kGiveNull},
    {"$toObjectId", 1, 1, to_type<Type::kObjectId>, Nulls::kGiveNull},
    {"$toString", 1, 1, to_type<Type::kString>, Nulls::kGiveNull},
};
constexpr SyntaxOperator kSyntax[] = {{"$convert", parse_convert}};

}  // namespace

OperatorFamily type_operators() { return {kFunctions, kSyntax}; }

}  // namespace quern::query
