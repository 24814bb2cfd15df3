// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/constants.h"

#include <fmt/format.h>

#include <string>

#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using Constant = EncryptionTree::Constant;
using Target = EncryptionTree::Target;
using Refuse = void (*)(std::string_view path);

std::string joined(std::string_view path, std::string_view below) {
  if (path.empty()) return std::string(below);
  return below.empty() ? std::string(path) : fmt::format("{}.{}", path, below);
}

// value meets old, which stands at the path and holds something sensitive.
void check(const EncryptionTree& old, const std::string& path, const EncryptionTree& value,
           Refuse refuse) {
  using Kind = EncryptionTree::Kind;
  if (old.kind() == Kind::kArray) return check(old.element(), path, value, refuse);
  const bool is_name = old.kind() != Kind::kObject || old.was_encrypted();
  // A constant that is no document says nothing of the names in one that is not encrypted any more.
  const bool meets =
      is_name ? value.holds_constant()
              : value.constant() >= (old.encrypts() ? Constant::kHere : Constant::kAnywhere);
  if (meets) refuse(joined(path, old.first_sensitive_path()));
  for (const EncryptionTree& member : value.children()) {
    // The name may spell a path. An element has none: it meets old itself.
    const Target target = old.resolve(member.name());
    if (target.kind == Target::Kind::kPlain) continue;
    const std::string below = joined(path, member.name());
    if (target.kind == Target::Kind::kAbove || target.kind == Target::Kind::kArray) {
      check(*target.node, below, member, refuse);
    } else if (member.holds_constant()) {
      refuse(below);
    }
  }
}

}  // namespace

void refuse_constants(const EncryptionTree& documents, std::string_view path,
                      const EncryptionTree& value) {
  if (!value.holds_constant()) return;
  if (path.empty()) {
    if (documents.is_sensitive()) check(documents, {}, value, refuse::constant);
    return;
  }
  const Target target = documents.resolve(path);
  const bool exact = target.rest.data() == nullptr;
  if (target.kind == Target::Kind::kPlain) return;
  if (target.kind == Target::Kind::kAbove || (target.kind == Target::Kind::kArray && exact)) {
    check(*target.node, std::string(path), value, refuse::constant);
  } else {
    refuse::constant(path);
  }
}

void refuse_compared_constants(const EncryptionTree& left, std::string_view left_path,
                               const EncryptionTree& right, std::string_view right_path) {
  if (left.is_sensitive() && right.holds_constant()) {
    check(left, std::string(left_path), right, refuse::removed);
  }
  if (right.is_sensitive() && left.holds_constant()) {
    check(right, std::string(right_path), left, refuse::removed);
  }
}

}  // namespace quern::analysis
