// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The tree that a filter is parsed into.
//
// A MatchNode asks about a whole document; a Predicate asks about one value; a PathNode leads from
// the one to the other. Nodes are immutable and refer to the filter that their Matcher owns.
#ifndef QUERN_QUERY_MATCH_MATCH_NODE_H_
#define QUERN_QUERY_MATCH_MATCH_NODE_H_

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/bson/view.h"
#include "query/expression/evaluation.h"
#include "query/value/path_walk.h"

namespace quern::query {

// What one call of matches() carries along.
class MatchState {
 public:
  explicit MatchState(bson::View root, Evaluation* evaluation = nullptr)
      : root(root), evaluation_(evaluation) {}

  bson::View root;                  // the outermost document
  std::size_t position = kNoIndex;  // of the array member that matched last

  // Scratch memory for $expr; made when first needed if the caller brought none.
  Evaluation& evaluation() {
    if (evaluation_ == nullptr) {
      own_ = std::make_unique<Evaluation>();
      evaluation_ = own_.get();
    }
    return *evaluation_;
  }

 private:
  Evaluation* evaluation_;
  std::unique_ptr<Evaluation> own_;
};

class MatchNode {
 public:
  virtual ~MatchNode() = default;
  // What doesn't match leaves no position behind.
  bool matches(bson::View document, MatchState& state) const {
    const std::size_t position = state.position;
    if (ask(document, state)) return true;
    state.position = position;
    return false;
  }

 private:
  virtual bool ask(bson::View document, MatchState& state) const = 0;
};

class Predicate {
 public:
  virtual ~Predicate() = default;
  // value may be missing.
  virtual bool test(bson::ValueView value, MatchState& state) const = 0;
  // Whether it looks at the members of an array, or only at the array.
  virtual LeafArrays arrays() const { return LeafArrays::kExpand; }
};

// What the operators of one field demand: a predicate, or all of several conditions; possibly
// negated.
struct Condition {
  bool negated = false;
  std::unique_ptr<const Predicate> predicate;  // null: all of all
  std::vector<Condition> all;

  static Condition of(std::unique_ptr<const Predicate> predicate, bool negated = false) {
    return {negated, std::move(predicate), {}};
  }
  // Asked about one value itself, not about the members of it.
  bool holds(bson::ValueView value, MatchState& state) const;
};

// The array of tags that the server keeps in encrypted documents. Conditions on it stand in for
// those on encrypted fields, which are no arrays, so the member that matched is no position.
inline constexpr std::string_view kTagsField = "__safeContent__";

// Each of the predicates must accept a value of the path; not necessarily the same one.
class PathNode : public MatchNode {
 public:
  using Predicates = std::vector<std::unique_ptr<const Predicate>>;

  PathNode(Path path, Predicates predicates)
      : path_(std::move(path)), predicates_(std::move(predicates)) {}

  const Path& path() const { return path_; }
  const Predicates& predicates() const { return predicates_; }

 private:
  bool ask(bson::View document, MatchState& state) const override;
  bool holds(bson::View document, MatchState& state) const;

  Path path_;
  Predicates predicates_;
};

using MatchNodes = std::vector<std::unique_ptr<const MatchNode>>;

class AndNode : public MatchNode {
 public:
  explicit AndNode(MatchNodes children) : children_(std::move(children)) {}
  const MatchNodes& children() const { return children_; }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  MatchNodes children_;
};

class OrNode : public MatchNode {
 public:
  explicit OrNode(MatchNodes children) : children_(std::move(children)) {}
  const MatchNodes& children() const { return children_; }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  MatchNodes children_;
};

// Also $nor: the negation of an OrNode.
class NotNode : public MatchNode {
 public:
  explicit NotNode(std::unique_ptr<const MatchNode> child) : child_(std::move(child)) {}
  const MatchNode& child() const { return *child_; }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  std::unique_ptr<const MatchNode> child_;
};

class ConstantNode : public MatchNode {
 public:
  explicit ConstantNode(bool value) : value_(value) {}
  bool value() const { return value_; }

 private:
  bool ask(bson::View, MatchState&) const override { return value_; }

  bool value_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_NODE_H_
