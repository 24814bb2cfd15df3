// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/duplicate_key.h"

#include <string>

#include "quern/bson/json.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;

// As MongoDB shows keys: names without quotes.
std::string shown(bson::ValueView value) {
  if (value.is_document() || value.is_array()) {
    const bool array = value.is_array();
    std::string text = array ? "[" : "{";
    const char* separator = " ";
    for (const bson::Element& part : value.as_document_or_array()) {
      text += separator;
      if (!array) text.append(part.key()) += ": ";
      text += shown(part.value());
      separator = ", ";
    }
    return text + (array ? " ]" : " }");
  }
  if (value.type() == bson::Type::kObjectId) {
    return "ObjectId('" + value.as_object_id().to_string() + "')";
  }
  const std::string text = bson::to_json(bson::doc("", value));  // { "" : value }
  return text.substr(7, text.size() - 9);
}

std::string message(const Namespace& ns, std::string_view index, bson::View key_value) {
  std::string text = "E11000 duplicate key error collection: " + ns.to_string() + " index: ";
  text += index;
  text += " dup key: ";
  text += key_value.size() <= kMaxKeyBytes
              ? shown(key_value.as_value())
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
