// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/projection_node.h"

#include <algorithm>

#include "quern/base/error.h"
#include "query/value/path_walk.h"

namespace quern::query {
namespace {

using Kind = ProjectionNode::Kind;

void append_slice(const ProjectionNode& node, const bson::Element& element, Writer& out) {
  if (!element.is_array()) {
    out.append(element);
    return;
  }
  const bson::View array = element.as_array();
  const auto size = static_cast<std::int64_t>(array.count());
  const std::int64_t first =
      node.skip < 0 ? std::max<std::int64_t>(0, size + node.skip) : std::min(node.skip, size);
  const std::int64_t count = std::min(node.limit.value_or(size), size - first);
  out.open(element.key(), bson::Type::kArray);
  std::int64_t i = 0;
  for (const bson::Element& member : array) {
    if (i >= first && i < first + count) out.push(member.value());
    ++i;
  }
  out.close();
}

void append_elem_match(const ProjectionNode& node, const bson::Element& element, Writer& out) {
  if (!element.is_array()) return;
  for (const bson::Element& member : element.as_array()) {
    // The matcher is of {member: …}: see ProjectionParser.
    Writer wrapped;
    wrapped.open("m", bson::Type::kArray).push(member.value()).close();
    if (!node.matcher->matches(wrapped.finish())) continue;
    out.open(element.key(), bson::Type::kArray).push(member.value()).close();
    return;
  }
}

// document with the first array along path cut down to the member at index; where no array is, as it
// is.
void append_at_position(const FieldPath& path, std::size_t depth, std::optional<std::size_t> index,
                        bson::View document, Writer& out) {
  for (const bson::Element& element : document) {
    if (element.key() != path[depth].name) {
      out.append(element);
    } else if (element.is_array()) {
      bson::Element member;
      if (index) member = find_field(element.as_array(), std::to_string(*index));
      if (member.missing()) {
        throw Error(51246,
                    "positional operator '.$' couldn't find a matching element in the array");
      }
      out.open(element.key(), bson::Type::kArray).push(member.value()).close();
    } else if (element.is_document() && depth + 1 < path.size()) {
      out.open(element.key(), bson::Type::kDocument);
      append_at_position(path, depth + 1, index, element.as_document(), out);
      out.close();
    } else {
      out.append(element);
    }
  }
}

}  // namespace

void Projection::Impl::apply(bson::View document, Writer& out, Evaluation& evaluation) const {
  if (positional) {
    ArrayPosition position;
    filter->matches(document, position);
    Evaluation::Scratch cut(evaluation);
    append_at_position(*positional, 0, position.index, document, *cut);
    const Datum copy = cut.finish();
    document = copy.view().as_document();
  }
  evaluation.root = document;
  apply_document(root, document, out, evaluation);
}

void Projection::Impl::apply_document(const ProjectionNode& node, bson::View document, Writer& out,
                                      Evaluation& evaluation) const {
  for (const bson::Element& element : document) {
    if (const ProjectionNode* child = node.find(element.key())) {
      apply_child(*child, element, out, evaluation);
    } else if (mode != Mode::kInclusion) {
      out.append(element);
    }
  }
  append_computed(node, document, out, evaluation);
}

void Projection::Impl::apply_child(const ProjectionNode& child, const bson::Element& element,
                                   Writer& out, Evaluation& evaluation) const {
  switch (child.kind) {
    case Kind::kInclude:
      out.append(element);
      return;
    case Kind::kExclude:
      return;
    case Kind::kSlice:
      append_slice(child, element, out);
      return;
    case Kind::kElemMatch:
      if (mode == Mode::kExclusion) append_elem_match(child, element, out);
      return;  // an inclusion puts it at the end
    case Kind::kComputed:
      if (mode == Mode::kAddFields) {
        const Datum value = child.expression->root().evaluate(evaluation);
        if (!value.missing()) out.append(element.key(), value);
      }
      return;
    case Kind::kInner:
      break;
  }
  if (element.is_document()) {
    out.open(element.key(), bson::Type::kDocument);
    apply_document(child, element.as_document(), out, evaluation);
    out.close();
  } else if (element.is_array()) {
    out.open(element.key(), bson::Type::kArray);
    apply_members(child, element.as_array(), out, evaluation);
    out.close();
  } else if (mode == Mode::kExclusion) {
    out.append(element);
  } else if (mode == Mode::kAddFields && child.computes) {
    out.open(element.key(), bson::Type::kDocument);
    apply_document(child, {}, out, evaluation);
    out.close();
  }
}

void Projection::Impl::apply_members(const ProjectionNode& node, bson::View array, Writer& out,
                                     Evaluation& evaluation) const {
  for (const bson::Element& member : array) {
    if (member.is_document()) {
      out.push_open(bson::Type::kDocument);
      apply_document(node, member.as_document(), out, evaluation);
      out.close();
    } else if (member.is_array()) {
      out.push_open(bson::Type::kArray);
      apply_members(node, member.as_array(), out, evaluation);
      out.close();
    } else if (node.computes) {
      out.push_open(bson::Type::kDocument);
      apply_document(node, {}, out, evaluation);
      out.close();
    } else if (mode == Mode::kExclusion) {
      out.push(member.value());
    }
  }
}

void Projection::Impl::append_computed(const ProjectionNode& node, bson::View document, Writer& out,
                                       Evaluation& evaluation) const {
  for (const ProjectionNode::Child& child : node.children) {
    switch (child.node->kind) {
      case Kind::kComputed: {
        if (mode == Mode::kAddFields && find_field(document, child.name)) break;  // done in place
        const Datum value = child.node->expression->root().evaluate(evaluation);
        if (!value.missing()) out.append(child.name, value);
        break;
      }
      case Kind::kElemMatch:
        if (mode == Mode::kInclusion) {
          append_elem_match(*child.node, find_field(document, child.name), out);
        }
        break;
      case Kind::kInner: {
        if (!child.node->computes) break;
        const bson::Element present = find_field(document, child.name);
        if (present.is_document() || present.is_array()) break;
        if (present && mode == Mode::kAddFields) break;
        out.open(child.name, bson::Type::kDocument);
        apply_document(*child.node, {}, out, evaluation);
        out.close();
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace quern::query
