// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/difference.h"

#include <fmt/format.h>

#include "base/shown.h"
#include "quern/bson/compare.h"

namespace quern::schema {
namespace {

bool same_bound(const bson::Value& a, const bson::Value& b) {
  return a.missing() == b.missing() &&
         (a.missing() || (a.type() == b.type() && bson::compare(a, b) == 0));
}

bool same_query(const DeclaredQuery& a, const DeclaredQuery& b) {
  return a.contention == b.contention && same_bound(a.min, b.min) && same_bound(a.max, b.max) &&
         a.sparsity == b.sparsity && a.trim_factor == b.trim_factor && a.precision == b.precision &&
         a.str_min_query_length == b.str_min_query_length &&
         a.str_max_query_length == b.str_max_query_length && a.str_max_length == b.str_max_length &&
         a.case_sensitive == b.case_sensitive && a.diacritic_sensitive == b.diacritic_sensitive;
}

std::string type_name(const std::optional<bson::Type>& type) {
  return type ? std::string(bson::alias(*type)) : "any";
}

}  // namespace

std::string field_difference(const EncryptedField& ours, const EncryptedField& theirs,
                             CompareKeys keys) {
  if (keys == CompareKeys::kYes && ours.key_id != theirs.key_id) {
    return fmt::format("field '{}' has another keyId there", shown_path(ours.path));
  }
  if (ours.bson_type != theirs.bson_type) {
    return fmt::format("field '{}' has bsonType '{}' there instead of '{}'", shown_path(ours.path),
                       type_name(theirs.bson_type), type_name(ours.bson_type));
  }
  for (const DeclaredQuery& query : ours.queries) {
    const DeclaredQuery* other = theirs.query(*query.type);
    if (other == nullptr) {
      return fmt::format("field '{}' has no '{}' query there", shown_path(ours.path),
                         query.type->name);
    }
    if (!same_query(query, *other)) {
      return fmt::format("field '{}' has other '{}' query options there", shown_path(ours.path),
                         query.type->name);
    }
  }
  if (ours.queries.size() != theirs.queries.size()) {
    return fmt::format("field '{}' has more queries there", shown_path(ours.path));
  }
  return {};
}

std::string schema_difference(const EncryptedFields& ours, const EncryptedFields& theirs,
                              bool allow_more) {
  for (const EncryptedField& field : ours.fields()) {
    const EncryptedField* other = theirs.find(field.path);
    if (other == nullptr) {
      return fmt::format("field '{}' is not encrypted there", shown_path(field.path));
    }
    if (std::string found = field_difference(field, *other); !found.empty()) return found;
  }
  for (const EncryptedField& field : theirs.fields()) {
    if (!allow_more && ours.find(field.path) == nullptr) {
      return fmt::format("field '{}' is encrypted there only", shown_path(field.path));
    }
  }
  if (ours.esc_collection() != theirs.esc_collection() ||
      ours.ecoc_collection() != theirs.ecoc_collection()) {
    return "the state collections have other names there";
  }
  return {};
}

}  // namespace quern::schema
