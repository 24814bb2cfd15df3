// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $type, $isNumber, $convert, $toBool, $toDate, $toDecimal, $toDouble, $toInt, $toLong,
// $toObjectId, $toString.
#include "quern/base/error.h"
#include "query/expression/convert.h"
#include "query/expression/expression_builder.h"

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

ExpressionPtr conversion(const language::Call& call, ExpressionBuilder& builder) {
  if (!call[4].absent() || !call[5].absent()) {
    throw Error(ErrorCode::kFailedToParse,
                "$convert with 'format' or 'byteOrder' is not supported by this engine");
  }
  auto node = std::make_unique<Convert>();
  node->input = builder.build(call[0]);
  node->to = builder.build(call[1]);
  if (const bson::Value* constant = node->to->constant()) {
    const Datum target = constant->view();
    if (!target.nullish()) target_type(target);  // an unknown type is an error of the query
  }
  node->on_error = builder.build(call[2]);
  node->on_null = builder.build(call[3]);
  return node;
}

constexpr FunctionOperator kFunctions[] = {
    {"$type", type},
    {"$isNumber", is_number},
    {"$toBool", to_type<Type::kBool>, Nulls::kGiveNull},
    {"$toDate", to_type<Type::kDate>, Nulls::kGiveNull},
    {"$toDecimal", to_type<Type::kDecimal128>, Nulls::kGiveNull},
    {"$toDouble", to_type<Type::kDouble>, Nulls::kGiveNull},
    {"$toInt", to_type<Type::kInt32>, Nulls::kGiveNull},
    {"$toLong", to_type<Type::kInt64>, Nulls::kGiveNull},
    {"$toObjectId", to_type<Type::kObjectId>, Nulls::kGiveNull},
    {"$toString", to_type<Type::kString>, Nulls::kGiveNull},
};
constexpr NodeOperator kNodes[] = {{"$convert", conversion}};

}  // namespace

OperatorFamily type_operators() { return {kFunctions, kNodes}; }

}  // namespace quern::query
