// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One stage of a pipeline. A stage is a class and a function that makes it of its typed value, in
// the file of its family, and a case of the switch in pipeline.cc.
#ifndef QUERN_QUERY_PIPELINE_STAGE_H_
#define QUERN_QUERY_PIPELINE_STAGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "language/stage.h"
#include "query/pipeline/pipeline.h"
#include "query/pipeline/sorted_stream.h"
#include "query/pipeline/stream.h"

namespace quern::query {

// Immutable once it is made.
class Stage {
 public:
  virtual ~Stage() = default;
  // The stage's output over source.
  virtual std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const = 0;

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

// stage_basic.cc
StagePtr make_stage(const language::MatchSpec&, const PipelineContext&);
StagePtr make_stage(const language::SortSpec&, const PipelineContext&);
StagePtr make_stage(const language::LimitSpec&, const PipelineContext&);
StagePtr make_stage(const language::SkipSpec&, const PipelineContext&);
StagePtr make_stage(const language::CountSpec&, const PipelineContext&);
// stage_shape.cc
StagePtr make_stage(const language::ProjectSpec&, const PipelineContext&);
StagePtr make_stage(const language::AddFieldsSpec&, const PipelineContext&);
StagePtr make_stage(const language::UnsetSpec&, const PipelineContext&);
StagePtr make_stage(const language::ReplaceRootSpec&, const PipelineContext&);
// stage_unwind.cc
StagePtr make_stage(const language::UnwindSpec&, const PipelineContext&);
// stage_group.cc
StagePtr make_stage(const language::GroupSpec&, const PipelineContext&);
StagePtr make_stage(const language::SortByCountSpec&, const PipelineContext&);
// stage_lookup.cc
StagePtr make_stage(const language::LookupSpec&, const PipelineContext&);
// stage_facet.cc
StagePtr make_stage(const language::FacetSpec&, const PipelineContext&);

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_STAGE_H_
