// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $filter, $map, $reduce, $zip: operators that evaluate an expression for each member of an array.
#include <algorithm>

#include "quern/base/error.h"
#include "query/expression/expression_builder.h"
#include "query/value/interrupt.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

using bson::Type;

class Filter : public ExpressionNode {
 public:
  Filter(std::size_t slot, ExpressionPtr input, ExpressionPtr condition, ExpressionPtr limit)
      : slot_(slot),
        input_(std::move(input)),
        condition_(std::move(condition)),
        limit_(std::move(limit)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return Datum::null();
    if (input.type() != Type::kArray) {
      throw Error(28651, "input to $filter must be an array not " + type_name(input));
    }
    std::int64_t left = INT64_MAX;
    if (limit_ != nullptr) {
      const Datum limit = limit_->evaluate(evaluation);
      if (!limit.nullish()) {
        const auto number = limit.view().whole_number();
        if (!number || *number > INT32_MAX) {
          throw Error(327391, "$filter: limit must be represented as a 32-bit integral value");
        }
        if (*number <= 0) throw Error(327392, "$filter: limit must be greater than 0");
        left = *number;
      }
    }
    Evaluation::Scratch result(evaluation);
    const Arena::Mark start = evaluation.arena().mark();
    for (const bson::Element& member : input.view().as_array()) {
      check_interrupt();
      if (left == 0) break;
      evaluation.variable(slot_) = member.value();
      const Datum keep = condition_->evaluate(evaluation);
      evaluation.arena().rewind(start);
      if (!keep.view().truthy()) continue;
      result->push(member.value());
      --left;
    }
    return result.finish(Type::kArray);
  }

 private:
  std::size_t slot_;
  ExpressionPtr input_;
  ExpressionPtr condition_;
  ExpressionPtr limit_;
};

// The name that members have; "this" unless the argument gives another.
std::string_view member_name(const language::Expression& as) {
  return as.absent() ? "this" : as.source.as_string();
}

ExpressionPtr filter(const language::Call& call, ExpressionBuilder& builder) {
  auto input = builder.build(call[0]);
  auto limit = builder.build(call[3]);
  const ExpressionBuilder::Variable variable(builder, member_name(call[1]));
  return std::make_unique<Filter>(variable.slot(), std::move(input), builder.build(call[2]),
                                  std::move(limit));
}

class Map : public ExpressionNode {
 public:
  Map(std::size_t slot, ExpressionPtr input, ExpressionPtr in)
      : slot_(slot), input_(std::move(input)), in_(std::move(in)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return Datum::null();
    if (input.type() != Type::kArray) {
      throw Error(16883, "input to $map must be an array not " + type_name(input));
    }
    Evaluation::Scratch result(evaluation);
    const Arena::Mark start = evaluation.arena().mark();
    for (const bson::Element& member : input.view().as_array()) {
      check_interrupt();
      evaluation.variable(slot_) = member.value();
      const Datum value = in_->evaluate(evaluation);
      result->push(value.missing() ? Datum::null() : value);
      evaluation.arena().rewind(start);
    }
    return result.finish(Type::kArray);
  }

 private:
  std::size_t slot_;
  ExpressionPtr input_;
  ExpressionPtr in_;
};

ExpressionPtr map(const language::Call& call, ExpressionBuilder& builder) {
  auto input = builder.build(call[0]);
  const ExpressionBuilder::Variable variable(builder, member_name(call[1]));
  return std::make_unique<Map>(variable.slot(), std::move(input), builder.build(call[2]));
}

class Reduce : public ExpressionNode {
 public:
  Reduce(std::size_t this_slot, std::size_t value_slot, ExpressionPtr input, ExpressionPtr initial,
         ExpressionPtr in)
      : this_(this_slot),
        value_(value_slot),
        input_(std::move(input)),
        initial_(std::move(initial)),
        in_(std::move(in)) {}
  Datum evaluate(Evaluation& evaluation) const override {
    const Datum input = input_->evaluate(evaluation);
    if (input.nullish()) return Datum::null();
    if (input.type() != Type::kArray) {
      throw Error(40080, "$reduce requires that 'input' be an array, found: " + type_name(input));
    }
    Datum value = initial_->evaluate(evaluation);
    const Arena::Mark start = evaluation.arena().mark();
    std::size_t kept = 0;
    for (const bson::Element& member : input.view().as_array()) {
      check_interrupt();
      evaluation.variable(this_) = member.value();
      evaluation.variable(value_) = value;
      value = in_->evaluate(evaluation);
      check_depth(value.view());  // each turn may wrap the value once more
      // The values of former turns go, as soon as there are more of them than what stays.
      const std::size_t computed = evaluation.arena().used() - start.used;
      if (computed > 2 * kept + kGarbage) {
        value = evaluation.keep_only(value, start);
        kept = evaluation.arena().used() - start.used;
      }
    }
    return value;
  }

 private:
  static constexpr std::size_t kGarbage = 64 * 1024;

  std::size_t this_;
  std::size_t value_;
  ExpressionPtr input_;
  ExpressionPtr initial_;
  ExpressionPtr in_;
};

ExpressionPtr reduce(const language::Call& call, ExpressionBuilder& builder) {
  auto input = builder.build(call[0]);
  auto initial = builder.build(call[1]);
  const ExpressionBuilder::Variable element(builder, "this");
  const ExpressionBuilder::Variable value(builder, "value");
  return std::make_unique<Reduce>(element.slot(), value.slot(), std::move(input),
                                  std::move(initial), builder.build(call[2]));
}

class Zip : public ExpressionNode {
 public:
  Zip(std::vector<ExpressionPtr> inputs, std::vector<ExpressionPtr> defaults, bool longest)
      : inputs_(std::move(inputs)), defaults_(std::move(defaults)), longest_(longest) {}
  Datum evaluate(Evaluation& evaluation) const override {
    std::vector<std::vector<bson::ValueView>> columns;
    std::size_t rows = longest_ ? 0 : static_cast<std::size_t>(-1);
    for (const ExpressionPtr& input : inputs_) {
      const Datum value = input->evaluate(evaluation);
      if (value.nullish()) return Datum::null();
      if (value.type() != Type::kArray) {
        throw Error(34468, "$zip found a non-array expression in input: " + type_name(value));
      }
      auto& column = columns.emplace_back();
      for (const bson::Element& member : value.view().as_array()) column.push_back(member.value());
      rows = longest_ ? std::max(rows, column.size()) : std::min(rows, column.size());
    }
    std::vector<Datum> fill(columns.size(), Datum::null());
    for (std::size_t i = 0; i < defaults_.size(); ++i) fill[i] = defaults_[i]->evaluate(evaluation);
    Evaluation::Scratch result(evaluation);
    for (std::size_t row = 0; row < rows; ++row) {
      check_interrupt();
      result->push_open(Type::kArray);
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const Datum value = row < columns[i].size() ? Datum(columns[i][row]) : fill[i];
        result->push(value.missing() ? Datum::null() : value);
      }
      result->close();
    }
    return result.finish(Type::kArray);
  }

 private:
  std::vector<ExpressionPtr> inputs_;
  std::vector<ExpressionPtr> defaults_;
  bool longest_;
};

ExpressionPtr zip(const language::Call& call, ExpressionBuilder& builder) {
  const bson::ValueView longest = call[2].source;
  auto inputs = builder.build_all(call[0].as<language::Array>()->members);
  if (inputs.empty()) throw Error(34465, "$zip requires at least one input array");
  std::vector<ExpressionPtr> defaults;
  if (!call[1].absent()) {
    if (!longest.truthy()) {
      throw Error(34466, "cannot specify defaults unless useLongestLength is true");
    }
    defaults = builder.build_all(call[1].as<language::Array>()->members);
    if (defaults.size() != inputs.size()) {
      throw Error(34467, "defaults and inputs must have the same length");
    }
  }
  return std::make_unique<Zip>(std::move(inputs), std::move(defaults), longest.truthy());
}

constexpr NodeOperator kNodes[] = {
    {"$filter", filter}, {"$map", map}, {"$reduce", reduce}, {"$zip", zip}};

}  // namespace

OperatorFamily array_iteration_operators() { return {{}, kNodes}; }

}  // namespace quern::query
