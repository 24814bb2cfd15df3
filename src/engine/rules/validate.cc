// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/validate.h"

#include <algorithm>

#include "engine/rules/safe_content.h"
#include "protocol/ciphertext.h"
#include "quern/bson/document.h"

namespace quern::engine::qe {
namespace {

// Subtype byte, key id and type: the head that every stored value has.
constexpr std::size_t kTypeOffset = 17;
constexpr std::size_t kHeadSize = 18;

constexpr std::string_view kNotEncrypted = "value was not encrypted";
constexpr std::string_view kSpelled = "a field name with dots spells the path of the field";
constexpr std::string_view kWrongType = "Queryable Encryption encrypted value has wrong type";

// Whether the bytes can be a stored value of that kind, as far as can be seen without keys.
bool is_stored_value(const bson::BlobFacts& facts, BytesView blob) {
  if (facts.role != bson::BlobRole::kValue || facts.version == 0) return false;
  const schema::AlgorithmFacts* algorithm = schema::algorithm_of(facts.subtype);
  if (facts.is_indexed() && algorithm != nullptr && algorithm->supported) {
    return indexed_value(blob).has_value();
  }
  const bool sealed = facts.layout == bson::BlobLayout::kSealed;
  return blob.size() >= kHeadSize + (sealed ? protocol::aead_size(1) : 1);
}

// Why a value at an encrypted path may not be stored; empty when it may.
std::string_view fault_of(const schema::EncryptedField& field, bson::ValueView value) {
  const bson::BlobFacts* facts = bson::blob_facts(value);
  if (facts == nullptr || !is_stored_value(*facts, value.as_binary().bytes)) return kNotEncrypted;
  const auto type = static_cast<bson::Type>(value.as_binary().bytes[kTypeOffset]);
  return field.bson_type && type != *field.bson_type ? kWrongType : std::string_view();
}

// Appends {operatorName: "properties", propertiesNotSatisfied: […]} for the rest of a dotted path
// to the open array, down to leaf's own account.
template <class Leaf>
void append_property(bson::Builder& info, std::string_view path, const Leaf& leaf) {
  const std::size_t dot = path.find('.');
  info.push_document().append("operatorName", "properties").open_array("propertiesNotSatisfied");
  info.push_document().append("propertyName", path.substr(0, dot)).open_array("details");
  if (dot == std::string_view::npos) {
    leaf(info);
  } else {
    append_property(info, path.substr(dot + 1), leaf);
  }
  info.close().close().close().close();
}

template <class Leaf>
[[noreturn]] void refuse(bson::View document, std::string_view path, const Leaf& leaf) {
  bson::Builder info;
  if (const bson::Element id = document["_id"]) info.append("failingDocumentId", id.value());
  info.open_document("details").append("operatorName", "implicitFLESchema");
  info.open_array("schemaRulesNotSatisfied");
  append_property(info, path, leaf);
  info.close().close();
  Error error(ErrorCode::kDocumentValidationFailure, "Document failed validation");
  error.set_error_info(info.finish_bytes());
  throw error;
}

[[noreturn]] void refuse_value(bson::View document, std::string_view path, std::string_view why) {
  refuse(document, path, [why](bson::Builder& info) {
    info.push_document().append("operatorName", "fle2Encrypt").append("reason", why).close();
  });
}

// Whether a name is several components of a path's rest in one.
bool spells(std::string_view name, std::string_view rest) {
  return name.find('.') != name.npos && rest.starts_with(name) &&
         (rest.size() == name.size() || rest[name.size()] == '.');
}

// Checks the field's values in parent, which lies at the first `known` characters of its path. A
// document may have several members of one name, and readers don't agree about which counts: all of
// them are checked.
void validate_below(const schema::EncryptedField& field, bson::View document, bson::View parent,
                    std::size_t known) {
  const std::string_view path = field.path;
  const std::size_t dot = std::min(path.find('.', known), path.size());
  const std::string_view name = path.substr(known, dot - known);
  for (const bson::Element& element : parent) {
    if (element.key() != name) {
      // A payload there would be taken for the field's and leave a tag without a value.
      if (spells(element.key(), path.substr(known))) refuse_value(document, path, kSpelled);
      continue;
    }
    if (dot == path.size()) {
      if (const std::string_view fault = fault_of(field, element); !fault.empty()) {
        refuse_value(document, path, fault);
      }
    } else if (element.is_array()) {
      refuse(document, path.substr(0, dot), [](bson::Builder& info) {
        info.push_document().append("operatorName", "type");
        info.open_document("specifiedAs").append("type", "array").close();
        info.append("reason", "type did match").append("consideredType", "array").close();
      });
    } else if (element.is_document()) {
      validate_below(field, document, element.as_document(), dot + 1);
    }  // else the path doesn't exist
  }
}

std::size_t occurrences(bson::View document) {
  std::size_t count = 0;
  for (const bson::Element& element : document) count += element.key() == kSafeContent ? 1 : 0;
  return count;
}

}  // namespace

void validate_document(const schema::EncryptedFields& fields, bson::View document) {
  for (const schema::EncryptedField& field : fields.fields()) {
    validate_below(field, document, document, 0);
  }
}

void check_plain_insert(bson::View document) {
  if (document.contains(kSafeContent)) {
    throw Error(ErrorCode::kBadValue, "Cannot insert a document with field name __safeContent__");
  }
}

void check_plain_update(bson::View before, bson::View after) {
  const bson::Element old_tags = before[kSafeContent];
  const bson::Element new_tags = after[kSafeContent];
  if (old_tags.type() != new_tags.type() || !equal(old_tags.bytes(), new_tags.bytes()) ||
      occurrences(after) > 1) {
    throw Error(ErrorCode::kBadValue,
                "New document and old document both need to have __safeContent__ field.");
  }
}

}  // namespace quern::engine::qe
