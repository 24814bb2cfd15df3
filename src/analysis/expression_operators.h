// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the operators of expressions do with their arguments, for the analysis: a line each.
#ifndef QUERN_ANALYSIS_EXPRESSION_OPERATORS_H_
#define QUERN_ANALYSIS_EXPRESSION_OPERATORS_H_

#include "language/expression_operators.h"

namespace quern::analysis {

enum class Shape {
  kEvaluated,   // computes with all its operands
  kLiteral,     // the operand is a constant
  kEquality,    // two operands are equal, or not
  kOrdering,    // one operand is above or below the other
  kMembership,  // the first operand is in the second
  kCondition,   // yields one of two operands
  kIfNull,      // yields one of its operands
  kSwitch,      // yields one of its branches
  kLet,         // names values, yields an expression of them
  kOverArray,   // names the elements of an array, computes with each
  kGetField,    // reads a field whose name is an operand
  kMetadata,    // the operand is a keyword
  kText,        // queries of encrypted text
};

// What the value of an operator of Shape::kEvaluated is made of.
enum class Yield {
  kParts,     // the operands, or parts of them
  kOperands,  // the operands: their members keep their names
  kFirst,     // the first operand; the others say how
  kInput,     // the argument 'input'; the others say how
  kDocument,  // a document of its own, with values of the operands
  kMembers,   // the document that named members are set in, or taken from
  kPairs,     // pairs of names and values
  kNames,     // names of the operand's members, beside their values
};

Shape shape_of(const language::ExpressionOperator& op);
Yield yield_of(const language::ExpressionOperator& op);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_OPERATORS_H_
