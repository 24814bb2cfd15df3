// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $mergeObjects, $getField, $setField, $unsetField, $bsonSize, $binarySize.
#include "quern/base/error.h"
#include "query/expression/expression_builder.h"
#include "query/value/merge.h"
#include "query/value/path_walk.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

using bson::Type;
Datum merge_objects(Operands arguments, Evaluation& evaluation) {
  MergedFields merged;
  for (const Datum& argument : arguments) {
    if (argument.nullish()) continue;
    if (argument.type() != Type::kDocument) {
      throw Error(40400, "$mergeObjects requires object inputs, but input is of type " +
                             type_name(argument));
    }
    merged.set_all(argument.view().as_document());
  }
  Evaluation::Scratch result(evaluation);
  merged.write(*result);
  return result.finish();
}

// $getField reads one field by its name as it is, dots and dollars included.
class GetField : public ExpressionNode {
 public:
  GetField(std::string field, ExpressionPtr input)
      : field_(std::move(field)), input_(std::move(input)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return input.missing() ? input : Datum::null();
    if (input.type() != Type::kDocument) return {};
    return find_field(input.view().as_document(), field_).value();
  }

 private:
  std::string field_;
  ExpressionPtr input_;
};

// The field's name, which must be a constant string.
std::string constant_name(const language::Expression& name, ExpressionBuilder& builder,
                          std::int32_t not_constant, std::int32_t not_string) {
  const ExpressionPtr node = builder.build(name);
  const bson::Value* constant = node->constant();
  if (constant == nullptr) {
    throw Error(not_constant,
                "'field' must evaluate to a constant. To name a field that begins with "
                "'$', use $literal");
  }
  if (!constant->view().is_string())
    throw Error(not_string, "'field' must evaluate to type String");
  return std::string(constant->view().as_string());
}

ExpressionPtr get_field(const language::Call& call, ExpressionBuilder& builder) {
  std::string name = constant_name(call[0], builder, 5654600, 5654602);
  ExpressionPtr input = builder.build(call[1]);
  if (input == nullptr) input = builder.build_variable({"CURRENT", std::nullopt});
  return std::make_unique<GetField>(std::move(name), std::move(input));
}

class SetField : public ExpressionNode {
 public:
  SetField(std::string field, ExpressionPtr input, ExpressionPtr value)
      : field_(std::move(field)), input_(std::move(input)), value_(std::move(value)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return Datum::null();
    if (input.type() != Type::kDocument) {
      throw Error(4161105, "$setField requires 'input' to evaluate to type Object, found: " +
                               type_name(input));
    }
    const Datum value = value_->evaluate(evaluation);
    Evaluation::Scratch result(evaluation);
    bool found = false;
    for (const bson::Element& element : input.view().as_document()) {
      if (element.key() != field_) {
        result->append(element);
      } else {
        found = true;
        if (!value.missing()) result->append(field_, value);
      }
    }
    if (!found && !value.missing()) result->append(field_, value);
    return result.finish();
  }

 private:
  std::string field_;
  ExpressionPtr input_;
  ExpressionPtr value_;
};

ExpressionPtr set_field(const language::Call& call, ExpressionBuilder& builder) {
  std::string name = constant_name(call[0], builder, 4161106, 4161107);
  auto input = builder.build(call[1]);
  return std::make_unique<SetField>(std::move(name), std::move(input), builder.build(call[2]));
}

ExpressionPtr unset_field(const language::Call& call, ExpressionBuilder& builder) {
  std::string name = constant_name(call[0], builder, 4161106, 4161107);
  return std::make_unique<SetField>(std::move(name), builder.build(call[1]),
                                    ExpressionBuilder::constant(bson::ValueView()));
}

Datum bson_size(Operands a, Evaluation&) {
  if (a[0].type() != Type::kDocument) {
    throw Error(31393, "$bsonSize requires a document input, found: " + type_name(a[0]));
  }
  return Datum::of(static_cast<std::int32_t>(a[0].view().as_document().size()));
}

Datum binary_size(Operands a, Evaluation&) {
  if (a[0].type() == Type::kString) {
    return Datum::of(static_cast<std::int32_t>(a[0].view().as_string().size()));
  }
  if (a[0].type() != Type::kBinary) {
    throw Error(51276,
                "$binarySize requires a string or BinData argument, found: " + type_name(a[0]));
  }
  return Datum::of(static_cast<std::int32_t>(a[0].view().as_binary().bytes.size()));
}

constexpr FunctionOperator kFunctions[] = {
    {"$mergeObjects", merge_objects},
    {"$bsonSize", bson_size, Nulls::kGiveNull},
    {"$binarySize", binary_size, Nulls::kGiveNull},
};
constexpr NodeOperator kNodes[] = {
    {"$getField", get_field},
    {"$setField", set_field},
    {"$unsetField", unset_field},
};

}  // namespace

OperatorFamily object_operators() { return {kFunctions, kNodes}; }

}  // namespace quern::query
