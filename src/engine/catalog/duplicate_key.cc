// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/duplicate_key.h"

#include <string>

#include "quern/bson/json.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;

std::string message(const Namespace& ns, std::string_view index, bson::View key_value) {
  std::string text = "E11000 duplicate key error collection: " + ns.to_string() + " index: ";
  text += index;
  text += " dup key: ";
  text += key_value.size() <= kMaxKeyBytes
              ? bson::to_json(key_value)
              : "of " + std::to_string(key_value.size()) + " bytes, too large to be shown";
  return text;
}

}  // namespace

DuplicateKeyError::DuplicateKeyError(const Namespace& ns, std::string_view index,
                                     bson::View key_pattern, bson::View key_value)
    : IntegrityError(ErrorCode::kDuplicateKey, message(ns, index, key_value)),
      key_pattern_(key_pattern) {
  if (key_value.size() <= kMaxKeyBytes) key_value_.emplace(key_value);
}

void DuplicateKeyError::append_key(bson::Builder& out) const {
  out.append("keyPattern", key_pattern_);
  if (key_value_) out.append("keyValue", *key_value_);
}

}  // namespace quern::engine
