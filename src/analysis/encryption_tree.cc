// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/encryption_tree.h"

#include <algorithm>
#include <functional>
#include <utility>

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

EncryptionTree EncryptionTree::constant_of(Constant constant) {
  EncryptionTree tree;
  tree.constant_ = constant;
  return tree;
}

EncryptionTree EncryptionTree::array_of(EncryptionTree element) {
  if (element.says_nothing()) return {};
  EncryptionTree tree(Kind::kArray);
  element.name_ = {};
  tree.children_.push_back(std::move(element));
  return tree;
}

bool EncryptionTree::encrypts() const {
  return is_leaf() || std::ranges::any_of(children_, &EncryptionTree::encrypts);
}

bool EncryptionTree::is_sensitive() const {
  return was_encrypted_ || is_leaf() ||
         std::ranges::any_of(children_, &EncryptionTree::is_sensitive);
}

bool EncryptionTree::holds_constant() const {
  return constant_ != Constant::kNone ||
         std::ranges::any_of(children_, &EncryptionTree::holds_constant);
}

bool EncryptionTree::says_nothing() const {
  return kind_ == Kind::kPlain && constant_ == Constant::kNone && !was_encrypted_;
}

const EncryptionTree* EncryptionTree::child(std::string_view name) const {
  const auto found = std::ranges::find(children_, name, &EncryptionTree::name_);
  return found == children_.end() ? nullptr : &*found;
}

EncryptionTree* EncryptionTree::find(std::string_view name) {
  return const_cast<EncryptionTree*>(child(name));
}

EncryptionTree& EncryptionTree::child_or_new(std::string_view name) {
  if (EncryptionTree* found = find(name)) return *found;
  kind_ = Kind::kObject;
  EncryptionTree& added = children_.emplace_back();
  added.name_ = name;
  return added;
}

void EncryptionTree::drop_silent_children() {
  std::erase_if(children_, [](const EncryptionTree& child) { return child.says_nothing(); });
  if (children_.empty() && !is_leaf()) kind_ = Kind::kPlain;
}

EncryptionTree::Target EncryptionTree::resolve(std::string_view path) const {
  Target target{Target::Kind::kPlain, this, path};
  const auto found = [&](Target::Kind kind) {
    target.kind = kind;
    return target;
  };
  while (true) {
    const EncryptionTree& node = *target.node;
    target.was_encrypted = target.was_encrypted || node.was_encrypted_;
    const bool ends = target.rest.data() == nullptr;
    switch (node.kind_) {
      case Kind::kUnknown:
        return found(Target::Kind::kUnknown);
      case Kind::kEncrypted:
        return found(ends ? Target::Kind::kEncrypted : Target::Kind::kBelow);
      case Kind::kArray: {
        if (node.encrypts()) return found(Target::Kind::kArray);
        target.constant = std::max(target.constant, node.constant_);
        std::string_view rest = target.rest;
        if (is_array_position(take_component(rest))) target.rest = rest;
        target.node = &node.children_.front();
        continue;
      }
      case Kind::kPlain:
        return found(target.was_encrypted ? Target::Kind::kRemoved : Target::Kind::kPlain);
      case Kind::kObject:
        break;
    }
    if (ends) {
      if (target.was_encrypted) return found(Target::Kind::kRemoved);
      return found(node.is_sensitive() ? Target::Kind::kAbove : Target::Kind::kPlain);
    }
    if (node.constant_ == Constant::kAnywhere) target.constant = Constant::kAnywhere;
    std::string_view rest = target.rest;
    const std::string_view component = take_component(rest);
    const EncryptionTree* next = node.child(component);
    if (next == nullptr) {
      if (&node != this && is_array_position(component) && node.is_sensitive()) {
        return found(Target::Kind::kArrayPosition);
      }
      target.node = nullptr;
      return found(target.was_encrypted ? Target::Kind::kRemoved : Target::Kind::kPlain);
    }
    target.node = next;
    target.rest = rest;
  }
}

EncryptionTree EncryptionTree::Target::value() const {
  EncryptionTree result = node == nullptr ? EncryptionTree() : *node;
  if (rest.data() != nullptr && node != nullptr && node->kind_ != EncryptionTree::Kind::kPlain) {
    result = node->encrypts() ? unknown(node->fields()) : EncryptionTree();
    if (node->holds_constant()) result.add_constant(Constant::kHere);
  }
  result.name_ = {};
  result.add_constant(constant);
  result.was_encrypted_ = result.was_encrypted_ || was_encrypted;
  return result;
}

template <class Predicate>
std::string EncryptionTree::first_path(Predicate holds) const {
  std::string path;
  const EncryptionTree* node = this;
  while (node->kind_ == Kind::kObject || node->kind_ == Kind::kArray) {
    if (node->kind_ == Kind::kArray && node->encrypts()) break;
    const auto next = std::ranges::find_if(node->children_, holds);
    if (next == node->children_.end()) break;
    node = &*next;
    if (node->name_.data() == nullptr) continue;  // an element
    if (!path.empty()) path += '.';
    path += node->name_;
  }
  return path;
}

std::string EncryptionTree::first_encrypted_path() const {
  return first_path(std::mem_fn(&EncryptionTree::encrypts));
}

std::string EncryptionTree::first_sensitive_path() const {
  return first_path(std::mem_fn(&EncryptionTree::is_sensitive));
}

EncryptionTree EncryptionTree::member(std::string_view name) const {
  if (kind_ == Kind::kArray) return element().member(name);
  EncryptionTree result;
  if (const EncryptionTree* found = child(name)) result = *found;
  result.name_ = {};
  if (constant_ == Constant::kAnywhere || kind_ == Kind::kPlain) result.add_constant(constant_);
  result.was_encrypted_ = result.was_encrypted_ || was_encrypted_;
  return result;
}

EncryptionTree EncryptionTree::element() const {
  if (kind_ != Kind::kArray) return *this;
  EncryptionTree result = children_.front();
  result.add_constant(constant_);
  result.was_encrypted_ = result.was_encrypted_ || was_encrypted_;
  return result;
}

EncryptionTree EncryptionTree::parts() const {
  EncryptionTree result = *this;
  for (const EncryptionTree& child : children_) result.join(child.parts());
  return result;
}

// Replaces what is there, names and all.
void EncryptionTree::set(std::string_view path, EncryptionTree value) {
  if (kind_ == Kind::kArray) {
    children_.front().set(path, std::move(value));
  } else {
    const std::string_view component = take_component(path);
    EncryptionTree& next = child_or_new(component);
    if (path.data() != nullptr) {
      next.set(path, std::move(value));
    } else {
      value.name_ = component;
      next = std::move(value);
    }
  }
  drop_silent_children();
}

void EncryptionTree::assign(std::string_view path, EncryptionTree value) {
  if (path.data() == nullptr) {
    value.come_in_place_of(*this);
    value.name_ = name_;
    *this = std::move(value);
    return;
  }
  if (kind_ == Kind::kArray) {
    children_.front().assign(path, std::move(value));
  } else {
    if (is_leaf()) *this = removed();
    const std::string_view component = take_component(path);
    child_or_new(component).assign(path, std::move(value));
  }
  drop_silent_children();
}

void EncryptionTree::remove(std::string_view path) {
  if (kind_ == Kind::kArray) {
    children_.front().remove(path);
  } else if (EncryptionTree* next = find(take_component(path))) {
    if (path.data() != nullptr) {
      next->remove(path);
    } else {
      *next = next->removed();
    }
  }
  drop_silent_children();
}

EncryptionTree EncryptionTree::removed() const {
  EncryptionTree result;
  result.name_ = name_;
  result.come_in_place_of(*this);
  return result;
}

void EncryptionTree::come_in_place_of(const EncryptionTree& old) {
  if (!old.is_sensitive()) return;
  if (old.kind_ == Kind::kArray && kind_ != Kind::kArray && !encrypts()) {
    // A document that stands for the elements stands for the array too.
    EncryptionTree element = *this;
    element.come_in_place_of(old.children_.front());
    const std::string_view name = name_;
    *this = array_of(std::move(element));
    name_ = name;
  } else if (kind_ == Kind::kArray) {
    children_.front().come_in_place_of(old.kind_ == Kind::kArray ? old.children_.front() : old);
  } else if (old.kind_ == Kind::kArray) {
    come_in_place_of(old.children_.front());
  } else if (!is_leaf()) {
    for (const EncryptionTree& name : old.children_) {
      if (name.is_sensitive()) child_or_new(name.name_).come_in_place_of(name);
    }
  }
  was_encrypted_ = was_encrypted_ || old.was_encrypted_ || old.is_leaf();
}

void EncryptionTree::include(std::string_view path, const EncryptionTree& source) {
  std::string_view rest = path;
  const EncryptionTree* node = &source;
  Constant constant = Constant::kNone;
  while (node->kind_ == Kind::kObject && rest.data() != nullptr) {
    if (node->constant_ == Constant::kAnywhere) constant = Constant::kAnywhere;
    node = node->child(take_component(rest));
    if (node == nullptr) {
      if (constant != Constant::kNone) set(path, constant_of(constant));
      return;
    }
  }
  EncryptionTree copy = *node;
  copy.add_constant(constant);
  if (copy.says_nothing()) return;
  // Only as far as the source knows names: below an array, the whole array comes along.
  const std::size_t length = rest.data() == nullptr ? path.size() : rest.data() - path.data() - 1;
  set(path.substr(0, length), std::move(copy));
}

void EncryptionTree::set_member(std::string_view name, EncryptionTree value) {
  value.name_ = name;
  child_or_new(name) = std::move(value);
  drop_silent_children();
}

EncryptionTree EncryptionTree::unknown(Fields candidates) {
  EncryptionTree tree(Kind::kUnknown);
  tree.candidates_ = std::move(candidates);
  return tree;
}

void EncryptionTree::add_fields(Fields& fields) const {
  if (field_ != nullptr) fields.push_back(field_);
  fields.insert(fields.end(), candidates_.begin(), candidates_.end());
  for (const EncryptionTree& child : children_) child.add_fields(fields);
}

EncryptionTree::Fields EncryptionTree::fields() const {
  Fields fields;
  add_fields(fields);
  std::ranges::sort(fields);
  const auto repeated = std::ranges::unique(fields);
  fields.erase(repeated.begin(), repeated.end());
  return fields;
}

namespace {

EncryptionTree::Fields fields_of_either(const EncryptionTree& a, const EncryptionTree& b) {
  EncryptionTree::Fields either;
  std::ranges::set_union(a.fields(), b.fields(), std::back_inserter(either));
  return either;
}

}  // namespace

void EncryptionTree::join(const EncryptionTree& other) {
  was_encrypted_ = was_encrypted_ || other.was_encrypted_;
  add_constant(other.constant_);
  if (encrypts() || other.encrypts()) {
    if (kind_ == Kind::kEncrypted && other.kind_ == kind_ && field_ == other.field_) return;
    if (holds_constant() || other.holds_constant()) add_constant(Constant::kHere);
    candidates_ = fields_of_either(*this, other);
    kind_ = Kind::kUnknown;
    field_ = nullptr;
    children_.clear();
  } else if (kind_ == Kind::kArray || other.kind_ == Kind::kArray) {
    EncryptionTree either = element();
    either.join(other.element());
    if (kind_ == Kind::kArray) {
      either.name_ = {};
      children_.front() = std::move(either);
    } else if (!either.says_nothing()) {
      either.name_ = {};
      children_.clear();
      children_.push_back(std::move(either));
      kind_ = Kind::kArray;
    }
  } else {
    for (const EncryptionTree& child : other.children_) child_or_new(child.name_).join(child);
  }
}

}  // namespace quern::analysis
