// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $lookup: for each document the matching documents of another collection, as an array.
#include <unordered_set>
#include <vector>

#include "language/field_path.h"
#include "quern/base/error.h"
#include "query/expression/expression.h"
#include "query/expression/variables.h"
#include "query/pipeline/stage.h"
#include "query/value/path_walk.h"
#include "query/value/set_field.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

struct Join {
  std::string from;
  FieldPath as;
  std::optional<FieldPath> local_field;
  std::string foreign_field;
  struct Variable {
    std::string name;
    Expression value;
  };
  std::vector<Variable> let;
  bson::Value stages;             // the sub-pipeline, an array
  language::PipelineSpec parsed;  // the same, borrowed from it
  Variables outer;                // from outside, without those that let hides
  PipelineContext context;        // with outer in scope
  std::optional<Pipeline> fixed;  // the sub-pipeline, if it is the same for every document

  // What the sub-pipeline sees, when value_of(Variable) are the values of let.
  template <class ValueOf>
  Variables variables(ValueOf value_of) const {
    Variables all{{}, outer.missing};
    bson::Builder values;
    values.append_all(outer.values);
    for (const Variable& variable : let) {
      const Datum value = value_of(variable);
      if (value.missing()) {
        all.missing.push_back(variable.name);
      } else {
        values.append(variable.name, value.view());
      }
    }
    all.values = values.finish();
    return all;
  }
};

Variables outer_variables(const ParseContext& context, const std::vector<Join::Variable>& hiding) {
  std::unordered_set<std::string_view> hidden;
  for (const Join::Variable& variable : hiding) hidden.insert(variable.name);
  Variables outer;
  bson::Builder values;
  for (const bson::Element& variable : context.let) {
    if (!hidden.contains(variable.key())) values.append(variable);
  }
  outer.values = values.finish();
  for (const std::string& name : context.let_missing) {
    if (!hidden.contains(name)) outer.missing.push_back(name);
  }
  return outer;
}

class LookupStream : public DocumentStream {
 public:
  LookupStream(std::unique_ptr<DocumentStream> source, std::shared_ptr<const Join> spec)
      : source_(std::move(source)), spec_(std::move(spec)) {}

  std::optional<bson::View> next() override {
    const auto document = source_->next();
    if (!document) return std::nullopt;
    joined_.clear();
    const bson::View found = join(*document);
    out_.clear();
    append_with_field(*document, spec_->as, found.as_value(bson::Type::kArray), out_);
    return out_.finish();
  }

 private:
  static constexpr std::size_t kMaxJoined = 16 * 1024 * 1024;

  bson::View join(bson::View document) {
    std::optional<Pipeline> own;
    if (!spec_->fixed) own = pipeline_for(document);
    const auto stream = spec_->context.lookup(spec_->from, own ? *own : *spec_->fixed);
    while (const auto match = stream->next()) {
      joined_.push(match->as_value());
      if (joined_.size() > kMaxJoined) {
        throw Error(4568, "Total size of documents in " + spec_->from +
                              " matching pipeline's $lookup stage exceeds " +
                              std::to_string(kMaxJoined) + " bytes");
      }
    }
    return joined_.finish();
  }

  // The sub-pipeline with the equality and the variables of this document as constants, so that the
  // planner sees them.
  Pipeline pipeline_for(bson::View document) {
    evaluation_.reset();
    const Variables variables = spec_->variables([&](const Join::Variable& variable) {
      return variable.value.evaluate(document, evaluation_);
    });
    PipelineContext context = spec_->context;
    variables.enter(context.parse);
    std::optional<Matcher> equality;
    if (spec_->local_field) equality = equality_with(document);
    return Pipeline::make(spec_->parsed, context, std::move(equality));
  }

  // {foreignField: one of the values of localField}. An array stands for its members, which may be
  // arrays themselves; where there is no value, or only an empty array, null is looked for.
  Matcher equality_with(bson::View document) const {
    Writer values;
    bool any = false;
    const auto add = [&](bson::ValueView value) {
      any = true;
      const bool nothing = value.missing() || value.type() == bson::Type::kUndefined;
      values.push(nothing ? kNull : value);
    };
    walk(*spec_->local_field, document, LeafArrays::kWhole,
         [&](bson::ValueView value, std::size_t) {
           if (value.is_array()) {
             for (const bson::Element& member : value.as_array()) add(member.value());
           } else {
             add(value);
           }
           return false;
         });
    if (!any) values.push(kNull);
    return Matcher::equal_to_any(spec_->foreign_field, values.finish());
  }

  std::unique_ptr<DocumentStream> source_;
  std::shared_ptr<const Join> spec_;
  Evaluation evaluation_;
  Writer joined_;
  Writer out_;
};

class LookupStage : public Stage {
 public:
  explicit LookupStage(std::shared_ptr<const Join> spec) : spec_(std::move(spec)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    if (!spec_->context.lookup) {
      throw Error(ErrorCode::kCommandNotSupported, "$lookup is not available here");
    }
    return std::make_unique<LookupStream>(std::move(source), spec_);
  }

 private:
  std::shared_ptr<const Join> spec_;
};

}  // namespace

StagePtr make_stage(const language::LookupSpec& lookup, const PipelineContext& context) {
  if (!lookup.from) {
    throw Error(ErrorCode::kFailedToParse, "must specify 'from' field for a $lookup");
  }
  if (!lookup.stages && !lookup.local_field) {
    throw Error(ErrorCode::kFailedToParse,
                "$lookup requires either 'pipeline' or both 'localField' and "
                "'foreignField' to be specified");
  }
  auto spec = std::make_shared<Join>();
  spec->context = context;
  spec->from = *lookup.from;
  language::check_field_path(lookup.as);
  spec->as = FieldPath(lookup.as);
  if (lookup.local_field) {
    language::check_field_path(*lookup.local_field);
    spec->local_field.emplace(*lookup.local_field);
    language::check_field_path(*lookup.foreign_field);
    spec->foreign_field = *lookup.foreign_field;
  }
  for (const language::Field& variable : lookup.let) {
    spec->let.push_back(
        {std::string(variable.name), Expression::of(variable.value, context.parse)});
  }
  spec->stages = lookup.stages ? bson::Value(lookup.stages.value()) : bson::array();
  spec->parsed = language::parse_pipeline(spec->stages.view().as_array());
  // Made once now, for its errors; no variable has a value yet.
  spec->outer = outer_variables(context.parse, spec->let);
  spec->outer.enter(spec->context.parse);
  const Variables variables = spec->variables([](const Join::Variable&) { return Datum(); });
  PipelineContext sub_context = spec->context;
  variables.enter(sub_context.parse);
  Pipeline checked = Pipeline::make(spec->parsed, sub_context);
  if (!spec->local_field && spec->let.empty()) spec->fixed = std::move(checked);
  return std::make_unique<LookupStage>(std::move(spec));
}

}  // namespace quern::query
