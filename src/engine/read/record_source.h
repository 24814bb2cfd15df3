// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The records that a filter asks for: a plan (query/plan/planner.h) carried out over a collection.
#ifndef QUERN_ENGINE_READ_RECORD_SOURCE_H_
#define QUERN_ENGINE_READ_RECORD_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/catalog/collection.h"
#include "engine/session/query_context.h"
#include "query/match/match.h"
#include "query/pipeline/stream.h"
#include "query/plan/planner.h"
#include "query/value/sort.h"

namespace quern::engine {

// Records one after the other. Not thread-safe.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  virtual bool next() = 0;
  // Of the record that next() found, until it is called again.
  virtual bson::View document() const = 0;
  virtual BytesView record_id() const = 0;

  // For explain: how many index keys and documents were looked at.
  std::int64_t keys_examined() const { return keys_examined_; }
  std::int64_t documents_examined() const { return documents_examined_; }

 protected:
  std::int64_t keys_examined_ = 0;
  std::int64_t documents_examined_ = 0;
};

// A plan. Must not outlive the collection, whose indexes it points to.
class PlannedQuery {
 public:
  // hint is the command's: missing, a name or a key pattern. Throws BadValue if no index fits it.
  PlannedQuery(const Collection& collection, query::Matcher filter, const query::SortPattern* sort,
               bson::ValueView hint);
  PlannedQuery(const PlannedQuery&) = delete;
  PlannedQuery& operator=(const PlannedQuery&) = delete;

  const query::Plan& plan() const { return plan_; }
  const query::Matcher& filter() const { return filter_; }
  // The source reads through context, which must outlive it.
  std::unique_ptr<RecordSource> open(QueryContext& context) const;
  // The winningPlan of explain.
  bson::Document explain(const query::SortPattern* sort) const;

 private:
  const Collection& collection_;
  query::Matcher filter_;
  query::Plan plan_;
};

// The same as a stream of documents.
std::unique_ptr<query::DocumentStream> stream_of(std::unique_ptr<RecordSource> source);

// The value v when the filter is {_id: v} or {_id: {$eq: v}} and v stands for itself: then one read
// answers it.
std::optional<bson::ValueView> point_id(bson::View filter);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_READ_RECORD_SOURCE_H_
