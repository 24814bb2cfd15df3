// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Sort patterns: an order over documents. A missing field sorts as null; an array sorts by its
// least element in an ascending part and by its greatest in a descending one, an empty array below
// null. Immutable after parse and safe to share between threads.
#ifndef QUERN_QUERY_VALUE_SORT_H_
#define QUERN_QUERY_VALUE_SORT_H_

#include <compare>
#include <vector>

#include "quern/bson/document.h"
#include "query/value/field_path.h"
#include "query/value/parse_context.h"

namespace quern::query {

class SortPattern {
 public:
  struct Part {
    FieldPath path;
    bool descending = false;
  };

  // {a: 1, "b.c": -1}. Throws BadValue and FailedToParse as MongoDB.
  static SortPattern parse(bson::View spec, const ParseContext& context = {});

  const std::vector<Part>& parts() const { return parts_; }
  bool empty() const { return parts_.empty(); }

  // The value that part sorts document by: a view into document, null if missing.
  bson::ValueView key(bson::View document, const Part& part) const;
  std::weak_ordering compare(bson::View a, bson::View b) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_SORT_H_
