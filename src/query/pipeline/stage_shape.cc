// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $project, $addFields and $set, $unset, $replaceRoot and $replaceWith.
#include "quern/base/error.h"
#include "query/expression/expression.h"
#include "query/pipeline/stage.h"

namespace quern::query {
namespace {

class ProjectStage : public Stage {
 public:
  explicit ProjectStage(Projection projection) : projection_(std::move(projection)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return projected(std::move(source), projection_);
  }

 private:
  Projection projection_;
};

class ReplaceRootStream : public DocumentStream {
 public:
  ReplaceRootStream(std::unique_ptr<DocumentStream> source, Expression new_root)
      : source_(std::move(source)), new_root_(std::move(new_root)) {}
  std::optional<bson::View> next() override {
    const auto document = source_->next();
    if (!document) return std::nullopt;
    evaluation_.reset();
    const Datum root = new_root_.evaluate(*document, evaluation_);
    if (root.type() != bson::Type::kDocument) {
      throw Error(40228,
                  "'newRoot' expression must evaluate to an object, but resulting value was of "
                  "type: " +
                      std::string(bson::alias(root.type())));
    }
    return root.view().as_document();
  }

 private:
  std::unique_ptr<DocumentStream> source_;
  Expression new_root_;
  Evaluation evaluation_;
};

class ReplaceRootStage : public Stage {
 public:
  explicit ReplaceRootStage(Expression new_root) : new_root_(std::move(new_root)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return std::make_unique<ReplaceRootStream>(std::move(source), new_root_);
  }

 private:
  Expression new_root_;
};

}  // namespace

StagePtr make_stage(const language::ProjectSpec& spec, const PipelineContext& context) {
  return std::make_unique<ProjectStage>(Projection::parse_project(spec.projection, context.parse));
}

StagePtr make_stage(const language::AddFieldsSpec& spec, const PipelineContext& context) {
  return std::make_unique<ProjectStage>(Projection::parse_add_fields(spec.fields, context.parse));
}

StagePtr make_stage(const language::UnsetSpec& spec, const PipelineContext& context) {
  bson::Builder exclusion;
  for (const std::string_view path : spec.paths) exclusion.append(path, false);
  return std::make_unique<ProjectStage>(
      Projection::parse_project(exclusion.finish().view(), context.parse));
}

StagePtr make_stage(const language::ReplaceRootSpec& spec, const PipelineContext& context) {
  return std::make_unique<ReplaceRootStage>(Expression::of(spec.new_root, context.parse));
}

}  // namespace quern::query
