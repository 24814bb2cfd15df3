// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $lookup: for each document the matching documents of another collection, as an array.
#include <algorithm>

#include "quern/base/error.h"
#include "query/expression.h"
#include "query/expression_parser.h"
#include "query/path_walk.h"
#include "query/set_field.h"
#include "query/stage.h"

namespace quern::query {
namespace {

struct LookupSpec {
  std::string from;
  Path as;
  std::optional<Path> local_field;
  std::string foreign_field;
  struct Variable {
    std::string name;
    Expression value;
  };
  std::vector<Variable> let;
  bson::Value stages;             // the sub-pipeline, an array
  bson::Document outer_let;       // variables from outside, which it sees too
  PipelineContext context;        // its let refers to outer_let
  std::optional<Pipeline> fixed;  // the sub-pipeline, if it is the same for every document
};

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
    bson::Builder let;
    let.append_all(spec_->outer_let);
    evaluation_.reset();
    for (const LookupSpec::Variable& variable : spec_->let) {
      const Datum value = variable.value.evaluate(document, evaluation_);
      if (value.missing()) {
        let.append(variable.name, bson::Undefined{});  // known, but without a value
      } else {
        let.append(variable.name, value.view());
      }
    }
    const bson::Document variables = let.finish();
    PipelineContext context = spec_->context;
    context.parse.let = variables;
    bson::Builder stages;
    stages.open_array("p");
    if (spec_->local_field) stages.push(bson::doc("$match", equality(document)));
    for (const bson::Element& stage : spec_->stages.view().as_array()) stages.push(stage.value());
    stages.close();
    const bson::Document wrapped = stages.finish();
    return Pipeline::parse(wrapped["p"].as_array(), context);
  }

  // {foreignField: one of the values of localField}. A regular expression is a value here.
  bson::Document equality(bson::View document) const {
    bson::Builder values;
    values.open_array("values");
    std::vector<bson::ValueView> regexes;
    bool any = false;
    walk(*spec_->local_field, document, LeafArrays::kExpand,
         [&](bson::ValueView value, std::size_t) {
           any = true;
           if (value.is_array()) return false;  // its members came before
           if (value.type() == bson::Type::kRegex) {
             regexes.push_back(value);
           } else if (value.missing() || value.type() == bson::Type::kUndefined) {
             values.push(bson::Null{});
           } else {
             values.push(value);
           }
           return false;
         });
    if (!any) values.push(bson::Null{});
    values.close();
    const bson::Document list = values.finish();
    bson::Document in = bson::doc(spec_->foreign_field, bson::doc("$in", list["values"].value()));
    if (regexes.empty()) return in;
    bson::Builder either;
    either.open_array("$or").push(in);
    for (const bson::ValueView regex : regexes) {
      either.push(bson::doc(spec_->foreign_field, bson::doc("$eq", regex)));
    }
    either.close();
    return either.finish();
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
  spec->outer_let = bson::Document(context.parse.let);
  spec->context = context;
  spec->context.parse.let = spec->outer_let.view();
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
  spec->as = Path(as);
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
  // Parsed once now, for its errors and for the collections that it joins itself; a variable counts
  // as undefined.
  bson::Builder let;
  let.append_all(spec->outer_let);
  for (const LookupSpec::Variable& variable : spec->let)
    let.append(variable.name, bson::Undefined{});
  const bson::Document variables = let.finish();
  PipelineContext sub_context = spec->context;
  sub_context.parse.let = variables;
  Pipeline checked = Pipeline::parse(spec->stages.view().as_array(), sub_context);
  std::vector<std::string> joined = checked.joined_collections();
  joined.insert(joined.begin(), spec->from);
  if (!spec->local_field && spec->let.empty()) spec->fixed = std::move(checked);
  return std::make_unique<LookupStage>(std::move(spec), std::move(joined));
}

}  // namespace quern::query
