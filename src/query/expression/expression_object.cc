// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $mergeObjects, $getField, $setField, $unsetField, $bsonSize, $binarySize.
#include "quern/base/error.h"
#include "query/expression/expression_parser.h"
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
std::string constant_name(const bson::Element& element, ExpressionParser& parser,
                          std::int32_t not_constant, std::int32_t not_string) {
  const ExpressionPtr node = parser.parse(element);
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

ExpressionPtr parse_get_field(const bson::Element& op, ExpressionParser& parser) {
  const bool is_long_form = op.is_document() && op.as_document().contains("field");
  if (!is_long_form) {
    return std::make_unique<GetField>(constant_name(op, parser, 5654600, 5654602),
                                      parser.parse(bson::Value::of("$$CURRENT")));
  }
  const ExpressionParser::Named named(op, {"field", "input"}, 3041701, 3041701);
  std::string name = constant_name(named.required("field", 3041702), parser, 5654600, 5654602);
  return std::make_unique<GetField>(std::move(name),
                                    parser.parse(named.required("input", 3041703)));
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

ExpressionPtr parse_set_field(const bson::Element& op, ExpressionParser& parser) {
  const ExpressionParser::Named named(op, {"field", "input", "value"}, 4161100, 4161101);
  std::string name = constant_name(named.required("field", 4161102), parser, 4161106, 4161107);
  auto input = parser.parse(named.required("input", 4161109));
  return std::make_unique<SetField>(std::move(name), std::move(input),
                                    parser.parse(named.required("value", 4161103)));
}

ExpressionPtr parse_unset_field(const bson::Element& op, ExpressionParser& parser) {
  const ExpressionParser::Named named(op, {"field", "input"}, 4161100, 4161101);
  std::string name = constant_name(named.required("field", 4161102), parser, 4161106, 4161107);
  auto input = parser.parse(named.required("input", 4161109));
  return std::make_unique<SetField>(std::move(name), std::move(input),
                                    ExpressionParser::constant(bson::ValueView()));
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
    {"$mergeObjects", 0, kAnyNumber, merge_objects},
    {"$bsonSize", 1, 1, bson_size, Nulls::kGiveNull},
    {"$binarySize", 1, 1, binary_size, Nulls::kGiveNull},
};
constexpr SyntaxOperator kSyntax[] = {
    {"$getField", parse_get_field},
    {"$setField", parse_set_field},
    {"$unsetField", parse_unset_field},
};

}  // namespace

OperatorFamily object_operators() { return {kFunctions, kSyntax}; }

}  // namespace quern::query
