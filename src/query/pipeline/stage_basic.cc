// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $match, $sort, $limit, $skip, $count.
#include "quern/base/error.h"
#include "query/pipeline/stage.h"

namespace quern::query {
namespace {

std::int64_t count_of(const bson::Element& spec, std::int64_t least, std::int32_t code) {
  const auto count = spec.whole_number();
  if (!count || *count < least) {
    throw Error(code, "invalid argument to " + std::string(spec.key()) + " stage: Expected a " +
                          (least == 0 ? "non-negative" : "positive") +
                          " number in: " + std::string(spec.key()));
  }
  return *count;
}

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

StagePtr parse_match_stage(const bson::Element& spec, const PipelineContext& context) {
  if (!spec.is_document())
    throw Error(15959, "the match filter must be an expression in an object");
  return std::make_unique<MatchStage>(Matcher::parse(spec.as_document(), context.parse));
}

StagePtr parse_sort_stage(const bson::Element& spec, const PipelineContext& context) {
  if (!spec.is_document()) throw Error(15973, "the $sort key specification must be an object");
  if (spec.as_document().empty()) throw Error(15976, "$sort stage must have at least one sort key");
  return std::make_unique<SortStage>(SortPattern::parse(spec.as_document(), context.parse),
                                     context.memory_limit);
}

StagePtr parse_limit_stage(const bson::Element& spec, const PipelineContext&) {
  if (spec.whole_number() == 0) throw Error(15958, "the limit must be positive");
  return std::make_unique<LimitStage>(count_of(spec, 1, 5107201));
}

StagePtr parse_skip_stage(const bson::Element& spec, const PipelineContext&) {
  return std::make_unique<SkipStage>(count_of(spec, 0, 5107200));
}

StagePtr parse_count_stage(const bson::Element& spec, const PipelineContext&) {
  if (!spec.is_string()) throw Error(40156, "the count field must be a non-empty string");
  const std::string field(spec.as_string());
  if (field.empty()) throw Error(40157, "the count field must be a non-empty string");
  if (field.front() == '$') throw Error(40158, "the count field cannot be a $-prefixed path");
  if (field.find('\0') != field.npos)
    throw Error(40159, "the count field cannot contain a null byte");
  if (field.find('.') != field.npos) throw Error(40160, "the count field cannot contain '.'");
  return std::make_unique<CountStage>(field);
}

}  // namespace quern::query
