// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/marking.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/refusal.h"
#include "bson/decimal.h"
#include "schema/placeholder.h"

namespace quern::analysis {
namespace {

using schema::EncryptionPlaceholder;

// The exact type, without numeric conversion: ciphertexts of 1 and of 1.0 have nothing in common.
void check_type(const schema::EncryptedField& field, std::string_view path, bson::ValueView value) {
  if (!bson::kEncryptableTypes.contains(value.type()) ||
      (field.bson_type && value.type() != *field.bson_type)) {
    refuse::wrong_type(field, path, value.type());
  }
  if (value.is_binary(bson::BinarySubtype::kEncrypted)) {
    refuse::operation(fmt::format(
        "Cannot encrypt element of type: binData at path '{}': the value is already encrypted",
        path));
  }
}

bool is_finite(bson::ValueView value) {
  if (value.type() == bson::Type::kDouble) return std::isfinite(value.as_double());
  return value.type() != bson::Type::kDecimal128 ||
         bson::decompose(value.as_decimal()).kind == bson::DecimalParts::Kind::kFinite;
}

void append(Context& context, std::string_view path, const schema::Marking& marking,
            std::string_view key, bson::Builder& out) {
  if (!marking.field.key_id) {
    throw ImproperlyConfigured(fmt::format(
        "The key of encrypted field '{}' is not known by id: resolve keyAltName '{}' first", path,
        marking.field.key_alt_name));
  }
  context.sink().append(marking, key, out);
  context.set_marked();
}

}  // namespace

void mark_for_insert(Context& context, const schema::EncryptedField& field, std::string_view path,
                     std::string_view key, bson::ValueView value, bson::Builder& out) {
  check_type(field, path, value);
  if (field.unsupported_query() != nullptr) refuse::not_yet_encryptable(field, path);
  append(context, path, {EncryptionPlaceholder::kInsert, field, value}, key, out);
}

void mark_for_find(Context& context, const schema::EncryptedField& field, std::string_view path,
                   std::string_view key, bson::ValueView value, bson::Builder& out) {
  check_type(field, path, value);
  append(context, path, {EncryptionPlaceholder::kFind, field, value}, key, out);
}

void mark_interval(Context& context, const schema::EncryptedField& field, std::string_view path,
                   std::string_view key, const schema::Interval& interval, bool is_second,
                   bson::Builder& out) {
  for (const schema::Bound& bound : {interval.lower, interval.upper}) {
    if (bound.value.missing()) continue;
    check_type(field, path, bound.value);
    if (!is_finite(bound.value)) refuse::infinite_bound(path);
  }
  append(context, path, {EncryptionPlaceholder::kFind, field, {}, &interval, is_second}, key, out);
}

void check_queryable(const schema::EncryptedField& field, std::string_view path) {
  if (field.unsupported_query() != nullptr) refuse::not_yet_encryptable(field, path);
  if (field.query_answering(schema::kAnswersEquality) == nullptr) refuse::not_queryable(path);
}

bool holds_payload(bson::View document) {
  bool found = false;
  for (const bson::Element& element : document) {
    if (element.is_document() || element.is_array()) {
      found |= holds_payload(element.as_document_or_array());
    } else if (const bson::BlobFacts* facts = bson::blob_facts(element.value())) {
      found |= facts->is_server_payload();
      if (facts->role != bson::BlobRole::kPlaceholder) continue;
      refuse::operation(fmt::format(
          "The command already holds an encryption marking, in member '{}': markings are made by "
          "automatic encryption only",
          element.key()));
    }
  }
  return found;
}

}  // namespace quern::analysis
