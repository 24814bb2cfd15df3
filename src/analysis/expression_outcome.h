// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an aggregation expression yields: nothing encrypted, an encrypted field, a document or an
// array that holds some, or something that is known only when it runs.
#ifndef QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
#define QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_

#include <string>
#include <string_view>
#include <vector>

#include "analysis/context.h"
#include "quern/bson/view.h"

namespace quern::analysis {

struct Outcome {
  EncryptionTree tree;
  bool constant = false;       // one value, known now
  bool some_constant = false;  // a constant is among the alternatives that it can yield
  std::string path;            // the first encrypted field that it yields, for messages

  // The tree of the value when it is handed on: a field or a constant is neither.
  EncryptionTree handed_on() && {
    return tree.encrypts() && some_constant ? EncryptionTree::unknown() : std::move(tree);
  }
};

// Outcomes of expressions over documents that look like tree. Borrows both arguments.
class Outcomes {
 public:
  Outcomes(const Context& context, const EncryptionTree& tree) : context_(context), tree_(tree) {}

  // Looks only at what the result is made of, not at what it is computed with. Throws Error for a
  // path inside an encrypted field, a whole document with encrypted fields, and what is not
  // understood.
  Outcome of(bson::ValueView expression);

  // Names variables while it lives. Nothing in their values is encrypted, but there may be names of
  // removed fields.
  class Scope {
   public:
    Scope(Outcomes& outcomes, bson::ValueView vars);  // of $let
    // The name of an element of input, and what $reduce starts with.
    Scope(Outcomes& outcomes, std::string_view name, bson::ValueView input,
          bson::ValueView initial_value);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { outcomes_.variables_.resize(before_); }

   private:
    void add(std::string_view name, EncryptionTree value);

    Outcomes& outcomes_;
    const std::size_t before_;
  };

 private:
  Outcome of_reference(std::string_view text);
  Outcome of_array(bson::View array);
  Outcome of_object(bson::View object);
  Outcome of_operation(const bson::Element& operation);
  Outcome any_of(const std::vector<bson::ValueView>& alternatives);
  Outcome of_removed(bson::ValueView operands);
  const EncryptionTree& variable(std::string_view name) const;

  struct Variable {
    std::string_view name;
    EncryptionTree value;
  };

  const Context& context_;
  const EncryptionTree& tree_;
  std::vector<Variable> variables_;
};

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
