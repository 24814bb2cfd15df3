// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $project, $addFields and $set, $unset, $replaceRoot and $replaceWith.
#include "quern/base/error.h"
#include "query/expression/expression.h"
#include "query/expression/expression_parser.h"
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

StagePtr parse_project_stage(const bson::Element& spec, const PipelineContext& context) {
  if (!spec.is_document()) throw Error(15969, "$project specification must be an object");
  return std::make_unique<ProjectStage>(
      Projection::parse_project(spec.as_document(), context.parse));
}

StagePtr parse_add_fields_stage(const bson::Element& spec, const PipelineContext& context) {
  if (!spec.is_document()) {
    throw Error(40272, std::string(spec.key()) + " specification stage must be an object");
  }
  return std::make_unique<ProjectStage>(
      Projection::parse_add_fields(spec.as_document(), context.parse));
}

StagePtr parse_unset_stage(const bson::Element& spec, const PipelineContext& context) {
  bson::Builder exclusion;
  const auto exclude = [&](bson::ValueView path) {
    if (!path.is_string()) {
      throw Error(31120,
                  "$unset specification must be a string or an array containing only string "
                  "values");
    }
    exclusion.append(path.as_string(), false);
  };
  if (spec.is_array()) {
    if (spec.as_array().empty()) {
      throw Error(31119,
                  "$unset specification must be a string or an array with at least one field");
    }
    for (const bson::Element& path : spec.as_array()) exclude(path.value());
  } else if (spec.is_string()) {
    exclude(spec.value());
  } else {
    throw Error(31002, "$unset specification must be a string or an array");
  }
  return std::make_unique<ProjectStage>(
      Projection::parse_project(exclusion.finish().view(), context.parse));
}

StagePtr parse_replace_root_stage(const bson::Element& spec, const PipelineContext& context) {
  const ExpressionParser::Named named(spec, {"newRoot"}, 40229, 40415);
  return std::make_unique<ReplaceRootStage>(
      Expression::parse(named.required("newRoot", 40231).value(), context.parse));
}

StagePtr parse_replace_with_stage(const bson::Element& spec, const PipelineContext& context) {
  return std::make_unique<ReplaceRootStage>(Expression::parse(spec.value(), context.parse));
}

}  // namespace quern::query
