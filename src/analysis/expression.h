// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation expressions: what they do with encrypted fields, and what they yield.
#ifndef QUERN_ANALYSIS_EXPRESSION_H_
#define QUERN_ANALYSIS_EXPRESSION_H_

#include <string>
#include <string_view>

#include "analysis/context.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// What becomes of a comparison of an encrypted field with a constant.
enum class Comparisons {
  kMarked,     // $expr of a filter: the constant becomes a marking
  kRefused,    // computed fields and stages: the server could not answer it
  kValidator,  // $expr of a validator: the server has no keys to check documents with
};

// What an expression yields.
struct Outcome {
  EncryptionTree tree;
  bool constant = false;       // one value, known now
  bool some_constant = false;  // a constant is among the alternatives that it can yield
  std::string path;            // the first encrypted field that it yields, for messages
};

// What an expression over documents that look like tree yields, without a look at what it computes
// with.
Outcome outcome_of(Context& context, const EncryptionTree& tree, bson::ValueView expression);

// Appends the analysed expression under the key. Its value is handed on as it is, so it may be
// encrypted: the outcome says what it is.
Outcome analyse_output(Context& context, const EncryptionTree& tree, std::string_view key,
                       bson::ValueView expression, bson::Builder& out);

// The same for an expression whose value somebody computes with, such as the condition of $expr or
// the boundary of a bucket. Throws Error when the value may be encrypted.
void analyse_evaluated(Context& context, const EncryptionTree& tree, std::string_view key,
                       bson::ValueView expression, Comparisons comparisons, bson::Builder& out);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_H_
