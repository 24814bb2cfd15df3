// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Aggregation pipelines: stages parsed once, attached to any source of documents.
//
//   const Pipeline pipeline = Pipeline::parse(stages, context);
//   auto out = pipeline.attach(scan_of_the_collection);
//   while (auto document = out->next()) …
//
// Immutable after parse and safe to share between threads; the streams are not.
#ifndef QUERN_QUERY_PIPELINE_PIPELINE_H_
#define QUERN_QUERY_PIPELINE_PIPELINE_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "language/stage.h"
#include "quern/bson/document.h"
#include "query/match/match.h"
#include "query/pipeline/stream.h"
#include "query/value/sort.h"

namespace quern::query {

class Pipeline;
class Stage;

struct PipelineContext {
  ParseContext parse;
  // Runs sub over another collection of the same database, for $lookup. sub.leading() tells what an
  // index may answer. Called while the outer stream is read; the stream it returns is read to its
  // end before the next call. Without it, $lookup is refused when it runs.
  std::function<std::unique_ptr<DocumentStream>(std::string_view collection, const Pipeline& sub)>
      lookup;
  std::size_t memory_limit = kStageMemoryLimit;  // of each blocking stage
};

class Pipeline {
 public:
  // An unknown stage is code 40324, "Unrecognized pipeline stage name: '$foo'".
  static Pipeline parse(bson::View array, const PipelineContext& context = {});
  // Of stages that were read before (language::parse_pipeline).
  // first: a condition that comes before the stages.
  static Pipeline make(std::span<const language::StageSpec> stages, const PipelineContext& context,
                       std::optional<Matcher> first = {});
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  // What the first stages ask for, in the order they stand: match, then sort, then limit; each may
  // be absent. For the planner.
  struct Leading {
    const Matcher* match = nullptr;
    const SortPattern* sort = nullptr;
    std::optional<std::int64_t> limit;
  };
  Leading leading() const;

  // Which of the leading stages the source has done already.
  struct Done {
    bool match = false;
    bool sort = false;
  };
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source,
                                         Done done = {false, false}) const;

  // Other collections that it reads, each once.
  const std::vector<std::string>& joined_collections() const { return joined_; }
  bool empty() const { return stages_.empty(); }

 private:
  Pipeline();
  std::vector<std::unique_ptr<const Stage>> stages_;
  std::vector<std::string> joined_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_PIPELINE_H_
