// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One stage of a pipeline. A stage is a class and a parse function in the file of its family, and a
// line in the table in pipeline.cc.
#ifndef QUERN_QUERY_PIPELINE_STAGE_H_
#define QUERN_QUERY_PIPELINE_STAGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/pipeline/pipeline.h"
#include "query/pipeline/sorted_stream.h"
#include "query/pipeline/stream.h"

namespace quern::query {

// Immutable after parse.
class Stage {
 public:
  virtual ~Stage() = default;
  // The stage's output over source.
  virtual std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const = 0;
  // Other collections that it reads.
  virtual void joined(std::vector<std::string>&) const {}

  // What an index may do in its place, or may stop early for: the filter of a $match, the order of
  // a $sort, the numbers of a $limit and of a $skip; nothing for other stages.
  virtual const Matcher* match() const { return nullptr; }
  virtual const SortPattern* sort() const { return nullptr; }
  virtual std::optional<std::int64_t> limit() const { return std::nullopt; }
  virtual std::optional<std::int64_t> skip() const { return std::nullopt; }
  // The following stages take at most so many of its documents.
  virtual void keep_first(std::int64_t) {}
};

class MatchStage : public Stage {
 public:
  explicit MatchStage(Matcher matcher) : matcher_(std::move(matcher)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return filtered(std::move(source), matcher_);
  }
  const Matcher* match() const override { return &matcher_; }

 private:
  Matcher matcher_;
};

class LimitStage : public Stage {
 public:
  explicit LimitStage(std::int64_t count) : count_(count) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return limited(std::move(source), count_);
  }
  std::optional<std::int64_t> limit() const override { return count_; }

 private:
  std::int64_t count_;
};

class SkipStage : public Stage {
 public:
  explicit SkipStage(std::int64_t count) : count_(count) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return skipped(std::move(source), count_);
  }
  std::optional<std::int64_t> skip() const override { return count_; }

 private:
  std::int64_t count_;
};

class SortStage : public Stage {
 public:
  SortStage(SortPattern pattern, std::size_t memory_limit)
      : pattern_(std::move(pattern)), memory_limit_(memory_limit) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return sorted(std::move(source), pattern_, limit_, memory_limit_);
  }
  const SortPattern* sort() const override { return &pattern_; }
  void keep_first(std::int64_t count) override { limit_ = count; }

 private:
  SortPattern pattern_;
  std::optional<std::int64_t> limit_;
  std::size_t memory_limit_;
};

using StagePtr = std::unique_ptr<Stage>;
using StageParser = StagePtr (*)(const bson::Element& spec, const PipelineContext& context);

// stage_basic.cc
StagePtr parse_match_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_sort_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_limit_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_skip_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_count_stage(const bson::Element&, const PipelineContext&);
// stage_shape.cc
StagePtr parse_project_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_add_fields_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_unset_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_replace_root_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_replace_with_stage(const bson::Element&, const PipelineContext&);
// stage_unwind.cc
StagePtr parse_unwind_stage(const bson::Element&, const PipelineContext&);
// stage_group.cc
StagePtr parse_group_stage(const bson::Element&, const PipelineContext&);
StagePtr parse_sort_by_count_stage(const bson::Element&, const PipelineContext&);
// stage_lookup.cc
StagePtr parse_lookup_stage(const bson::Element&, const PipelineContext&);
// stage_facet.cc
StagePtr parse_facet_stage(const bson::Element&, const PipelineContext&);

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_STAGE_H_
