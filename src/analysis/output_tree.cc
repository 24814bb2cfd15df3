// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/output_tree.h"

#include <algorithm>

namespace quern::analysis {
namespace {

using Node = OutputTree::Node;
using Kind = OutputTree::Kind;

// False when nothing at or below is encrypted.
bool copy(const EncryptionTree& from, Node& to) {
  if (!from.encrypts()) return false;
  switch (from.kind()) {
    case EncryptionTree::Kind::kEncrypted:
      to.kind = Kind::kEncrypted;
      to.field = &from.field();
      return true;
    case EncryptionTree::Kind::kArray:
      to.kind = Kind::kArray;
      return copy(from.children().front(), to.children.emplace_back());
    case EncryptionTree::Kind::kObject:
      to.kind = Kind::kObject;
      for (const EncryptionTree& child : from.children()) {
        Node node;
        if (!copy(child, node)) continue;
        node.name = child.name();
        to.children.push_back(std::move(node));
      }
      return true;
    default:  // what is not known to be plain may be a ciphertext
      to.kind = Kind::kUnknown;
      to.candidates = from.fields();
      std::ranges::sort(to.candidates, {}, &schema::EncryptedField::path);
      return true;
  }
}

bool same_field(const schema::EncryptedField* a, const schema::EncryptedField* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->path == b->path && a->key_id == b->key_id && a->bson_type == b->bson_type &&
         std::ranges::equal(a->queries, b->queries, {}, &schema::DeclaredQuery::type,
                            &schema::DeclaredQuery::type);
}

bool same(const Node& a, const Node& b) {
  return a.kind == b.kind && a.name == b.name && same_field(a.field, b.field) &&
         std::ranges::equal(a.candidates, b.candidates, same_field) &&
         std::ranges::equal(a.children, b.children, same);
}

}  // namespace

const Node* Node::child(std::string_view key) const {
  const auto at = std::ranges::find(children, key, &Node::name);
  return at == children.end() ? nullptr : &*at;
}

OutputTree::OutputTree() {
  static const auto nothing = std::make_shared<const Node>();
  root_ = nothing;
}

OutputTree::OutputTree(const EncryptionTree& tree) {
  auto root = std::make_shared<Node>();
  copy(tree, *root);
  root_ = std::move(root);
}

bool operator==(const OutputTree& a, const OutputTree& b) {
  return a.root_ == b.root_ || same(*a.root_, *b.root_);
}

}  // namespace quern::analysis
