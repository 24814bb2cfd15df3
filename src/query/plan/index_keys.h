// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The keys under which an index lists a document. Planner and index maintenance must agree on them;
// this is the one place that says what they are.
//
// One key a combination: a path through an array gives one value a member (an index is multikey
// from its first such document), an empty array gives undefined, a missing field null.
#ifndef QUERN_QUERY_PLAN_INDEX_KEYS_H_
#define QUERN_QUERY_PLAN_INDEX_KEYS_H_

#include <functional>
#include <span>
#include <vector>

#include "quern/bson/view.h"
#include "query/value/field_path.h"

namespace quern::query {

class IndexKeyPattern {
 public:
  // {a: 1, "b.c": -1}, checked by whoever created the index.
  explicit IndexKeyPattern(bson::View key);

  struct Outcome {
    bool multikey = false;     // some path led through an array
    bool all_missing = false;  // no indexed field exists: a sparse index leaves the document out
  };
  // Calls emit once for each distinct key of the document, with one value for each part; the values
  // are views into the document and of static constants. Throws CannotIndexParallelArrays (171) if
  // two parts lead through different arrays.
  Outcome keys(bson::View document,
               const std::function<void(std::span<const bson::ValueView>)>& emit) const;

 private:
  std::vector<FieldPath> paths_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_PLAN_INDEX_KEYS_H_
