// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/encryption_tree.h"

#include <algorithm>
#include <string>

namespace quern::analysis {
namespace {

bool is_array_position(std::string_view component) {
  if (component.starts_with('$')) return true;
  return !component.empty() && std::all_of(component.begin(), component.end(),
                                           [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view take_component(std::string_view& path) {
  const std::size_t dot = path.find('.');
  const std::string_view component = path.substr(0, dot);
  path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  return component;
}

EncryptionTree::EncryptionTree(const schema::EncryptedFields& fields) {
  for (const schema::EncryptedField& field : fields.fields()) set(field.path, encrypted(field));
}

EncryptionTree EncryptionTree::encrypted(const schema::EncryptedField& field) {
  EncryptionTree tree(Kind::kEncrypted);
  tree.field_ = &field;
  return tree;
}

bool EncryptionTree::encrypts() const {
  switch (kind_) {
    case Kind::kPlain:
    case Kind::kRemoved:
      return false;
    case Kind::kEncrypted:
    case Kind::kUnknown:
      return true;
    case Kind::kObject:
    case Kind::kArray:
      break;
  }
  return std::ranges::any_of(children_, &EncryptionTree::encrypts);
}

EncryptionTree EncryptionTree::array_of(EncryptionTree element) {
  if (element.kind_ == Kind::kPlain) return {};
  EncryptionTree tree(Kind::kArray);
  element.name_ = {};
  tree.children_.push_back(std::move(element));
  return tree;
}

const EncryptionTree* EncryptionTree::child(std::string_view name) const {
  for (const EncryptionTree& child : children_) {
    if (child.name_ == name) return &child;
  }
  return nullptr;
}

EncryptionTree* EncryptionTree::child(std::string_view name) {
  return const_cast<EncryptionTree*>(std::as_const(*this).child(name));
}

EncryptionTree::Target EncryptionTree::resolve(std::string_view path) const {
  using enum Target::Kind;
  const EncryptionTree* node = this;
  while (true) {
    switch (node->kind_) {
      case Kind::kPlain:
        return {};
      case Kind::kRemoved:
        return {kRemoved, node, path};
      case Kind::kUnknown:
        return {kUnknown, node, path};
      case Kind::kArray: {
        if (node->encrypts()) return {kArray, node, path};
        std::string_view rest = path;
        if (is_array_position(take_component(rest))) path = rest;
        node = &node->children_.front();
        continue;
      }
      case Kind::kEncrypted:
        return {path.data() == nullptr ? kEncrypted : kBelow, node, path};
      case Kind::kObject:
        break;
    }
    if (path.data() == nullptr) return {kAbove, node, path};
    const std::string_view before = path;
    const std::string_view component = take_component(path);
    const EncryptionTree* next = node->child(component);
    if (next == nullptr) {
      if (node != this && is_array_position(component)) return {kArrayPosition, node, before};
      return {};
    }
    node = next;
  }
}

std::string EncryptionTree::first_encrypted_path() const {
  std::string path;
  const EncryptionTree* node = this;
  while (node->kind_ == Kind::kObject) {
    const auto next = std::ranges::find_if(node->children_, &EncryptionTree::encrypts);
    if (next == node->children_.end()) break;
    node = &*next;
    if (!path.empty()) path += '.';
    path += node->name_;
  }
  return path;
}

void EncryptionTree::set(std::string_view path, EncryptionTree value) {
  if (value.kind_ == Kind::kPlain) {
    erase(path);
    return;
  }
  if (kind_ == Kind::kArray) {
    children_.front().set(path, std::move(value));
    return;
  }
  if (kind_ != Kind::kObject) {
    kind_ = Kind::kObject;
    field_ = nullptr;
    children_.clear();
  }
  const std::string_view component = take_component(path);
  EncryptionTree* next = child(component);
  if (next == nullptr) {
    next = &children_.emplace_back();
    next->name_ = component;
  }
  if (path.data() != nullptr) {
    next->set(path, std::move(value));
  } else {
    value.name_ = component;
    *next = std::move(value);
  }
}

// What is assigned below a name that was removed makes a new document of it. Plain subtrees
// disappear.
void EncryptionTree::erase(std::string_view path) {
  if (kind_ == Kind::kRemoved) kind_ = Kind::kPlain;
  if (kind_ != Kind::kObject && kind_ != Kind::kArray) return;
  const bool in_array = kind_ == Kind::kArray;
  const std::string_view component = in_array ? std::string_view() : take_component(path);
  EncryptionTree* next = in_array ? &children_.front() : child(component);
  if (next == nullptr) return;
  if (path.data() != nullptr) {
    next->erase(path);
    if (next->kind_ != Kind::kPlain) return;
  }
  std::erase_if(children_, [&](const EncryptionTree& child) { return child.name_ == component; });
  if (children_.empty()) kind_ = Kind::kPlain;
}

void EncryptionTree::remove(std::string_view path) {
  if (kind_ == Kind::kArray) {
    children_.front().remove(path);
  } else if (kind_ == Kind::kObject) {
    EncryptionTree* next = child(take_component(path));
    if (next == nullptr) return;
    if (path.data() != nullptr) {
      next->remove(path);
    } else {
      *next = next->removed();
    }
  }
}

EncryptionTree EncryptionTree::removed() const {
  EncryptionTree result = *this;
  for (EncryptionTree& child : result.children_) child = child.removed();
  if (children_.empty() && kind_ != Kind::kPlain) {
    result.kind_ = Kind::kRemoved;
    result.field_ = nullptr;
  }
  return result;
}

void EncryptionTree::include(std::string_view path, const EncryptionTree& source) {
  std::string_view rest = path;
  const EncryptionTree* node = &source;
  while (node->kind_ == Kind::kObject && rest.data() != nullptr) {
    node = node->child(take_component(rest));
    if (node == nullptr) return;
  }
  if (node->kind_ == Kind::kPlain) return;
  // Only as far as the source knows names: below an array, the whole array comes along.
  const std::size_t length = rest.data() == nullptr ? path.size() : rest.data() - path.data() - 1;
  EncryptionTree copy = *node;
  set(path.substr(0, length), std::move(copy));
}

}  // namespace quern::analysis
