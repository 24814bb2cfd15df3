// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/payload_rules.h"

#include <fmt/format.h>

#include "engine/qe/encryption_information.h"
#include "quern/base/error.h"

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

void check_algorithm(const schema::EncryptedField& field, schema::Algorithm algorithm) {
  if (field.algorithm() == algorithm) return;
  throw Error(9188707,
              fmt::format("The payload of '{}' is one for {}, but the field has no such query",
                          field.path, schema::algorithm_facts(algorithm).name));
}

void check_insert(const schema::EncryptedField& field, schema::Algorithm algorithm,
                  const protocol::InsertUpdatePayloadV2& payload) {
  if (payload.index_key_id != field.key_id) {
    throw Error(6726301, fmt::format("The payload of '{}' was made with another key than the "
                                     "field's keyId",
                                     field.path));
  }
  check_algorithm(field, algorithm);
  const std::int64_t contention = field.queries.front().contention;
  if (payload.contention_factor > contention) {
    throw Error(9188700, fmt::format("The payload of '{}' has the contention factor {}, above the "
                                     "field's contention {}",
                                     field.path, payload.contention_factor, contention));
  }
}

void check_find(const schema::EncryptedField& field, schema::Algorithm algorithm,
                const protocol::FindTokens& tokens) {
  check_algorithm(field, algorithm);
  const std::int64_t contention = field.queries.front().contention;
  if (tokens.max_contention != contention) {
    throw Error(9188701, fmt::format("The query of '{}' was made for contention {}, the field has "
                                     "contention {}",
                                     field.path, tokens.max_contention, contention));
  }
}

}  // namespace

PayloadRules::PayloadRules(Operation& op, const Namespace& ns, const schema::EncryptedFields& sent)
    : sent_(sent), stored_(stored_fields(op, ns)) {
  if (stored_ == &sent) stored_ = nullptr;
}

const schema::EncryptedField& PayloadRules::check(
    std::string_view path, const protocol::InsertUpdatePayloadV2& payload) const {
  const schema::EncryptedField& field = indexed_field(sent_, path);
  if (!schema::algorithm_facts(field.algorithm()).types().contains(payload.type)) {
    throw Error(6373504, fmt::format("The payload of '{}' holds a {}, which its queries do not "
                                     "support",
                                     path, bson::alias(payload.type)));
  }
  check_insert(field, field.algorithm(), payload);
  if (stored_ != nullptr) {
    check_insert(known_field(*stored_, path), field.algorithm(), payload);
  }
  return field;
}

void PayloadRules::check(std::string_view path, schema::Algorithm algorithm,
                         const protocol::FindTokens& tokens) const {
  check_find(known_field(sent_, path), algorithm, tokens);
  if (stored_ != nullptr) check_find(known_field(*stored_, path), algorithm, tokens);
}

}  // namespace quern::engine::qe
