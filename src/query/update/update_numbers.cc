// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $inc, $mul, $min, $max, $bit.
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/update/update_parser.h"
#include "query/value/arithmetic.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

// $inc and $mul: arithmetic with the old number, or with what a missing field counts as.
class Arithmetic : public Modifier {
 public:
  enum class Kind { kAdd, kMultiply };
  Arithmetic(Kind kind, bson::Value operand) : kind_(kind), operand_(std::move(operand)) {}

  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    const char* name = kind_ == Kind::kAdd ? "$inc" : "$mul";
    if (old.missing()) {
      // What isn't there counts as zero of the operand's type.
      out.append(key, kind_ == Kind::kAdd ? Datum(operand_.view())
                                          : multiply(operand_.view(), Datum::of(std::int32_t{0})));
      return Effect::kSet;
    }
    if (!old.is_number()) {
      throw Error(ErrorCode::kTypeMismatch, std::string("Cannot apply ") + name +
                                                " to a value of non-numeric type: the field '" +
                                                path + "' is of type " + type_name(old));
    }
    const Datum result =
        kind_ == Kind::kAdd ? add(old, operand_.view()) : multiply(old, operand_.view());
    const bool whole = old.type() != bson::Type::kDouble && operand_.type() != bson::Type::kDouble;
    if (whole && result.type() == bson::Type::kDouble) {
      throw Error(ErrorCode::kBadValue, std::string("Failed to apply ") + name + " to the field '" +
                                            path + "': the result exceeds 64 bits");
    }
    if (identical(result.view(), old)) return Effect::kNone;
    out.append(key, result);
    return Effect::kSet;
  }

 private:
  Kind kind_;
  bson::Value operand_;
};

class Extreme : public Modifier {
 public:
  Extreme(bool greatest, bson::Value operand) : greatest_(greatest), operand_(std::move(operand)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string&) const override {
    if (!old.missing()) {
      const auto order = bson::compare(operand_.view(), old);
      if (greatest_ ? order <= 0 : order >= 0) return Effect::kNone;
    }
    out.append(key, operand_.view());
    return Effect::kSet;
  }

 private:
  bool greatest_;
  bson::Value operand_;
};

class Bit : public Modifier {
 public:
  enum class Operator { kAnd, kOr, kXor };
  struct Step {
    Operator op;
    std::int64_t operand;
    bool wide;  // an int64 makes the result one
  };
  explicit Bit(std::vector<Step> steps) : steps_(std::move(steps)) {}

  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext&,
               const std::string& path) const override {
    if (!old.missing() && old.type() != bson::Type::kInt32 && old.type() != bson::Type::kInt64) {
      throw Error(ErrorCode::kBadValue,
                  "Cannot apply $bit to a value of non-integral type: the field '" + path +
                      "' is of type " + type_name(old));
    }
    std::int64_t value = old.missing() ? 0 : *old.whole_number();
    bool wide = old.type() == bson::Type::kInt64;
    for (const Step& step : steps_) {
      wide |= step.wide;
      switch (step.op) {
        case Operator::kAnd:
          value &= step.operand;
          break;
        case Operator::kOr:
          value |= step.operand;
          break;
        case Operator::kXor:
          value ^= step.operand;
          break;
      }
    }
    const Datum result = wide ? Datum::of(value) : Datum::of(static_cast<std::int32_t>(value));
    if (identical(result.view(), old)) return Effect::kNone;
    out.append(key, result);
    return Effect::kSet;
  }

 private:
  std::vector<Step> steps_;
};

void parse_arithmetic(Arithmetic::Kind kind, const char* verb, const bson::Element& argument,
                      UpdateParser& parser) {
  if (!argument.is_number()) {
    throw Error(ErrorCode::kTypeMismatch,
                std::string("Cannot ") + verb + " with non-numeric argument: {" +
                    std::string(argument.key()) + ": …} is of type " + type_name(argument));
  }
  parser.add(argument.key(), std::make_unique<Arithmetic>(kind, bson::Value(argument.value())));
}

}  // namespace

void parse_inc(const bson::Element& argument, UpdateParser& parser) {
  parse_arithmetic(Arithmetic::Kind::kAdd, "increment", argument, parser);
}
void parse_mul(const bson::Element& argument, UpdateParser& parser) {
  parse_arithmetic(Arithmetic::Kind::kMultiply, "multiply", argument, parser);
}
void parse_min(const bson::Element& argument, UpdateParser& parser) {
  parser.add(argument.key(), std::make_unique<Extreme>(false, bson::Value(argument.value())));
}
void parse_max(const bson::Element& argument, UpdateParser& parser) {
  parser.add(argument.key(), std::make_unique<Extreme>(true, bson::Value(argument.value())));
}

void parse_bit(const bson::Element& argument, UpdateParser& parser) {
  if (!argument.is_document()) {
    throw Error(ErrorCode::kBadValue,
                "The $bit modifier is not compatible with a " + type_name(argument) +
                    ". You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}}");
  }
  std::vector<Bit::Step> steps;
  for (const bson::Element& step : argument.as_document()) {
    Bit::Operator op;
    if (step.key() == "and") {
      op = Bit::Operator::kAnd;
    } else if (step.key() == "or") {
      op = Bit::Operator::kOr;
    } else if (step.key() == "xor") {
      op = Bit::Operator::kXor;
    } else {
      throw Error(ErrorCode::kBadValue,
                  "The $bit modifier only supports 'and', 'or', and 'xor', not '" +
                      std::string(step.key()) + "' which is an unknown operator");
    }
    if (step.type() != bson::Type::kInt32 && step.type() != bson::Type::kInt64) {
      throw Error(ErrorCode::kBadValue,
                  "The $bit modifier field must be an Integer(32/64 bit); a '" + type_name(step) +
                      "' is not supported here");
    }
    steps.push_back({op, *step.whole_number(), step.type() == bson::Type::kInt64});
  }
  if (steps.empty()) {
    throw Error(ErrorCode::kBadValue, "You must pass in at least one bitwise operation for $bit");
  }
  parser.add(argument.key(), std::make_unique<Bit>(std::move(steps)));
}

}  // namespace quern::query
