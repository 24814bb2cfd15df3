// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "bson/transform.h"
#include "engine/qe/membership.h"
#include "engine/qe/tag_query.h"
#include "language/stage.h"

namespace quern::engine::qe {
namespace {

using bson::Builder;
using bson::Document;
using bson::Element;
using bson::ValueView;
using bson::View;

bool is_operator_document(ValueView value) {
  return value.is_document() && value.as_document().front().key().starts_with('$');
}

// All members in one filter if no two have the same key, else as clauses of an $and.
Document conjunction(const std::vector<Document>& filters) {
  std::vector<std::string_view> keys;
  for (const Document& filter : filters) {
    for (const Element& element : filter) {
      keys.push_back(element.key());
    }
  }
  std::sort(keys.begin(), keys.end());
  Builder out;
  if (std::adjacent_find(keys.begin(), keys.end()) == keys.end()) {
    for (const Document& filter : filters) out.append_all(filter);
  } else {
    out.open_array("$and");
    for (const Document& filter : filters) {
      if (!filter.empty()) out.push(filter);
    }
    out.close();
  }
  return out.finish();
}

// Rewrites the filters of one collection.
class FilterRewriter {
 public:
  FilterRewriter(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                 TooManyTags too_many)
      : state_(op, ns, fields), rules_(op, ns, fields), ns_(ns), too_many_(too_many) {}

  Document filter(View filter) {
    if (!holds_find_payload(filter.as_value())) return Document(filter);
    std::vector<Document> conditions;
    Builder rest;
    for (const Element& element : filter) {
      const std::string_view key = element.key();
      if (!holds_find_payload(element)) {
        rest.append(element);
      } else if ((key == "$and" || key == "$or" || key == "$nor") && element.is_array()) {
        append_clauses(rest, element);
      } else if (key == "$expr") {
        conditions.push_back(expression_filter(element));
      } else if (key.starts_with('$')) {
        rest.append(element);
      } else {
        append_field(key, element, rest, conditions);
      }
    }
    conditions.insert(conditions.begin(), rest.finish());
    return conjunction(conditions);
  }

 private:
  void append_clauses(Builder& out, const Element& clauses) {
    out.open_array(clauses.key());
    for (const Element& clause : clauses.as_array()) {
      if (clause.is_document()) {
        out.push(filter(clause.as_document()));
      } else {
        out.push(clause.value());  // an error that the parser of filters words
      }
    }
    out.close();
  }

  // {path: value} where payloads are somewhere in value. What has none goes to rest.
  void append_field(std::string_view path, ValueView value, Builder& rest,
                    std::vector<Document>& conditions) {
    if (is_find_payload(value)) {
      conditions.push_back(tag_condition(path, {value}, false));
      return;
    }
    if (!is_operator_document(value)) {
      rest.append(path, value);
      return;
    }
    Builder others;
    for (const Element& op : value.as_document()) {
      if (auto condition = operator_condition(path, op)) {
        conditions.push_back(std::move(*condition));
      } else {
        others.append(op);
      }
    }
    if (const Document remaining = others.finish(); !remaining.empty()) {
      rest.append(path, remaining);
    }
  }

  std::optional<Document> operator_condition(std::string_view path, const Element& op) {
    const std::string_view name = op.key();
    if (name == "$eq" || name == "$ne") {
      if (is_find_payload(op)) return tag_condition(path, {op.value()}, name == "$ne");
    } else if (name == "$in" || name == "$nin") {
      if (op.is_array() && holds_find_payload(op)) {
        return tag_condition(path, all_payloads(path, op.as_array()), name == "$nin");
      }
    } else if (name == "$not") {
      if (op.is_document() && holds_find_payload(op)) {
        std::vector<Document> conditions;
        Builder rest;
        append_field(path, op, rest, conditions);
        conditions.insert(conditions.begin(), rest.finish());
        return bson::doc("$nor", bson::array(conjunction(conditions)));
      }
    } else if (name == "$gt" || name == "$gte" || name == "$lt" || name == "$lte") {
      if (is_find_payload(op)) refuse_order_comparison(name, op);
    }
    return std::nullopt;
  }

  static std::vector<ValueView> all_payloads(std::string_view path, View list) {
    std::vector<ValueView> payloads;
    for (const Element& element : list) {
      if (!is_find_payload(element)) {
        throw Error(6329400, fmt::format("If one element of a list for '{}' is encrypted, all must "
                                         "be",
                                         path));
      }
      payloads.push_back(element);
    }
    return payloads;
  }

  std::vector<Tag> tags(std::string_view path, const std::vector<ValueView>& payloads) {
    return query_tags(state_, rules_, ns_, path, payloads, too_many_);
  }

  // {__safeContent__: {$elemMatch: {$in: tags}}}, which unlike a bare $in says of no value that it
  // is the field's: an upsert starts from a document without it.
  Document tag_condition(std::string_view path, const std::vector<ValueView>& payloads,
                         bool negated) {
    Builder out;
    out.open_document(kSafeContent);
    if (negated) out.open_document("$not");
    out.open_document("$elemMatch").open_array("$in");
    append_tags(out, tags(path, payloads));
    out.close().close();
    if (negated) out.close();
    out.close();
    return out.finish();
  }

  // A filter that says what {$expr: expression} says. Conditions that stand alone, or below $and,
  // $or and $not, become conditions on the index; others are evaluated as expressions.
  Document expression_filter(ValueView expression) {
    if (expression.is_document() && expression.as_document().count() == 1 &&
        holds_find_payload(expression)) {
      const View document = expression.as_document();
      const Element only = document.front();
      if (only.key() == "$and" || only.key() == "$or") {
        if (only.is_array()) return expression_clauses(only);
      } else if (only.key() == "$not") {
        const ValueView negated = only.is_array() ? only.as_array().front().value() : only.value();
        return bson::doc("$nor", bson::array(expression_filter(negated)));
      } else if (const auto membership = Membership::of_expression(document)) {
        return tag_condition(membership->path, membership->payloads, membership->negated);
      }
    }
    return with_memberships(bson::doc("$expr", expression));
  }

  Document expression_clauses(const Element& clauses) {
    Builder out;
    out.open_array(clauses.key());
    for (const Element& clause : clauses.as_array()) out.push(expression_filter(clause));
    out.close();
    return out.finish();
  }

  // Expressions with each comparison replaced by a test of __safeContent__.
  Document with_memberships(View expressions) {
    return bson::transform(
        expressions, [this](const Element& expression, bson::EnclosingPath, Builder& out) {
          if (!holds_find_payload(expression) || is_find_payload(expression)) {
            return bson::Edit::kCopy;
          }
          if (!expression.is_document()) return bson::Edit::kEnter;
          const auto membership = Membership::of_expression(expression.as_document());
          if (!membership) return bson::Edit::kEnter;
          append_membership(out, expression.key(), *membership);
          return bson::Edit::kDone;
        });
  }

  // {$anyElementTrue: [{$map: {input: {$ifNull: ["$__safeContent__", []]}, as: "tag",
  //                            in: {$in: ["$$tag", [tags]]}}}]}
  void append_membership(Builder& out, std::string_view key, const Membership& membership) {
    const std::vector<Tag> all = tags(membership.path, membership.payloads);
    out.open_document(key);
    if (membership.negated) out.open_array("$not").push_document();
    out.open_array("$anyElementTrue").push_document().open_document("$map");
    out.open_document("input").open_array("$ifNull");
    out.push(fmt::format("${}", kSafeContent)).push_array().close().close().close();
    out.append("as", "tag");
    out.open_document("in").open_array("$in").push("$$tag").push_array();
    append_tags(out, all);
    out.close().close().close();          // tags, $in, in
    out.close().close().close().close();  // $map, its document, $anyElementTrue, key or $not's
    if (membership.negated) out.close().close();
  }

  StateCollections state_;
  PayloadRules rules_;
  const Namespace& ns_;
  TooManyTags too_many_;
};

// Rewrites the stages of a pipeline, each filter with the schema of the collection it reads.
class PipelineRewriter {
 public:
  PipelineRewriter(Operation& op, EncryptionInformation& information)
      : op_(op), information_(information) {}

  void append_pipeline(Builder& out, std::string_view key, const Namespace& ns,
                       const language::PipelineSpec& pipeline) {
    out.open_array(key);
    for (const language::StageSpec& stage : pipeline) {
      out.push_document();
      append_stage(out, ns, stage);
      out.close();
    }
    out.close();
  }

 private:
  void append_stage(Builder& out, const Namespace& ns, const language::StageSpec& stage) {
    const std::string_view name = stage.operation.key();
    if (!holds_find_payload(stage.operation)) {
      out.append(stage.operation);
    } else if (const auto* match = std::get_if<language::MatchSpec>(&stage.spec)) {
      append_filter(out, name, ns, match->filter);
    } else if (const auto* facet = std::get_if<language::FacetSpec>(&stage.spec)) {
      out.open_document(name);
      for (const auto& output : facet->outputs) {
        append_pipeline(out, output.name, ns, output.pipeline);
      }
      out.close();
    } else if (const auto* lookup = std::get_if<language::LookupSpec>(&stage.spec)) {
      append_join(out, stage.operation, lookup->from, lookup->pipeline);
    } else if (const auto* with = std::get_if<language::UnionWithSpec>(&stage.spec)) {
      append_join(out, stage.operation, with->collection, with->pipeline);
    } else if (const auto* graph = std::get_if<language::GraphLookupSpec>(&stage.spec)) {
      append_graph_lookup(out, stage.operation, *graph);
    } else {
      out.append(stage.operation);
    }
  }

  // A stage with a pipeline over another collection of the database.
  void append_join(Builder& out, const Element& stage, std::optional<std::string_view> collection,
                   const std::optional<language::PipelineSpec>& pipeline) {
    if (!collection || !pipeline) {
      out.append(stage);
      return;
    }
    out.open_document(stage.key());
    for (const Element& member : stage.as_document()) {
      if (member.key() == "pipeline") {
        append_pipeline(out, member.key(), op_.ns(*collection), *pipeline);
      } else {
        out.append(member);
      }
    }
    out.close();
  }

  void append_graph_lookup(Builder& out, const Element& stage,
                           const language::GraphLookupSpec& graph) {
    out.open_document(stage.key());
    for (const Element& member : stage.as_document()) {
      if (member.key() == "restrictSearchWithMatch") {
        append_filter(out, member.key(), op_.ns(graph.from), *graph.restriction);
      } else {
        out.append(member);
      }
    }
    out.close();
  }

  void append_filter(Builder& out, std::string_view key, const Namespace& ns, View filter) {
    if (!holds_find_payload(filter.as_value())) {
      out.append(key, filter);
      return;
    }
    const schema::EncryptedFields* fields = information_.find(ns, stored_fields(op_, ns));
    if (fields == nullptr) {
      throw Error(10026006,
                  fmt::format("The pipeline queries encrypted fields of '{}', for which the "
                              "command has no schema",
                              ns.to_string()));
    }
    out.append(key, rewrite_filter(op_, ns, *fields, filter));
  }

  Operation& op_;
  EncryptionInformation& information_;
};

}  // namespace

Document rewrite_filter(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                        View filter, TooManyTags too_many) {
  return FilterRewriter(op, ns, fields, too_many).filter(filter);
}

bson::Value rewrite_pipeline(Operation& op, const Namespace& ns, EncryptionInformation& information,
                             View pipeline) {
  Builder out;
  PipelineRewriter(op, information)
      .append_pipeline(out, "", ns, language::parse_pipeline(pipeline));
  const Document document = out.finish();
  return bson::Value(document.view().front().value());
}

}  // namespace quern::engine::qe
