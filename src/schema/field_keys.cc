// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/field_keys.h"

#include <algorithm>
#include <string>

#include "bson/transform.h"

namespace quern::schema {
namespace {

constexpr std::string_view kFields = "fields";
constexpr std::string_view kKeyId = "keyId";
constexpr std::string_view kAltName = "keyAltName";

// The document with the members of each field written by append_field.
using AppendField = std::function<void(bson::View field, bson::Builder& out)>;
bson::Document rewritten(bson::View encrypted_fields, const AppendField& append_field) {
  return bson::transform(encrypted_fields, [&](const bson::Element& element,
                                               bson::EnclosingPath path, bson::Builder& out) {
    if (path.empty()) return element.key() == kFields ? bson::Edit::kEnter : bson::Edit::kCopy;
    if (!element.is_document()) return bson::Edit::kCopy;
    out.open_document(element.key());
    append_field(element.as_document(), out);
    out.close();
    return bson::Edit::kDone;
  });
}

}  // namespace

bool names_keys(bson::View encrypted_fields) {
  const bson::Element fields = encrypted_fields[kFields];
  return fields.is_array() &&
         std::ranges::any_of(fields.as_array(), [](const bson::Element& field) {
           return field.is_document() && field.as_document().contains(kAltName);
         });
}

bson::Document with_key_names(std::string_view collection, bson::View encrypted_fields) {
  return rewritten(encrypted_fields, [&](bson::View field, bson::Builder& out) {
    const bson::Element path = field["path"];
    const bson::Element id = field[kKeyId];
    const bool has_key = (id && !id.is_null()) || field.contains(kAltName);
    if (!has_key && path.is_string()) {
      out.append(kAltName, std::string(collection) + "." + std::string(path.as_string()));
    }
    for (const bson::Element& member : field) {
      if (member.key() != kKeyId || !member.is_null()) out.append(member);
    }
  });
}

bson::Document with_key_ids(bson::View encrypted_fields, const KeyIdOf& id_of) {
  return rewritten(encrypted_fields, [&](bson::View field, bson::Builder& out) {
    const bson::Element path = field["path"];
    for (const bson::Element& member : field) {
      if (member.key() == kAltName && member.is_string()) {
        out.append(kKeyId, id_of(member.as_string(),
                                 path.is_string() ? path.as_string() : std::string_view()));
      } else {
        out.append(member);
      }
    }
  });
}

}  // namespace quern::schema
