// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/read/aggregation.h"

#include <map>

#include "engine/qe/encryption_information.h"
#include "engine/qe/rewrite.h"
#include "engine/rules/command_reader.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

// The documents that a pipeline starts from, with as many of its first stages done as an index
// does.
std::unique_ptr<query::DocumentStream> attach(const query::Pipeline& pipeline,
                                              const PlannedQuery& query, QueryContext& context) {
  query::Pipeline::Done done;
  done.match = pipeline.leading().match != nullptr;
  done.sort = pipeline.leading().sort != nullptr && query.plan().provides_sort;
  return pipeline.attach(stream_of(query.open(context)), done);
}

query::Matcher leading_match(const query::Pipeline& pipeline) {
  const query::Matcher* match = pipeline.leading().match;
  return match == nullptr ? query::Matcher() : *match;
}

}  // namespace

struct Aggregation::Foreign {
  QueryContext* context = nullptr;
  std::map<std::string, const Collection*, std::less<>> collections;

  std::unique_ptr<query::DocumentStream> open(std::string_view name, const query::Pipeline& sub) {
    const auto at = collections.find(name);
    if (context == nullptr || at == collections.end()) {
      throw Error(ErrorCode::kInternalError,
                  "a pipeline reads collection " + std::string(name) + " unannounced");
    }
    if (at->second == nullptr) return sub.attach(query::empty_stream());
    const PlannedQuery query(*at->second, leading_match(sub), sub.leading().sort, {});
    return attach(sub, query, *context);
  }
};

Aggregation::Aggregation(Operation& operation, bson::View command, bool explained)
    : foreign_(std::make_shared<Foreign>()) {
  const CommandReader arguments(command, "aggregate",
                                {"pipeline", "cursor", "explain", "allowDiskUse", "hint", "let",
                                 "collation", "bypassDocumentValidation", "encryptionInformation"});
  arguments.refuse_collation();
  if (command.front().is_number()) {
    throw NotSupported("aggregate without a collection is not supported");
  }
  ns_ = operation.ns(arguments.collection());
  const bson::View stages = arguments.required_array("pipeline");
  if (arguments["cursor"].missing() && !explained) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "The 'cursor' option is required, except for aggregate with the explain "
                        "argument");
  }
  batch_.size = CommandReader(arguments.document("cursor"), "aggregate.cursor", {"batchSize"})
                    .at_least("batchSize", 0);
  const bson::Element hint = arguments["hint"];
  if (!(hint.is_document() && hint.as_document().empty())) hint_ = hint;

  bson::View pipeline = stages;
  if (auto information = qe::EncryptionInformation::parse(command)) {
    rewritten_ = qe::rewrite_pipeline(operation, ns_, *information, stages);
    pipeline = rewritten_.view().as_array();
  }
  query::PipelineContext context;
  const query::Variables let = arguments.variables(operation.now());
  let.enter(context.parse);
  context.parse.now = operation.now();
  context.lookup = [foreign = foreign_.get()](std::string_view name, const query::Pipeline& sub) {
    return foreign->open(name, sub);
  };
  pipeline_ = std::make_shared<const query::Pipeline>(query::Pipeline::parse(pipeline, context));
}

PlannedQuery Aggregation::plan(const Collection& collection) const {
  return PlannedQuery(collection, leading_match(*pipeline_), pipeline_->leading().sort, hint_);
}

namespace {

// Keeps alive what a pipeline's stream works with.
template <class Kept>
class KeepingStream : public query::DocumentStream {
 public:
  KeepingStream(Kept kept, std::unique_ptr<query::DocumentStream> stream)
      : kept_(std::move(kept)), stream_(std::move(stream)) {}
  std::optional<bson::View> next() override { return stream_->next(); }

 private:
  Kept kept_;
  std::unique_ptr<query::DocumentStream> stream_;
};

}  // namespace

std::unique_ptr<query::DocumentStream> Aggregation::open(
    Operation& operation, std::shared_ptr<QueryContext>& context_out) const {
  const Collection* collection = operation.collection(ns_);
  for (const std::string& name : pipeline_->joined_collections()) {
    foreign_->collections[name] = operation.collection(operation.ns(name));
  }
  context_out = operation.query_context();
  foreign_->context = context_out.get();
  std::unique_ptr<query::DocumentStream> stream;
  if (collection == nullptr) {
    stream = pipeline_->attach(query::empty_stream());
  } else {
    stream = attach(*pipeline_, plan(*collection), *context_out);
  }
  using Kept = std::pair<std::shared_ptr<Foreign>, std::shared_ptr<const query::Pipeline>>;
  return std::make_unique<KeepingStream<Kept>>(Kept(foreign_, pipeline_), std::move(stream));
}

}  // namespace quern::engine
