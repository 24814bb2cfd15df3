// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/duplicate_key.h"

#include <algorithm>
#include <string>

#include "engine/rules/safe_content.h"
#include "quern/bson/json.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;
// As long as a UUID. What is longer is a ciphertext, a tag or an id of a state collection, or is of
// no use to who reads it.
constexpr std::size_t kMaxShownBinary = 16;

std::string shown(const bson::Binary& binary) {
  if (binary.subtype == bson::BinarySubtype::kUuid && binary.bytes.size() == kMaxShownBinary) {
    return "UUID(\"" + Uuid::from_bytes(binary.bytes).to_string() + "\")";
  }
  const bool told =
      binary.bytes.size() <= kMaxShownBinary && binary.subtype != bson::BinarySubtype::kEncrypted;
  return "BinData(" + std::to_string(static_cast<int>(binary.subtype)) + ", " +
         (told ? to_hex(binary.bytes) : std::to_string(binary.bytes.size()) + " bytes") + ")";
}

// As MongoDB shows keys: names without quotes.
std::string shown(bson::ValueView value) {
  switch (value.type()) {
    case bson::Type::kDocument:
    case bson::Type::kArray: {
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
    case bson::Type::kObjectId:
      return "ObjectId('" + value.as_object_id().to_string() + "')";
    case bson::Type::kBinary:
      return shown(value.as_binary());
    case bson::Type::kDate:
      return "new Date(" + std::to_string(value.as_date().milliseconds) + ")";
    default: {
      const std::string text = bson::to_json(bson::doc("", value));  // { "" : value }
      return text.substr(7, text.size() - 9);
    }
  }
}

bool holds_ciphertext(bson::ValueView value) {
  if (value.is_document() || value.is_array()) {
    return std::ranges::any_of(value.as_document_or_array(),
                               [](const bson::Element& part) { return holds_ciphertext(part); });
  }
  return value.is_binary(bson::BinarySubtype::kEncrypted);
}

// Whether keyValue may be in the reply: a small key without ciphertexts or tags.
bool is_told(bson::View key_value) {
  return key_value.size() <= kMaxKeyBytes && !holds_ciphertext(key_value.as_value()) &&
         !key_value.contains(qe::kSafeContent);
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
  if (is_told(key_value)) key_value_.emplace(key_value);
}

void DuplicateKeyError::append_key(bson::Builder& out) const {
  out.append("keyPattern", key_pattern_);
  if (key_value_) out.append("keyValue", *key_value_);
}

}  // namespace quern::engine
