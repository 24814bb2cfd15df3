// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation expressions: what they do with encrypted fields.
#ifndef QUERN_ANALYSIS_EXPRESSION_H_
#define QUERN_ANALYSIS_EXPRESSION_H_

#include <string_view>

#include "analysis/context.h"
#include "analysis/expression_outcome.h"
#include "language/expression.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// What becomes of a comparison of an encrypted field with a constant.
enum class Comparisons {
  kMarked,     // $expr of a filter: the constant becomes a marking
  kRefused,    // computed fields and stages: the server could not answer it
  kValidator,  // $expr of a validator: the server has no keys to check documents with
};

// Appends the analysed expression under the key. Its value is handed on as it is, so it may be
// encrypted: the outcome says what it is. Documents look like tree.
Outcome analyse_output(Context& context, const EncryptionTree& tree, std::string_view key,
                       const language::Expression& expression, bson::Builder& out);

// The same for an expression whose value somebody computes with, such as the condition of $expr or
// the boundary of a bucket. Throws Error when the value may be encrypted.
void analyse_evaluated(Context& context, const EncryptionTree& tree, std::string_view key,
                       const language::Expression& expression, Comparisons comparisons,
                       bson::Builder& out);

// The same for the call of an accumulator, appended under its name.
void analyse_accumulator(Context& context, const EncryptionTree& tree, const language::Call& call,
                         bson::Builder& out);

// The same for an expression of a command's let: there is no document yet that it could read.
// Throws 4890500 for one that does.
void analyse_without_document(Context& context, std::string_view key,
                              const language::Expression& expression, bson::Builder& out);

// The tree of an expression's value when nothing of it is encrypted. tree is null for one of a
// command's let.
EncryptionTree tree_of_expression(const Context& context, const EncryptionTree* tree,
                                  const language::Expression& expression);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_H_
