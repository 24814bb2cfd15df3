// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/projection.h"

#include <algorithm>

#include "language/array_projection.h"
#include "language/field_path.h"
#include "quern/base/error.h"
#include "query/expression/expression.h"
#include "query/pipeline/projection_node.h"

namespace quern::query {
namespace {

using Kind = ProjectionNode::Kind;
using Mode = Projection::Impl::Mode;

enum class Flavour { kFind, kProject, kAddFields };

class ProjectionParser {
 public:
  ProjectionParser(Flavour flavour, const Matcher* filter, const ParseContext& context)
      : flavour_(flavour), filter_(filter), context_(context) {}

  std::shared_ptr<const Projection::Impl> parse(bson::View spec) {
    collect("", spec);
    impl_->mode = mode();
    for (Leaf& leaf : leaves_) insert(std::move(leaf));
    if (impl_->mode == Mode::kInclusion && !names_id_) {
      insert({"_id", leaf_node(Kind::kInclude)});
    }
    mark_computing(impl_->root);
    return std::move(impl_);
  }

 private:
  struct Leaf {
    std::string path;
    std::unique_ptr<ProjectionNode> node;
  };

  static std::unique_ptr<ProjectionNode> leaf_node(Kind kind) {
    auto node = std::make_unique<ProjectionNode>();
    node->kind = kind;
    return node;
  }

  void collect(const std::string& prefix, bson::View spec) {
    for (const bson::Element& element : spec) {
      std::string path = prefix + std::string(element.key());
      if (path == "_id" || path.starts_with("_id.")) names_id_ = true;
      if (path.ends_with(".$") && flavour_ == Flavour::kFind) {
        collect_positional(path.substr(0, path.size() - 2), element);
        continue;
      }
      language::check_field_path(path);
      if (flavour_ != Flavour::kAddFields &&
          (element.is_number() || element.type() == bson::Type::kBool)) {
        leaves_.push_back(
            {std::move(path), leaf_node(element.truthy() ? Kind::kInclude : Kind::kExclude)});
        continue;
      }
      if (element.is_document()) {
        const bson::View document = element.as_document();
        if (document.empty() && flavour_ != Flavour::kAddFields) {
          throw Error(51270,
                      "An empty sub-projection is not a valid value. Found empty object at path "
                      "'" +
                          path + "'");
        }
        if (!document.empty() && !document.front().key().starts_with('$')) {
          collect(path + ".", document);
          continue;
        }
        if (flavour_ == Flavour::kFind && collect_find_operator(path, document)) continue;
      }
      auto node = leaf_node(Kind::kComputed);
      node->expression = Expression::parse(element.value(), context_);
      leaves_.push_back({std::move(path), std::move(node)});
    }
  }

  void collect_positional(std::string path, const bson::Element& element) {
    if (!element.truthy()) {
      throw Error(31395, "positional projection cannot be used with exclusion");
    }
    if (impl_->positional) {
      throw Error(31276, "Cannot specify more than one positional projection per query.");
    }
    if (filter_ == nullptr) {
      throw Error(51246, "a positional projection needs a filter that matches an array");
    }
    language::check_field_path(path);
    impl_->positional.emplace(path);
    impl_->filter = *filter_;
    leaves_.push_back({std::move(path), leaf_node(Kind::kInclude)});
  }

  bool collect_find_operator(const std::string& path, bson::View document) {
    if (document.front().key() == "$meta") {
      throw Error(ErrorCode::kBadValue, "the projection $meta is not supported by this engine");
    }
    const auto op = language::array_projection(path, document);
    if (!op) return false;
    if (op->key() == "$slice") return collect_slice(path, *op);
    if (!op->is_document()) {
      throw Error(31274, "elemMatch: Invalid argument, object required, but got " +
                             std::string(bson::alias(op->type())));
    }
    if (path.find('.') != path.npos) {
      throw Error(31275, "Cannot use $elemMatch projection on a nested field");
    }
    auto node = leaf_node(Kind::kElemMatch);
    // Each member is asked about as the only one of an array.
    node->matcher = Matcher::parse(bson::doc("m", bson::doc("$elemMatch", op->value())), context_);
    leaves_.push_back({path, std::move(node)});
    return true;
  }

  // False for the aggregation expression of the same name.
  bool collect_slice(const std::string& path, const bson::Element& op) {
    auto node = leaf_node(Kind::kSlice);
    if (op.is_number()) {
      const auto count = count_argument(op);
      if (count < 0) {
        node->skip = count;
      } else {
        node->limit = count;
      }
    } else if (op.is_array()) {
      const bson::View arguments = op.as_array();
      if (arguments.count() != 2 || !arguments["0"].is_number()) return false;
      if (!arguments["1"].is_number()) {
        throw Error(28724, "$slice limit must be a number");
      }
      node->skip = count_argument(arguments["0"]);
      node->limit = count_argument(arguments["1"]);
      if (*node->limit <= 0) {
        throw Error(28724,
                    "First argument to $slice must be an array or the limit must be positive");
      }
    } else {
      throw Error(28667, "Invalid $slice syntax: expected a number or [skip, limit]");
    }
    leaves_.push_back({path, std::move(node)});
    return true;
  }

  static std::int64_t count_argument(const bson::Element& element) {
    const double number = element.number();
    constexpr double kMax = INT32_MAX;
    return static_cast<std::int64_t>(
        std::max(-kMax, std::min(kMax, number == number ? number : 0)));
  }

  Mode mode() const {
    if (flavour_ == Flavour::kAddFields) return Mode::kAddFields;
    const Leaf* includes = nullptr;
    const Leaf* excludes = nullptr;
    const Leaf* computes = nullptr;
    bool elem_match = false;
    std::optional<Mode> by_id;
    for (const Leaf& leaf : leaves_) {
      const Kind kind = leaf.node->kind;
      if (leaf.path == "_id" && (kind == Kind::kInclude || kind == Kind::kExclude)) {
        by_id = kind == Kind::kInclude ? Mode::kInclusion : Mode::kExclusion;
      } else if (kind == Kind::kInclude) {
        includes = &leaf;
      } else if (kind == Kind::kExclude) {
        excludes = &leaf;
      } else if (kind == Kind::kComputed) {
        computes = &leaf;
      } else if (kind == Kind::kElemMatch) {
        elem_match = true;
      }
    }
    if (includes != nullptr && excludes != nullptr) {
      // The leaf that came first sets the mode, the other one breaks it.
      if (includes < excludes) {
        throw Error(31254,
                    "Cannot do exclusion on field " + excludes->path + " in inclusion projection");
      }
      throw Error(31253,
                  "Cannot do inclusion on field " + includes->path + " in exclusion projection");
    }
    if (computes != nullptr && excludes != nullptr) {
      throw Error(31252, "Cannot use an expression for field " + computes->path +
                             " in an exclusion projection");
    }
    if (includes != nullptr || computes != nullptr) return Mode::kInclusion;
    if (excludes != nullptr) return Mode::kExclusion;
    if (elem_match) return Mode::kInclusion;
    return by_id.value_or(Mode::kExclusion);
  }

  void insert(Leaf leaf) {
    // _id: 0 beside inclusions: what isn't named isn't included.
    if (impl_->mode == Mode::kInclusion && leaf.node->kind == Kind::kExclude) return;
    if (impl_->mode == Mode::kExclusion && leaf.node->kind == Kind::kInclude) return;
    const FieldPath path(leaf.path);
    ProjectionNode* at = &impl_->root;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const std::string name(path[i].name);
      ProjectionNode* child = at->find(name);
      const bool last = i + 1 == path.size();
      if (child != nullptr && (last || child->kind != Kind::kInner)) {
        throw Error(31249, "Path collision at " + leaf.path);
      }
      if (child == nullptr) {
        child = at->add(name, last ? std::move(leaf.node) : leaf_node(Kind::kInner));
      }
      at = child;
    }
  }

  static bool mark_computing(ProjectionNode& node) {
    if (node.kind != Kind::kInner) return node.kind == Kind::kComputed;
    for (const ProjectionNode::Child& child : node.children) {
      node.computes |= mark_computing(*child.node);
    }
    return node.computes;
  }

  Flavour flavour_;
  const Matcher* filter_;
  const ParseContext& context_;
  std::shared_ptr<Projection::Impl> impl_ = std::make_shared<Projection::Impl>();
  std::vector<Leaf> leaves_;
  bool names_id_ = false;
};

}  // namespace

Projection::Projection() = default;

Projection Projection::parse(bson::View spec, const Matcher* filter, const ParseContext& context) {
  Projection projection;
  if (!spec.empty()) {
    projection.impl_ = ProjectionParser(Flavour::kFind, filter, context).parse(spec);
  }
  return projection;
}

Projection Projection::parse_project(bson::View spec, const ParseContext& context) {
  if (spec.empty()) {
    throw Error(51272,
                "Invalid $project :: caused by :: projection specification must have at least "
                "one field");
  }
  Projection projection;
  projection.impl_ = ProjectionParser(Flavour::kProject, nullptr, context).parse(spec);
  return projection;
}

Projection Projection::parse_add_fields(bson::View spec, const ParseContext& context) {
  if (spec.empty()) {
    throw Error(40177,
                "Invalid $addFields :: caused by :: specification must have at least one field");
  }
  Projection projection;
  projection.impl_ = ProjectionParser(Flavour::kAddFields, nullptr, context).parse(spec);
  return projection;
}

bson::Document Projection::apply(bson::View document) const {
  if (is_identity()) return bson::Document(document);
  Writer out;
  Evaluation evaluation;
  impl_->apply(document, out, evaluation);
  return out.finish_document();
}

void Projection::apply(bson::View document, Writer& out, Evaluation& evaluation) const {
  if (is_identity()) {
    out.append_all(document);
  } else {
    impl_->apply(document, out, evaluation);
  }
}

}  // namespace quern::query
