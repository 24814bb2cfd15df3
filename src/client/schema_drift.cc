// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/schema_drift.h"

#include <fmt/format.h>

#include "quern/bson/compare.h"

namespace quern::client {
namespace {

bool same_bound(const bson::Value& a, const bson::Value& b) {
  return a.missing() == b.missing() &&
         (a.missing() || (a.type() == b.type() && bson::compare(a, b) == 0));
}

bool same_query(const schema::Query& a, const schema::Query& b) {
  return a.contention == b.contention && same_bound(a.min, b.min) && same_bound(a.max, b.max) &&
         a.sparsity == b.sparsity && a.trim_factor == b.trim_factor && a.precision == b.precision &&
         a.str_min_query_length == b.str_min_query_length &&
         a.str_max_query_length == b.str_max_query_length && a.str_max_length == b.str_max_length &&
         a.case_sensitive == b.case_sensitive && a.diacritic_sensitive == b.diacritic_sensitive;
}

std::string type_name(const std::optional<bson::Type>& type) {
  return type ? std::string(bson::alias(*type)) : "any";
}

std::string field_drift(const schema::EncryptedField& pinned,
                        const schema::EncryptedField& claimed) {
  if (pinned.key_id != claimed.key_id) {
    return fmt::format("field '{}' has another keyId there", pinned.path);
  }
  if (pinned.bson_type != claimed.bson_type) {
    return fmt::format("field '{}' has bsonType '{}' there instead of '{}'", pinned.path,
                       type_name(claimed.bson_type), type_name(pinned.bson_type));
  }
  for (const schema::Query& query : pinned.queries) {
    const schema::Query* other = claimed.query(query.type);
    if (other == nullptr) {
      return fmt::format("field '{}' has no '{}' query there", pinned.path,
                         schema::name(query.type));
    }
    if (!same_query(query, *other)) {
      return fmt::format("field '{}' has other '{}' query options there", pinned.path,
                         schema::name(query.type));
    }
  }
  if (pinned.queries.size() != claimed.queries.size()) {
    return fmt::format("field '{}' has more queries there", pinned.path);
  }
  return {};
}

}  // namespace

std::string schema_drift(const schema::EncryptedFields& pinned,
                         const schema::EncryptedFields& claimed, bool allow_more) {
  for (const schema::EncryptedField& field : pinned.fields()) {
    const schema::EncryptedField* other = claimed.find(field.path);
    if (other == nullptr) {
      return fmt::format("field '{}' is not encrypted there", field.path);
    }
    if (std::string drift = field_drift(field, *other); !drift.empty()) return drift;
  }
  for (const schema::EncryptedField& field : claimed.fields()) {
    if (!allow_more && pinned.find(field.path) == nullptr) {
      return fmt::format("field '{}' is encrypted there only", field.path);
    }
  }
  if (pinned.esc_collection() != claimed.esc_collection() ||
      pinned.ecoc_collection() != claimed.ecoc_collection()) {
    return "the state collections have other names there";
  }
  return {};
}

}  // namespace quern::client
