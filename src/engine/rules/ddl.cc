// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/ddl.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

bool has_csfle_keyword(bson::View schema);

bool subschema_has_csfle_keyword(bson::ValueView schema) {
  if (schema.is_document()) return has_csfle_keyword(schema.as_document());
  if (!schema.is_array()) return false;
  for (const bson::Element& element : schema.as_array()) {
    if (subschema_has_csfle_keyword(element)) return true;
  }
  return false;
}

// Whether a $jsonSchema asks for client-side field level encryption somewhere. Only places where a
// schema may stand are looked at: a property may well be called "encrypt".
bool has_csfle_keyword(bson::View schema) {
  for (const bson::Element& keyword : schema) {
    const std::string_view name = keyword.key();
    if (name == "encrypt" || name == "encryptMetadata") return true;
    if (name == "properties" || name == "patternProperties" || name == "dependencies") {
      if (!keyword.is_document()) continue;
      for (const bson::Element& property : keyword.as_document()) {
        if (property.is_document() && has_csfle_keyword(property.as_document())) return true;
      }
    } else if (name == "items" || name == "additionalItems" || name == "additionalProperties" ||
               name == "not" || name == "allOf" || name == "anyOf" || name == "oneOf") {
      if (subschema_has_csfle_keyword(keyword)) return true;
    }
  }
  return false;
}

bool validator_has_csfle_keyword(bson::View validator) {
  for (const bson::Element& element : validator) {
    if (element.key() == "$jsonSchema") {
      if (element.is_document() && has_csfle_keyword(element.as_document())) return true;
    } else if (element.is_document() || element.is_array()) {
      if (validator_has_csfle_keyword(element.as_document_or_array())) return true;
    }
  }
  return false;
}

void check_string_option(bson::View command, std::string_view option, std::string_view required) {
  const bson::Element value = command[option];
  if (value.is_string() && value.as_string() != required) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("{} of an encrypted collection must be '{}'", option, required));
  }
}

void check_queries(const schema::EncryptedField& field) {
  if (const schema::DeclaredQuery* query = field.withdrawn_query()) {
    throw Error(8575605, fmt::format("The queryType {} of '{}' was withdrawn: use the one without "
                                     "Preview",
                                     query->type->name, field.path));
  }
  if (const schema::DeclaredQuery* query = field.unsupported_query()) {
    throw NotSupported(
        fmt::format("The embedded engine cannot answer {} queries on encrypted fields "
                    "yet ('{}'): use equality, or no query type",
                    query->type->name, field.path));
  }
}

// Above, below or the same.
bool overlaps(std::string_view a, std::string_view b) {
  const std::string_view shorter = a.size() < b.size() ? a : b;
  const std::string_view longer = a.size() < b.size() ? b : a;
  return longer.starts_with(shorter) &&
         (longer.size() == shorter.size() || longer[shorter.size()] == '.');
}

}  // namespace

std::optional<schema::EncryptedFields> check_create(std::string_view collection,
                                                    bson::View command) {
  const bson::Element member = command["encryptedFields"];
  if (!member || member.is_null()) return std::nullopt;
  if (!member.is_document()) {
    throw Error(ErrorCode::kTypeMismatch,
                fmt::format("BSON field 'create.encryptedFields' is the wrong type '{}', expected "
                            "type 'object'",
                            bson::alias(member.type())));
  }
  schema::EncryptedFields fields = schema::EncryptedFields::parse(member.as_document(), collection);
  if (command["capped"].truthy()) {
    throw Error(6367301, "An encrypted collection cannot be capped");
  }
  if (command.contains("viewOn") || command.contains("timeseries")) {
    throw Error(6346401, "Encrypted fields cannot be used with views or time series collections");
  }
  for (const schema::EncryptedField& field : fields.fields()) check_queries(field);
  check_coll_mod(command);
  return fields;
}

void check_coll_mod(bson::View command) {
  check_string_option(command, "validationAction", "error");
  check_string_option(command, "validationLevel", "strict");
  const bson::Element validator = command["validator"];
  if (validator.is_document() && validator_has_csfle_keyword(validator.as_document())) {
    throw Error(ErrorCode::kQueryFeatureNotAllowed,
                "A validator with the 'encrypt' keyword cannot be combined with encryptedFields");
  }
}

void check_index(const schema::EncryptedFields& fields, bson::View index) {
  if (index.contains("expireAfterSeconds")) {
    throw Error(6346501, "TTL indexes are not allowed on encrypted collections");
  }
  const bson::Element key = index["key"];
  if (!key.is_document()) return;  // reported by whoever parses the index
  constexpr std::string_view kWildcard = "$**";
  for (const bson::Element& part : key.as_document()) {
    std::string_view path = part.key();
    if (path == kWildcard) continue;
    if (path.ends_with(".$**")) path.remove_suffix(kWildcard.size() + 1);
    for (const schema::EncryptedField& field : fields.fields()) {
      if (overlaps(path, field.path)) {
        throw Error(6346502, fmt::format("Index not allowed on, above or below the encrypted field "
                                         "'{}'",
                                         field.path));
      }
    }
  }
}

void check_rename(bool source_encrypted, bool target_encrypted) {
  if (source_encrypted) {
    throw Error(ErrorCode::kIllegalOperation, "Cannot rename an encrypted collection");
  }
  if (target_encrypted) {
    throw Error(ErrorCode::kIllegalOperation, "Cannot rename to an existing encrypted collection");
  }
}

bool is_state_collection(std::string_view collection) {
  return collection.starts_with("enxcol_.") &&
         (collection.ends_with(".esc") || collection.ends_with(".ecc") ||
          collection.ends_with(".ecoc") || collection.ends_with(".ecoc.compact"));
}

std::optional<std::string> compaction_leftover(std::string_view collection,
                                               const schema::EncryptedFields* dropped) {
  const std::string suffix = ".compact";
  if (dropped != nullptr) return dropped->ecoc_collection() + suffix;
  if (is_state_collection(collection) && collection.ends_with(".ecoc")) {
    return std::string(collection) + suffix;
  }
  return std::nullopt;
}

}  // namespace quern::engine::qe
