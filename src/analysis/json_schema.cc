// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/json_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

// Keywords that say nothing about the members of a document.
constexpr std::string_view kNeutral[] = {"bsonType",      "type",          "title",   "description",
                                         "minProperties", "maxProperties", "$comment"};

// In a schema of something plain: any keyword but those that ask for encryption, at any depth.
void refuse_encrypt_keywords(View schema) {
  for (const Element& element : schema) {
    if (element.key() == "encrypt" || element.key() == "encryptMetadata") {
      refuse::operation(fmt::format(
          "$jsonSchema keyword '{}' cannot be used on a collection with encryptedFields",
          element.key()));
    }
    if (element.is_document() || element.is_array()) {
      refuse_encrypt_keywords(element.as_document_or_array());
    }
  }
}

// The node of a name, after refusing an encrypted field, be it spelt as a path.
const EncryptionTree* node_of(const EncryptionTree& tree, std::string_view name) {
  const EncryptionTree* child = tree.child(name);
  const bool encrypted = child != nullptr
                             ? child->kind() != EncryptionTree::Kind::kObject
                             : tree.resolve(name).kind != EncryptionTree::Target::Kind::kPlain;
  if (encrypted) refuse::comparison(name);
  return child;
}

void check(const EncryptionTree& tree, View schema);

void check_property(const EncryptionTree& tree, const Element& property) {
  const EncryptionTree* child = node_of(tree, property.key());
  if (child == nullptr) {
    if (property.is_document()) refuse_encrypt_keywords(property.as_document());
    return;
  }
  if (!property.is_document()) refuse::malformed("$jsonSchema properties need documents");
  check(*child, property.as_document());
}

void check_required(const EncryptionTree& tree, const Element& required) {
  if (!required.is_array()) refuse::malformed("$jsonSchema keyword required needs an array");
  for (const Element& name : required.as_array()) {
    if (!name.is_string()) refuse::malformed("$jsonSchema keyword required needs strings");
    node_of(tree, name.as_string());
  }
}

void check(const EncryptionTree& tree, View schema) {
  refuse::repeated_member("$jsonSchema", schema);
  for (const Element& element : schema) {
    const std::string_view keyword = element.key();
    if (keyword == "properties") {
      if (!element.is_document())
        refuse::malformed("$jsonSchema keyword properties needs a document");
      refuse::repeated_member(keyword, element.as_document());
      for (const Element& property : element.as_document()) check_property(tree, property);
    } else if (keyword == "required") {
      check_required(tree, element);
    } else if (keyword == "additionalProperties" && element.type() == bson::Type::kBool) {
      continue;
    } else if (std::find(std::begin(kNeutral), std::end(kNeutral), keyword) == std::end(kNeutral)) {
      refuse_encrypt_keywords(schema);
      refuse::operation(fmt::format(
          "$jsonSchema keyword '{}' cannot be used for a document with encrypted fields", keyword));
    } else if (element.is_document()) {  // of the keywords that take none
      refuse::wrong_member_type("$jsonSchema", keyword, "a name, a text or a number",
                                element.type());
    }
  }
}

}  // namespace

void check_json_schema(const EncryptionTree& tree, View schema) {
  if (tree.encrypts()) {
    check(tree, schema);
  } else {
    refuse_encrypt_keywords(schema);
  }
}

}  // namespace quern::analysis
