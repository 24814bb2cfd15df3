// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/validate.h"

#include "engine/qe/safe_content.h"
#include "quern/bson/blob_subtype.h"
#include "quern/bson/document.h"

namespace quern::engine::qe {
namespace {

using bson::BlobSubtype;

// Subtype byte, key id and type: the head that every stored value has.
constexpr std::size_t kTypeOffset = 17;
constexpr std::size_t kHeadSize = 18;

constexpr std::string_view kNotEncrypted = "value was not encrypted";
constexpr std::string_view kWrongType = "Queryable Encryption encrypted value has wrong type";

// Why a value at an encrypted path may not be stored; empty when it may.
std::string_view fault_of(const schema::EncryptedField& field, bson::ValueView value) {
  const std::optional<BlobSubtype> subtype = bson::blob_subtype(value);
  if (!subtype) return kNotEncrypted;
  switch (*subtype) {
    case BlobSubtype::kUnindexedValueV1:
    case BlobSubtype::kIndexedEqualityValueV1:
    case BlobSubtype::kIndexedRangeValueV1:
    case BlobSubtype::kIndexedEqualityValueV2:
    case BlobSubtype::kIndexedRangeValueV2:
    case BlobSubtype::kUnindexedValueV2:
    case BlobSubtype::kIndexedTextValue:
      break;
    default:
      return kNotEncrypted;
  }
  const BytesView blob = value.as_binary().bytes;
  if (blob.size() <= kHeadSize) return kNotEncrypted;
  if (field.bson_type && static_cast<bson::Type>(blob[kTypeOffset]) != *field.bson_type) {
    return kWrongType;
  }
  return {};
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

void validate_field(const schema::EncryptedField& field, bson::View document) {
  bson::View parent = document;
  std::string_view rest = field.path;
  for (std::size_t dot; (dot = rest.find('.')) != std::string_view::npos;) {
    const bson::Element step = parent[rest.substr(0, dot)];
    rest.remove_prefix(dot + 1);
    if (step.is_array()) {
      const std::size_t known = field.path.size() - rest.size() - 1;
      refuse(document, std::string_view(field.path).substr(0, known), [](bson::Builder& info) {
        info.push_document().append("operatorName", "type");
        info.open_document("specifiedAs").append("type", "array").close();
        info.append("reason", "type did match").append("consideredType", "array").close();
      });
    }
    if (!step.is_document()) return;  // the path doesn't exist
    parent = step.as_document();
  }
  const bson::Element value = parent[rest];
  if (!value) return;
  if (const std::string_view fault = fault_of(field, value); !fault.empty()) {
    refuse(document, field.path, [fault](bson::Builder& info) {
      info.push_document().append("operatorName", "fle2Encrypt").append("reason", fault).close();
    });
  }
}

}  // namespace

void validate_document(const schema::EncryptedFields& fields, bson::View document) {
  for (const schema::EncryptedField& field : fields.fields()) validate_field(field, document);
}

void check_plain_insert(bson::View document) {
  if (document.contains(kSafeContent)) {
    throw Error(ErrorCode::kBadValue, "Cannot insert a document with field name __safeContent__");
  }
}

void check_plain_update(bson::View before, bson::View after) {
  const bson::Element old_tags = before[kSafeContent];
  const bson::Element new_tags = after[kSafeContent];
  if (old_tags.type() != new_tags.type() || !equal(old_tags.bytes(), new_tags.bytes())) {
    throw Error(ErrorCode::kBadValue,
                "New document and old document both need to have __safeContent__ field.");
  }
}

}  // namespace quern::engine::qe
