// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The tree that a projection is parsed into: a node a path component, leaves that say what happens
// to the value there.
#ifndef QUERN_QUERY_PIPELINE_PROJECTION_NODE_H_
#define QUERN_QUERY_PIPELINE_PROJECTION_NODE_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "query/expression/evaluation.h"
#include "query/expression/expression.h"
#include "query/expression/expression_node.h"
#include "query/match/match.h"
#include "query/pipeline/projection.h"
#include "query/value/field_path.h"

namespace quern::query {

struct ProjectionNode {
  enum class Kind {
    kInner,      // a document to go into
    kInclude,    // as it is
    kExclude,    // left out
    kComputed,   // the value of an expression
    kSlice,      // part of an array
    kElemMatch,  // the first member of an array that matches
  };
  struct Child {
    std::string name;
    std::unique_ptr<ProjectionNode> node;
  };

  Kind kind = Kind::kInner;
  std::deque<Child> children;            // of kInner, in the order of the specification
  bool computes = false;                 // kInner: has a computed leaf somewhere below
  std::optional<Expression> expression;  // of kComputed
  std::int64_t skip = 0;                 // of kSlice: from the end if negative
  std::optional<std::int64_t> limit;     // of kSlice: none for "the last -skip"
  std::optional<Matcher> matcher;        // of kElemMatch

  ProjectionNode* find(std::string_view name) const {
    if (children.size() > kSearched) {
      const auto found = index_.find(name);
      return found == index_.end() ? nullptr : found->second;
    }
    for (const Child& child : children) {
      if (child.name == name) return child.node.get();
    }
    return nullptr;
  }
  // name must be new.
  ProjectionNode* add(std::string name, std::unique_ptr<ProjectionNode> node) {
    children.push_back({std::move(name), std::move(node)});
    if (children.size() > kSearched) {
      for (std::size_t i = index_.size(); i < children.size(); ++i) {
        index_.emplace(children[i].name, children[i].node.get());
      }
    }
    return children.back().node.get();
  }

 private:
  static constexpr std::size_t kSearched = 8;
  std::unordered_map<std::string_view, ProjectionNode*> index_;  // empty: few children
};

class Projection::Impl {
 public:
  enum class Mode { kInclusion, kExclusion, kAddFields };

  void apply(bson::View document, Writer& out, Evaluation& evaluation) const;

  Mode mode = Mode::kInclusion;
  ProjectionNode root;
  // "a.$": the path of the array, and the filter that tells which member matched.
  std::optional<FieldPath> positional;
  std::optional<Matcher> filter;

 private:
  void apply_document(const ProjectionNode& node, bson::View document, Writer& out,
                      Evaluation& evaluation) const;
  void apply_members(const ProjectionNode& node, bson::View array, Writer& out,
                     Evaluation& evaluation) const;
  void apply_child(const ProjectionNode& child, const bson::Element& element, Writer& out,
                   Evaluation& evaluation) const;
  // What the document has no place for: computed fields, at the end.
  void append_computed(const ProjectionNode& node, bson::View document, Writer& out,
                       Evaluation& evaluation) const;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_PIPELINE_PROJECTION_NODE_H_
