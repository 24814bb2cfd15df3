// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The tree that a filter is parsed into.
//
// A MatchNode asks about a whole document; a Predicate asks about one value; a PathNode leads from
// the one to the other. Nodes are immutable and refer to the filter that their Matcher owns.
#ifndef QUERN_QUERY_MATCH_MATCH_NODE_H_
#define QUERN_QUERY_MATCH_MATCH_NODE_H_

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/bson/view.h"
#include "query/expression/evaluation.h"
#include "query/value/bounds.h"
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

class AndNode;
class ConstantNode;
class ExprNode;
class NotNode;
class OrNode;
class PathNode;

// Called back by the node that it is handed to, by kind. What is not overridden is other(): a node
// of which the visitor understands nothing.
class MatchVisitor {
 public:
  virtual void visit(const AndNode&) { other(); }
  virtual void visit(const ConstantNode&) { other(); }
  virtual void visit(const ExprNode&) { other(); }
  virtual void visit(const NotNode&) { other(); }
  virtual void visit(const OrNode&) { other(); }
  virtual void visit(const PathNode&) { other(); }
  virtual void other() = 0;

 protected:
  ~MatchVisitor() = default;
};

class MatchNode {
 public:
  virtual ~MatchNode() = default;
  virtual void accept(MatchVisitor& visitor) const { visitor.other(); }
  // It asks for nothing, as {} does.
  virtual bool is_empty() const { return false; }
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

  // For the planner. The keys of every document that it may accept; nothing if it says nothing
  // about keys. The same for its negation.
  virtual std::optional<Bounds> bounds() const { return std::nullopt; }
  virtual std::optional<Bounds> bounds_of_negation() const { return std::nullopt; }
  // Does every value that given accepts satisfy this one, so that given implies it on any path?
  virtual bool implied_by(const Predicate& given) const;
  // Does it refuse every document that lacks the field?
  bool implies_existence() const;
  // What a member of the array, itself a document, must match; null if it asks for nothing such.
  virtual const MatchNode* member_filter() const { return nullptr; }
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
  // Of the values that meet it; nothing if it says nothing about keys.
  std::optional<Bounds> bounds() const;
};

// The array of tags that the server keeps in encrypted documents. Conditions on it stand in for
// those on encrypted fields, which are no arrays, so the member that matched is no position.
inline constexpr std::string_view kTagsField = "__safeContent__";

// Each of the predicates must accept a value of the path; not necessarily the same one.
class PathNode : public MatchNode {
 public:
  using Predicates = std::vector<std::unique_ptr<const Predicate>>;

  PathNode(FieldPath path, Predicates predicates)
      : path_(std::move(path)), predicates_(std::move(predicates)) {}

  const FieldPath& path() const { return path_; }
  const Predicates& predicates() const { return predicates_; }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View document, MatchState& state) const override;
  bool holds(bson::View document, MatchState& state) const;

  FieldPath path_;
  Predicates predicates_;
};

using MatchNodes = std::vector<std::unique_ptr<const MatchNode>>;

class AndNode : public MatchNode {
 public:
  explicit AndNode(MatchNodes children) : children_(std::move(children)) {}
  const MatchNodes& children() const { return children_; }
  bool is_empty() const override { return children_.empty(); }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  MatchNodes children_;
};

class OrNode : public MatchNode {
 public:
  explicit OrNode(MatchNodes children) : children_(std::move(children)) {}
  const MatchNodes& children() const { return children_; }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  MatchNodes children_;
};

// Also $nor: the negation of an OrNode.
class NotNode : public MatchNode {
 public:
  explicit NotNode(std::unique_ptr<const MatchNode> child) : child_(std::move(child)) {}
  const MatchNode& child() const { return *child_; }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View document, MatchState& state) const override;

  std::unique_ptr<const MatchNode> child_;
};

class ConstantNode : public MatchNode {
 public:
  explicit ConstantNode(bool value) : value_(value) {}
  bool value() const { return value_; }
  void accept(MatchVisitor& visitor) const override { visitor.visit(*this); }

 private:
  bool ask(bson::View, MatchState&) const override { return value_; }

  bool value_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_MATCH_MATCH_NODE_H_
