// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $lookup: for each document the matching documents of another collection, as an array.
#include <unordered_set>
#include <vector>

#include "quern/base/error.h"
#include "query/expression/expression.h"
#include "query/expression/expression_parser.h"
#include "query/pipeline/stage.h"
#include "query/value/path_walk.h"
#include "query/value/set_field.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

// Variables in scope: values, and names of those without one.
struct Variables {
  bson::Document values;
  std::vector<std::string> missing;

  // As long as this object lives unchanged.
  void enter(ParseContext& context) const {
    context.let = values;
    context.let_missing = missing;
  }
};

struct LookupSpec {
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

Variables outer_variables(const ParseContext& context,
                          const std::vector<LookupSpec::Variable>& hiding) {
  std::unordered_set<std::string_view> hidden;
  for (const LookupSpec::Variable& variable : hiding) hidden.insert(variable.name);
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
  LookupStream(std::unique_ptr<DocumentStream> source, std::shared_ptr<const LookupSpec> spec)
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
    const Variables variables = spec_->variables([&](const LookupSpec::Variable& variable) {
      return variable.value.evaluate(document, evaluation_);
    });
    PipelineContext context = spec_->context;
    variables.enter(context.parse);
    std::optional<Matcher> equality;
    if (spec_->local_field) equality = equality_with(document);
    return Pipeline::parse(spec_->stages.view().as_array(), context, std::move(equality));
  }

  // {foreignField: one of the values of localField}
  Matcher equality_with(bson::View document) const {
    Writer values;
    bool any = false;
    walk(*spec_->local_field, document, LeafArrays::kExpand,
         [&](bson::ValueView value, std::size_t) {
           any = true;
           if (value.is_array()) return false;  // its members came before
           const bool nothing = value.missing() || value.type() == bson::Type::kUndefined;
           values.push(nothing ? kNull : value);
           return false;
         });
    if (!any) values.push(kNull);
    return Matcher::equal_to_any(spec_->foreign_field, values.finish());
  }

  std::unique_ptr<DocumentStream> source_;
  std::shared_ptr<const LookupSpec> spec_;
  Evaluation evaluation_;
  Writer joined_;
  Writer out_;
};

class LookupStage : public Stage {
 public:
  LookupStage(std::shared_ptr<const LookupSpec> spec, std::vector<std::string> joined)
      : spec_(std::move(spec)), joined_(std::move(joined)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    if (!spec_->context.lookup) {
      throw Error(ErrorCode::kCommandNotSupported, "$lookup is not available here");
    }
    return std::make_unique<LookupStream>(std::move(source), spec_);
  }
  void joined(std::vector<std::string>& names) const override {
    names.insert(names.end(), joined_.begin(), joined_.end());
  }

 private:
  std::shared_ptr<const LookupSpec> spec_;
  std::vector<std::string> joined_;
};

std::string string_option(const bson::Element& option) {
  if (!option.is_string()) {
    throw Error(ErrorCode::kFailedToParse, "$lookup argument '" + std::string(option.key()) +
                                               "' must be a string, is type " +
                                               std::string(bson::alias(option.type())));
  }
  return std::string(option.as_string());
}

}  // namespace

StagePtr parse_lookup_stage(const bson::Element& stage, const PipelineContext& context) {
  constexpr auto kFailedToParse = ErrorCode::kFailedToParse;
  if (!stage.is_document()) {
    throw Error(kFailedToParse, "the $lookup specification must be an Object");
  }
  auto spec = std::make_shared<LookupSpec>();
  spec->context = context;
  spec->stages = bson::array();
  bool has_pipeline = false;
  std::string as;
  for (const bson::Element& option : stage.as_document()) {
    if (option.key() == "from") {
      spec->from = string_option(option);
    } else if (option.key() == "as") {
      as = string_option(option);
    } else if (option.key() == "localField") {
      spec->local_field.emplace(string_option(option));
      check_field_path(spec->local_field->text());
    } else if (option.key() == "foreignField") {
      spec->foreign_field = string_option(option);
      check_field_path(spec->foreign_field);
    } else if (option.key() == "let") {
      if (!option.is_document()) {
        throw Error(kFailedToParse, "$lookup argument 'let' must be an object");
      }
      for (const bson::Element& variable : option.as_document()) {
        ExpressionParser::check_variable_name(variable.key());
        spec->let.push_back(
            {std::string(variable.key()), Expression::parse(variable.value(), context.parse)});
      }
    } else if (option.key() == "pipeline") {
      if (!option.is_array())
        throw Error(kFailedToParse, "$lookup argument 'pipeline' must be an array");
      has_pipeline = true;
      spec->stages = bson::Value(option.value());
    } else {
      throw Error(kFailedToParse, "unknown argument to $lookup: " + std::string(option.key()));
    }
  }
  if (as.empty()) throw Error(kFailedToParse, "must specify 'as' field for a $lookup");
  check_field_path(as);
  spec->as = FieldPath(as);
  if (spec->from.empty()) throw Error(kFailedToParse, "must specify 'from' field for a $lookup");
  if (spec->local_field.has_value() == spec->foreign_field.empty()) {
    throw Error(kFailedToParse,
                "$lookup requires both 'localField' and 'foreignField', or neither");
  }
  if (!has_pipeline && !spec->local_field) {
    throw Error(kFailedToParse,
                "$lookup requires either 'pipeline' or both 'localField' and "
                "'foreignField' to be specified");
  }
  // Parsed once now, for its errors and for the collections that it joins itself; no variable has a
  // value yet.
  spec->outer = outer_variables(context.parse, spec->let);
  spec->outer.enter(spec->context.parse);
  const Variables variables = spec->variables([](const LookupSpec::Variable&) { return Datum(); });
  PipelineContext sub_context = spec->context;
  variables.enter(sub_context.parse);
  Pipeline checked = Pipeline::parse(spec->stages.view().as_array(), sub_context);
  std::vector<std::string> joined = checked.joined_collections();
  joined.insert(joined.begin(), spec->from);
  if (!spec->local_field && spec->let.empty()) spec->fixed = std::move(checked);
  return std::make_unique<LookupStage>(std::move(spec), std::move(joined));
}

}  // namespace quern::query
