// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The parts of an aggregation expression. All throw Error for an expression that is not well
// formed, has an argument that is not known, or has one twice: which of the two counts is up
// to the server.
#ifndef QUERN_ANALYSIS_EXPRESSION_SYNTAX_H_
#define QUERN_ANALYSIS_EXPRESSION_SYNTAX_H_

#include <array>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "quern/bson/view.h"

namespace quern::analysis {

// {$operator: operands}, as opposed to a document of expressions.
bool is_operation(bson::ValueView expression);
bson::Element operation_of(bson::ValueView expression);

// Of an expression that is one value: without $literal around it.
bson::ValueView constant_value(bson::ValueView expression);

// Exactly two operands, whatever the keys of the array are.
std::array<bson::ValueView, 2> two_operands(const bson::Element& operation);

// Named arguments.
bson::View arguments_of(const bson::Element& operation,
                        std::initializer_list<std::string_view> known);
bson::Element argument(const bson::Element& operation, std::string_view name);

struct CondOperands {  // $cond, in either of its forms
  bson::ValueView condition;
  bson::ValueView consequence;
  bson::ValueView otherwise;
};
CondOperands cond_operands_of(const bson::Element& operation);

struct Switch {
  struct Branch {
    bson::ValueView condition;
    bson::ValueView consequence;
  };
  std::vector<Branch> branches;
  bson::ValueView otherwise;  // missing when there is no default
};
Switch switch_of(const bson::Element& operation);

std::vector<bson::ValueView> operands_of_if_null(const bson::Element& operation);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_SYNTAX_H_
