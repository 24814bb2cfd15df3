// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/update/update.h"

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/pipeline/pipeline.h"
#include "query/update/update_parser.h"
#include "query/update/upsert.h"
#include "query/value/path_walk.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

bool is_allowed_in_updates(language::StageId id) {
  using enum language::StageId;
  return id == kAddFields || id == kSet || id == kProject || id == kUnset || id == kReplaceRoot ||
         id == kReplaceWith;
}

[[noreturn]] void immutable_id() {
  throw Error(ErrorCode::kImmutableField,
              "Performing an update on the path '_id' would modify the immutable field '_id'");
}

// The document with its _id, if it has one, in front.
bson::Document with_id_first(bson::View document) {
  const bson::Element id = find_field(document, "_id");
  if (!id || document.front().key() == "_id") return bson::Document(document);
  bson::Builder out;
  out.append(id);
  for (const bson::Element& element : document) {
    if (element.key() != "_id") out.append(element);
  }
  return out.finish();
}

void check_id(bson::ValueView id) {
  if (id.type() == bson::Type::kArray || id.type() == bson::Type::kRegex ||
      id.type() == bson::Type::kUndefined) {
    throw Error(ErrorCode::kInvalidIdField,
                "The '_id' value cannot be of type " + std::string(bson::alias(id.type())));
  }
}

}  // namespace

class Update::Impl {
 public:
  virtual ~Impl() = default;
  enum class Kind { kOperators, kReplacement, kPipeline };
  virtual Kind kind() const = 0;
  // The new document, not yet checked. changed: whether it may differ from the old one.
  virtual bson::Document transform(bson::View document, const Matcher& filter, bool inserting,
                                   bool& changed) const = 0;
};

namespace {

class OperatorUpdate : public Update::Impl {
 public:
  OperatorUpdate(bson::View operators, bson::View array_filters, const ParseContext& context)
      : filters_(parse_array_filters(array_filters, context)) {
    UpdateParser(tree_, filters_, context).parse(operators);
    uses_position_ = uses_position(tree_);
  }
  Kind kind() const override { return Kind::kOperators; }

  bson::Document transform(bson::View document, const Matcher& filter, bool inserting,
                           bool& changed) const override {
    UpdateContext context;
    context.root = document;
    context.inserting = inserting;
    if (uses_position_ && !inserting) {
      ArrayPosition position;
      if (filter.matches(document, position)) context.position = position.index;
    }
    Writer out;
    changed = apply_update(tree_, document, out, context);
    return changed ? out.finish_document() : bson::Document(document);
  }

 private:
  static bool uses_position(const UpdateNode& node) {
    for (const auto& [name, child] : node.children) {
      if (name == "$" || uses_position(*child.node)) return true;
    }
    return false;
  }

  ArrayFilters filters_;
  UpdateNode tree_;
  bool uses_position_ = false;
};

class Replacement : public Update::Impl {
 public:
  explicit Replacement(bson::View replacement) : replacement_(replacement) {
    for (const bson::Element& element : replacement) {
      if (element.key().starts_with('$')) {
        throw Error(ErrorCode::kDollarPrefixedFieldName,
                    "The dollar ($) prefixed field '" + std::string(element.key()) +
                        "' is not allowed in the context of an update's replacement document. "
                        "Consider using an aggregation pipeline with $replaceWith.");
      }
    }
  }
  Kind kind() const override { return Kind::kReplacement; }

  bson::Document transform(bson::View document, const Matcher&, bool,
                           bool& changed) const override {
    changed = true;
    const bson::Element old_id = find_field(document, "_id");
    const bson::Element new_id = find_field(replacement_, "_id");
    bson::Builder out;
    if (new_id) {
      out.append(new_id);
    } else if (old_id) {
      out.append(old_id);
    }
    for (const bson::Element& element : replacement_.view()) {
      if (element.key() != "_id") out.append(element);
    }
    return out.finish();
  }

 private:
  bson::Document replacement_;
};

class PipelineUpdate : public Update::Impl {
 public:
  PipelineUpdate(bson::View stages, const ParseContext& context)
      : pipeline_(made(language::parse_pipeline(stages), context)) {}
  Kind kind() const override { return Kind::kPipeline; }

  bson::Document transform(bson::View document, const Matcher&, bool,
                           bool& changed) const override {
    changed = true;
    std::vector<bson::Document> one;
    one.emplace_back(document);
    const auto out = pipeline_.attach(stream_of(std::move(one)));
    const auto result = out->next();
    // A pipeline that drops _id keeps it all the same.
    const bson::Element id = find_field(document, "_id");
    if (!id || find_field(*result, "_id")) return bson::Document(*result);
    bson::Builder with_id;
    with_id.append(id).append_all(*result);
    return with_id.finish();
  }

 private:
  static Pipeline made(const language::PipelineSpec& stages, const ParseContext& context) {
    for (const language::StageSpec& stage : stages) {
      if (is_allowed_in_updates(stage.id)) continue;
      throw Error(ErrorCode::kInvalidOptions, std::string(language::name(stage.id)) +
                                                  " is not allowed to be used within an update");
    }
    return Pipeline::make(stages, {context, {}, kStageMemoryLimit});
  }

  Pipeline pipeline_;
};

}  // namespace

Update Update::parse(bson::ValueView u, bson::View array_filters, const ParseContext& context) {
  if (u.is_array()) {
    if (!array_filters.empty()) {
      throw Error(ErrorCode::kFailedToParse,
                  "arrayFilters may not be specified for pipeline-style updates");
    }
    return Update(std::make_shared<PipelineUpdate>(u.as_array(), context));
  }
  if (!u.is_document()) {
    throw Error(ErrorCode::kFailedToParse, "Update argument must be either an object or an array");
  }
  const bson::View document = u.as_document();
  if (!document.front().key().starts_with('$')) {
    if (!array_filters.empty()) {
      throw Error(ErrorCode::kFailedToParse,
                  "arrayFilters may not be specified for replacement-style updates");
    }
    return Update(std::make_shared<Replacement>(document));
  }
  return Update(std::make_shared<OperatorUpdate>(document, array_filters, context));
}

Update::Outcome Update::apply(bson::View document, const Matcher& filter) const {
  Outcome outcome;
  bool changed = false;
  outcome.document = impl_->transform(document, filter, /*inserting=*/false, changed);
  const bson::View result = outcome.document.view();
  outcome.modified = changed && !(result == document);
  if (!outcome.modified) return outcome;
  check_depth(result.as_value());
  const bson::Element old_id = find_field(document, "_id");
  const bson::Element new_id = find_field(result, "_id");
  if (old_id.missing() != new_id.missing() || bson::compare(old_id.value(), new_id.value()) != 0) {
    if (old_id) immutable_id();
    check_id(new_id);
  }
  return outcome;
}

bson::Document Update::apply_upsert(const Matcher& filter) const {
  const bool replaces = is_replacement();
  const bson::Document seed = upsert_seed(filter.filter(), replaces);
  bool changed = false;
  const bson::Document result = impl_->transform(seed, filter, /*inserting=*/true, changed);
  const bson::Element seeded_id = find_field(seed, "_id");
  const bson::Element id = find_field(result, "_id");
  if (seeded_id && (id.missing() || bson::compare(seeded_id.value(), id.value()) != 0)) {
    immutable_id();
  }
  if (id) check_id(id);
  check_depth(result.view().as_value());
  return with_id_first(result);
}

bool Update::is_replacement() const { return impl_->kind() == Impl::Kind::kReplacement; }
bool Update::is_pipeline() const { return impl_->kind() == Impl::Kind::kPipeline; }

}  // namespace quern::query
