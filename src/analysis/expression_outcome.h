// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an expression yields: an encrypted field, a plain value, a document, or an array that holds
// some, or something that is known only when it runs; with constants of the command, or without.
#ifndef QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
#define QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_

#include <string>
#include <string_view>
#include <vector>

#include "analysis/context.h"
#include "language/expression.h"
#include "language/variable.h"

namespace quern::analysis {

struct Outcome {
  EncryptionTree tree;
  bool constant = false;  // one value, known now
  std::string path;       // the first encrypted field that it yields, for messages

  // The tree of the value when it is handed on: a field or a constant is neither.
  EncryptionTree handed_on() &&;
};

// Outcomes of expressions over documents that look like tree; null: there are none, as in the let
// of a command, and who reads them is refused. Borrows both arguments.
class Outcomes {
 public:
  Outcomes(const Context& context, const EncryptionTree* tree) : context_(context), tree_(tree) {}

  // What the documents look like.
  const EncryptionTree& documents() const {
    if (tree_ == nullptr) language::no_document_in_let();
    return *tree_;
  }

  // Looks only at what the result is made of: conditions, names of members and positions are not in
  // it. Throws Error for a path inside an encrypted field, a whole document with encrypted fields,
  // and what is not understood.
  Outcome of(const language::Expression& expression);

  // Those of all arguments of an operator.
  std::vector<EncryptionTree> of_arguments(const language::Call& call);

  // Names the variables of $let, $map, $filter or $reduce while it lives. Nothing in their values
  // is encrypted.
  class Scope {
   public:
    Scope(Outcomes& outcomes, const language::Call& call);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { outcomes_.variables_.resize(before_); }

   private:
    void add(std::string_view name, EncryptionTree value);
    void add_let(const language::Object& variables);
    void add_element(const language::Call& call);
    void add_rounds(const language::Call& reduce);

    Outcomes& outcomes_;
    const std::size_t before_;
  };

 private:
  Outcome of_path(const EncryptionTree& document, std::string_view path);
  Outcome of_variable(const language::VariablePath& variable);
  Outcome of_array(const language::Array& array);
  Outcome of_object(const language::Object& object);
  Outcome of_call(const language::Call& call);
  Outcome any_of(const std::vector<const language::Expression*>& alternatives);
  EncryptionTree plain(const language::Expression& expression);
  EncryptionTree computed(const language::Call& call);
  EncryptionTree over_array(const language::Call& call);
  EncryptionTree get_field(const language::Call& call);
  EncryptionTree evaluated(const language::Call& call);
  EncryptionTree set_member(const language::Call& call);
  EncryptionTree of_pairs(const language::Expression& pairs);
  void add_pair(const language::Expression& pair, EncryptionTree& document);
  const EncryptionTree& variable(std::string_view name) const;

  struct Variable {
    std::string_view name;
    EncryptionTree value;
  };

  const Context& context_;
  const EncryptionTree* tree_;
  std::vector<Variable> variables_;
  int rounds_ = 0;  // of $reduce, in whose rounds this is
};

// The tree of a value that stands in the command.
EncryptionTree tree_of_constant(bson::ValueView value);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
