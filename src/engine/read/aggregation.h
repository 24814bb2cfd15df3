// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An aggregate command, parsed: for running it and for explaining it.
#ifndef QUERN_ENGINE_READ_AGGREGATION_H_
#define QUERN_ENGINE_READ_AGGREGATION_H_

#include <memory>
#include <optional>

#include "engine/read/batch.h"
#include "engine/read/record_source.h"
#include "engine/session/operation.h"
#include "quern/bson/document.h"
#include "query/pipeline/pipeline.h"

namespace quern::engine {

class Aggregation {
 public:
  // command is operation's own, or the one that it explains.
  Aggregation(Operation& operation, bson::View command, bool explained);
  Aggregation(const Aggregation&) = delete;
  Aggregation& operator=(const Aggregation&) = delete;

  const Namespace& ns() const { return ns_; }
  const BatchRequest& batch() const { return batch_; }
  // What the first stages ask of the collection, planned.
  PlannedQuery plan(const Collection& collection) const;
  const query::SortPattern* leading_sort() const { return pipeline_->leading().sort; }
  // The whole answer. The stream may outlive this object and the operation, but not the context.
  std::unique_ptr<query::DocumentStream> open(Operation& operation,
                                              std::shared_ptr<QueryContext>& context_out) const;

 private:
  // What $lookup reads through: filled in when the pipeline is opened.
  struct Foreign;

  Namespace ns_;
  bson::Value rewritten_;  // owns the stages when find payloads were replaced in them
  bson::ValueView hint_;
  BatchRequest batch_;
  std::shared_ptr<Foreign> foreign_;
  std::shared_ptr<const query::Pipeline> pipeline_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_READ_AGGREGATION_H_
