// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/output_tree.h"

#include <algorithm>

namespace quern::analysis {
namespace {

using Node = OutputTree::Node;
using Kind = OutputTree::Kind;

// False when nothing at or below is encrypted.
bool copy(const EncryptionTree& from, Node& to, bool& unknown) {
  if (!from.encrypts()) return false;
  switch (from.kind()) {
    case EncryptionTree::Kind::kEncrypted:
      to.kind = Kind::kEncrypted;
      to.field = &from.field();
      return true;
    case EncryptionTree::Kind::kArray:
      to.kind = Kind::kArray;
      return copy(from.children().front(), to.children.emplace_back(), unknown);
    case EncryptionTree::Kind::kObject:
      to.kind = Kind::kObject;
      for (const EncryptionTree& child : from.children()) {
        Node node;
        if (!copy(child, node, unknown)) continue;
        node.name = child.name();
        to.children.push_back(std::move(node));
      }
      return true;
    default:  // what is not known to be plain may be a ciphertext
      to.kind = Kind::kUnknown;
      return unknown = true;
  }
}

bool same_field(const schema::EncryptedField* a, const schema::EncryptedField* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->path == b->path && a->key_id == b->key_id && a->bson_type == b->bson_type &&
         std::ranges::equal(a->queries, b->queries, {}, &schema::Query::type, &schema::Query::type);
}

bool same(const Node& a, const Node& b) {
  return a.kind == b.kind && a.name == b.name && same_field(a.field, b.field) &&
         std::ranges::equal(a.children, b.children, same);
}

}  // namespace

const Node* Node::child(std::string_view key) const {
  const auto at = std::ranges::find(children, key, &Node::name);
  return at == children.end() ? nullptr : &*at;
}

OutputTree::OutputTree(const EncryptionTree& tree,
                       std::vector<const schema::EncryptedField*> candidates) {
  bool unknown = false;
  copy(tree, root_, unknown);
  if (unknown) candidates_ = std::move(candidates);
}

bool operator==(const OutputTree& a, const OutputTree& b) {
  return same(a.root_, b.root_) && std::ranges::equal(a.candidates_, b.candidates_, same_field);
}

}  // namespace quern::analysis
