// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Conditions that all have to hold, as far as they ask for the order of an encrypted field: a lower
// and an upper bound of one field are one question, wherever in the conjunction they stand.
#ifndef QUERN_ANALYSIS_CONJUNCTION_H_
#define QUERN_ANALYSIS_CONJUNCTION_H_

#include <cstdint>
#include <vector>

#include "analysis/encryption_tree.h"
#include "schema/interval.h"

namespace quern::analysis {

// {$gt: 1, …}, as opposed to a document that is compared as a whole. A DBRef is one of those.
bool is_operator_document(bson::ValueView value);

// kNone for a name that is none of $gt, $gte, $lt and $lte.
schema::OrderOperator order_operator(std::string_view name);

// Whether the field is asked for intervals: what it can be found by is order.
bool is_ordered(const schema::EncryptedField& field);

// Borrows everything. Nothing is read before the first question.
class Conjunction {
 public:
  // A filter, with those in its $and, and those in theirs.
  Conjunction(const EncryptionTree& tree, bson::View filter) : tree_(&tree), root_(filter) {}
  // The operators of one field.
  Conjunction(const schema::EncryptedField& field, bson::View operators)
      : field_(&field), root_(operators) {}

  // What a condition on the order of an ordered field, an element of the above, is part of. Two
  // bounds that leave no value between them, or that are not just one on each side, are intervals
  // of their own.
  struct Place {
    schema::Interval* interval;  // ours; its id is the caller's to set, at the first place
    bool is_second;
  };
  Place place_of(const bson::Element& condition);

 private:
  struct FieldBound {
    const schema::EncryptedField* field;
    schema::OrderOperator op;
    bson::ValueView bound;
    std::size_t interval = 0;
    bool is_second = false;
  };
  void collect(bson::View filter);
  void collect(const schema::EncryptedField& field, bson::View operators);
  void pair();

  const EncryptionTree* tree_ = nullptr;
  const schema::EncryptedField* field_ = nullptr;
  bson::View root_;
  bool collected_ = false;
  std::vector<FieldBound> conditions_;
  std::vector<schema::Interval> intervals_;
};

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_CONJUNCTION_H_
