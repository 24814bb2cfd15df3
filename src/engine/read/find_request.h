// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The members of find, count and distinct, parsed once: for running them and for explaining them.
#ifndef QUERN_ENGINE_READ_FIND_REQUEST_H_
#define QUERN_ENGINE_READ_FIND_REQUEST_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/read/batch.h"
#include "engine/read/record_source.h"
#include "engine/session/operation.h"
#include "quern/bson/document.h"
#include "query/expression/variables.h"
#include "query/match/match.h"
#include "query/pipeline/projection.h"
#include "query/value/sort.h"

namespace quern::engine {

struct FindRequest {
  Namespace ns;
  bson::Document rewritten;  // owns the filter when find payloads were replaced in it
  bson::View filter;
  bson::ValueView hint;
  query::Variables let;
  query::ParseContext context;  // with let in it
  std::optional<query::SortPattern> sort;
  bson::View projection;
  std::int64_t skip = 0;
  std::optional<std::int64_t> limit;
  BatchRequest batch;

  // command is operation's own, or the one that it explains. Throws what malformed members deserve.
  static std::unique_ptr<FindRequest> of_find(Operation& operation, bson::View command);
  static std::unique_ptr<FindRequest> of_count(Operation& operation, bson::View command);
  static std::unique_ptr<FindRequest> of_distinct(Operation& operation, bson::View command);

  // The same as point() of an of_find, read in one pass over the command: the collection and the
  // _id of the most frequent of all queries. Nothing when any other member has a say.
  struct Point {
    std::string_view collection;
    bson::ValueView id;
  };
  static std::optional<Point> point_of(bson::View command);

  // The only document that can match, when the filter is nothing but an _id and nothing else is
  // asked for.
  std::optional<bson::ValueView> point() const;
  const query::SortPattern* sort_pattern() const { return sort ? &*sort : nullptr; }
  // The whole answer.
  std::unique_ptr<query::DocumentStream> open(Operation& operation, const Collection& collection,
                                              std::shared_ptr<QueryContext>& context_out) const;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_READ_FIND_REQUEST_H_
