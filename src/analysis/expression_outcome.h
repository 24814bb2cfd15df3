// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an expression yields: an encrypted field, a plain value, a document, or an array that holds
// some, or something that is known only when it runs; with constants of the command, or without.
#ifndef QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
#define QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/context.h"
#include "language/variable.h"
#include "quern/bson/view.h"

namespace quern::analysis {

struct Outcome {
  EncryptionTree tree;
  bool constant = false;  // one value, known now
  std::string path;       // the first encrypted field that it yields, for messages

  // The tree of the value when it is handed on: a field or a constant is neither.
  EncryptionTree handed_on() &&;
};

// Outcomes of expressions over documents that look like tree; null: there are none, as in the let of
// a command, and who reads them is refused. Borrows both arguments.
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
  Outcome of(bson::ValueView expression);

  // Those of all operands of an operation, the values of named ones too.
  std::vector<EncryptionTree> of_operands(const bson::Element& operation);

  // Names the variables of $let, $map, $filter or $reduce while it lives. Nothing in their values
  // is encrypted.
  class Scope {
   public:
    Scope(Outcomes& outcomes, const bson::Element& operation);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { outcomes_.variables_.resize(before_); }

   private:
    void add(std::string_view name, EncryptionTree value);
    void add_let(bson::ValueView vars);
    void add_element(const bson::Element& operation);
    void add_rounds(bson::View arguments);

    Outcomes& outcomes_;
    const std::size_t before_;
  };

 private:
  Outcome of_reference(std::string_view text);
  Outcome of_array(bson::View array);
  Outcome of_object(bson::View object);
  Outcome of_operation(const bson::Element& operation);
  Outcome any_of(const std::vector<bson::ValueView>& alternatives);
  EncryptionTree plain(bson::ValueView expression);
  EncryptionTree computed(const bson::Element& operation);
  EncryptionTree over_array(const bson::Element& operation);
  EncryptionTree get_field(const bson::Element& operation);
  EncryptionTree evaluated(const bson::Element& operation);
  EncryptionTree set_member(const bson::Element& operation);
  EncryptionTree of_pairs(bson::ValueView pairs);
  void add_pair(bson::ValueView pair, bool literal, EncryptionTree& document);
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

// The name of a member, where an expression gives it as a constant.
std::optional<std::string_view> constant_name(bson::ValueView expression);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_EXPRESSION_OUTCOME_H_
