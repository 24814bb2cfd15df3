// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/project.h"

#include <fmt/format.h>

#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/refusal.h"
#include "language/array_projection.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;
using Target = EncryptionTree::Target;

bool is_flag(ValueView value) { return value.is_number() || value.type() == bson::Type::kBool; }

bool is_nested(ValueView value) {
  return value.is_document() && !value.as_document().front().key().starts_with('$') &&
         !value.as_document().empty();
}

void check_path(const EncryptionTree& tree, std::string_view path) {
  const Target target = tree.resolve(path);
  if (target.kind == Target::Kind::kBelow) refuse::below_encrypted(path);
  if (target.kind == Target::Kind::kArrayPosition) refuse::inside_array(path);
}

// One specification, member by member, nested documents included.
class Projection {
 public:
  Projection(Context& context, const EncryptionTree& tree, bson::Builder& out)
      : context_(context), tree_(tree), out_(out) {}
  virtual ~Projection() = default;

  void members(View spec, std::string_view prefix) {
    for (const Element& member : spec) {
      const std::string_view path =
          prefix.empty() ? member.key() : context_.keep(fmt::format("{}.{}", prefix, member.key()));
      if (is_nested(member)) {
        out_.open_document(member.key());
        members(member.as_document(), path);
        out_.close();
      } else {
        check_collision(path);
        leaf(path, member);
      }
    }
  }

 protected:
  virtual void leaf(std::string_view path, const Element& member) = 0;

  // Assigns what an expression yields to a path of the output.
  void compute(std::string_view path, const Element& member, EncryptionTree& output) {
    check_path(tree_, path);
    Outcome value =
        analyse_output(context_, tree_, member.key(), language::parse_expression(member), out_);
    refuse_constants(tree_, path, value.tree);
    const Target now = output.resolve(path);
    EncryptionTree tree = std::move(value).handed_on();
    if (tree.encrypts() && now.encrypts()) {
      refuse::operation("Cannot add an encrypted field as a prefix of another encrypted field");
    }
    if (now.kind == Target::Kind::kArray || now.kind == Target::Kind::kUnknown) {
      refuse::unknown_encryption(path);
    }
    output.assign(path, std::move(tree));
  }

  Context& context_;
  const EncryptionTree& tree_;
  bson::Builder& out_;

 private:
  // Of two members for one path, which one counts is up to the server.
  void check_collision(std::string_view path) {
    for (const std::string_view other : paths_) {
      if (leads_to(other, path)) refuse::malformed(fmt::format("Path collision at {}", path));
      if (leads_to(path, other)) refuse::malformed(fmt::format("Path collision at {}", other));
    }
    paths_.push_back(path);
  }
  static bool leads_to(std::string_view above, std::string_view path) {
    return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '.');
  }

  std::vector<std::string_view> paths_;
};

class AddFields : public Projection {
 public:
  using Projection::Projection;
  EncryptionTree run(View spec) {
    output_ = tree_;
    members(spec, {});
    return std::move(output_);
  }

 private:
  void leaf(std::string_view path, const Element& member) override {
    compute(path, member, output_);
  }

  EncryptionTree output_;
};

class Project : public Projection {
 public:
  Project(Context& context, const EncryptionTree& tree, ProjectionUse use, bson::Builder& out)
      : Projection(context, tree, out), use_(use) {}

  EncryptionTree run(View spec) {
    const Element id = spec["_id"];
    const bool keeps_id = !id || id.truthy();
    excludes_ = is_exclusion(spec, {}) && !(id && keeps_id && spec.count() == 1);
    output_ = excludes_ ? tree_ : tree_.removed();
    if (!excludes_ && keeps_id) output_.include("_id", tree_);
    members(spec, {});
    return std::move(output_);
  }

 private:
  // By exclusion: no member, _id apart, asks for a field or computes one.
  static bool is_exclusion(View spec, std::string_view prefix) {
    for (const Element& member : spec) {
      if (prefix.empty() && member.key() == "_id") continue;
      if (is_nested(member)) {
        if (!is_exclusion(member.as_document(), member.key())) return false;
      } else if (!is_flag(member) || member.truthy()) {
        return false;
      }
    }
    return true;
  }

  void leaf(std::string_view path, const Element& member) override {
    if (use_ == ProjectionUse::kFind && array_operator(path, member)) {
      out_.append(member);
    } else if (!is_flag(member)) {
      compute(path, member, output_);
    } else {
      check_path(tree_, path);
      check_flag(path, member);
      if (!member.truthy()) {
        if (excludes_ || path == "_id") output_.remove(path);
      } else if (!excludes_) {
        output_.include(path, tree_);
      }
      out_.append(member);
    }
  }

  // A number where an encrypted field is asked for says yes or no, and nothing else.
  void check_flag(std::string_view path, const Element& member) {
    if (!member.is_number() || tree_.resolve(path).kind == Target::Kind::kPlain) return;
    const auto number = member.whole_number();
    if (!number || (*number != 0 && *number != 1)) refuse::constant(path);
  }

  // "a.$", {a: {$slice: …}}, {a: {$elemMatch: …}}: never on the way to an encrypted field.
  bool array_operator(std::string_view path, const Element& member) {
    std::string_view array = path;
    if (path.ends_with(".$")) {
      if (!is_flag(member)) refuse::malformed(fmt::format("Projection '{}' takes a number", path));
      array.remove_suffix(2);
    } else if (!member.is_document() || !language::array_projection(path, member.as_document())) {
      return false;
    }
    if (tree_.resolve(array).kind != Target::Kind::kPlain) {
      refuse::operation(fmt::format(
          "Projection of array elements is not allowed on path '{}': it leads to encrypted fields",
          path));
    }
    return true;
  }

  const ProjectionUse use_;
  bool excludes_ = false;
  EncryptionTree output_;
};

}  // namespace

EncryptionTree analyse_projection(Context& context, const EncryptionTree& tree, View spec,
                                  ProjectionUse use, bson::Builder& out) {
  return Project(context, tree, use, out).run(spec);
}

EncryptionTree analyse_add_fields(Context& context, const EncryptionTree& tree, View spec,
                                  bson::Builder& out) {
  return AddFields(context, tree, out).run(spec);
}

EncryptionTree without(const EncryptionTree& tree, std::string_view path) {
  check_path(tree, path);
  EncryptionTree result = tree;
  result.remove(path);
  return result;
}

}  // namespace quern::analysis
