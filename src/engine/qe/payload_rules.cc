// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/payload_rules.h"

#include <fmt/format.h>

#include "engine/qe/encryption_information.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::engine::qe {
namespace {

const schema::EncryptedField& known_field(const schema::EncryptedFields& fields,
                                          std::string_view path) {
  const schema::EncryptedField* field = fields.find(path);
  if (field == nullptr) {
    throw Error(9188709, fmt::format("There is a payload for '{}', which is not among the "
                                     "encryptedFields of the collection",
                                     path));
  }
  return *field;
}

const schema::EncryptedField& indexed_field(const schema::EncryptedFields& fields,
                                            std::string_view path) {
  const schema::EncryptedField* field = fields.find(path);
  if (field == nullptr) {
    throw Error(6726300, fmt::format("'{}' holds an encrypted value but is not among the "
                                     "encryptedFields of the collection",
                                     path));
  }
  if (!field->is_indexed()) {
    throw Error(6373601, fmt::format("'{}' holds a payload for an index, but the field has no "
                                     "queries",
                                     path));
  }
  return *field;
}

const schema::Query& equality_query(const schema::EncryptedField& field) {
  const schema::Query* query = field.query(schema::QueryType::kEquality);
  if (query == nullptr) {
    throw Error(9188707, fmt::format("The payload of '{}' is one for equality, but the field has "
                                     "no equality query",
                                     field.path));
  }
  return *query;
}

void check_insert(const schema::EncryptedField& field,
                  const protocol::InsertUpdatePayloadV2& payload) {
  if (payload.index_key_id != field.key_id) {
    throw Error(6726301, fmt::format("The payload of '{}' was made with another key than the "
                                     "field's keyId",
                                     field.path));
  }
  const schema::Query& query = equality_query(field);
  if (payload.contention_factor > query.contention) {
    throw Error(9188700, fmt::format("The payload of '{}' has the contention factor {}, above the "
                                     "field's contention {}",
                                     field.path, payload.contention_factor, query.contention));
  }
}

void check_find(const schema::EncryptedField& field,
                const protocol::FindEqualityPayloadV2& payload) {
  const schema::Query& query = equality_query(field);
  if (payload.max_contention != query.contention) {
    throw Error(9188701, fmt::format("The query of '{}' was made for contention {}, the field has "
                                     "contention {}",
                                     field.path, payload.max_contention, query.contention));
  }
}

}  // namespace

PayloadRules::PayloadRules(Operation& op, const Namespace& ns, const schema::EncryptedFields& sent)
    : sent_(sent), stored_(stored_fields(op, ns)) {
  if (stored_ == &sent) stored_ = nullptr;
}

void PayloadRules::check(std::string_view path,
                         const protocol::InsertUpdatePayloadV2& payload) const {
  const schema::EncryptedField& field = indexed_field(sent_, path);
  if (!bson::supports_equality(payload.type)) {
    throw Error(6373504, fmt::format("The payload of '{}' holds a {}, which equality does not "
                                     "support",
                                     path, bson::alias(payload.type)));
  }
  check_insert(field, payload);
  if (stored_ != nullptr) check_insert(known_field(*stored_, path), payload);
}

void PayloadRules::check(std::string_view path,
                         const protocol::FindEqualityPayloadV2& payload) const {
  check_find(known_field(sent_, path), payload);
  if (stored_ != nullptr) check_find(known_field(*stored_, path), payload);
}

}  // namespace quern::engine::qe
