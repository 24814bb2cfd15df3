// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $match, $sort, $limit, $skip, $count.
#include "query/pipeline/stage.h"

namespace quern::query {
namespace {

class CountStream : public DocumentStream {
 public:
  CountStream(std::unique_ptr<DocumentStream> source, std::string field)
      : source_(std::move(source)), field_(std::move(field)) {}
  std::optional<bson::View> next() override {
    if (source_ == nullptr) return std::nullopt;
    std::int64_t count = 0;
    while (source_->next()) ++count;
    source_.reset();
    if (count == 0) return std::nullopt;
    result_ = count <= INT32_MAX ? bson::doc(field_, static_cast<std::int32_t>(count))
                                 : bson::doc(field_, count);
    return result_.view();
  }

 private:
  std::unique_ptr<DocumentStream> source_;  // null once it is counted
  std::string field_;
  bson::Document result_;
};

class CountStage : public Stage {
 public:
  explicit CountStage(std::string field) : field_(std::move(field)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return std::make_unique<CountStream>(std::move(source), field_);
  }

 private:
  std::string field_;
};

}  // namespace

StagePtr make_stage(const language::MatchSpec& spec, const PipelineContext& context) {
  return std::make_unique<MatchStage>(Matcher::parse(spec.filter, context.parse));
}

StagePtr make_stage(const language::SortSpec& spec, const PipelineContext& context) {
  return std::make_unique<SortStage>(SortPattern::parse(spec.pattern, context.parse),
                                     context.memory_limit);
}

StagePtr make_stage(const language::LimitSpec& spec, const PipelineContext&) {
  return std::make_unique<LimitStage>(spec.count);
}

StagePtr make_stage(const language::SkipSpec& spec, const PipelineContext&) {
  return std::make_unique<SkipStage>(spec.count);
}

StagePtr make_stage(const language::CountSpec& spec, const PipelineContext&) {
  return std::make_unique<CountStage>(std::string(spec.field));
}

}  // namespace quern::query
