// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/encryption_information.h"

#include <fmt/format.h>

#include "bson/strict_reader.h"
#include "engine/session/expected_schemas.h"
#include "engine/session/operation.h"

namespace quern::engine::qe {
namespace {

constexpr std::string_view kMember = "encryptionInformation";

}  // namespace

std::optional<EncryptionInformation> EncryptionInformation::parse(bson::View command) {
  const bson::Element member = command[kMember];
  if (!member || member.is_null()) return std::nullopt;
  if (!member.is_document()) {
    throw Error(ErrorCode::kTypeMismatch,
                fmt::format("'{}' is the wrong type '{}', expected type 'object'", kMember,
                            bson::alias(member.type())));
  }
  const bson::StrictReader reader(member.as_document(), kMember,
                                  {"type", "schema", "crudProcessed"});
  if (const bson::Element type = reader["type"]) {
    if (!type.is_number()) reader.wrong_type(type, "int");
    if (type.whole_number() != 1) {
      throw Error(ErrorCode::kBadValue,
                  fmt::format("{} must be 1, the only known type", reader.quoted("type")));
    }
  }
  if (const bson::Element processed = reader["crudProcessed"]) {
    if (processed.type() != bson::Type::kBool) reader.wrong_type(processed, "bool");
    if (processed.as_bool()) {
      throw Error(6666201, fmt::format("{} is for servers only; a client's command has its "
                                       "payloads still to be processed",
                                       reader.quoted("crudProcessed")));
    }
  }
  const bson::Element schema = reader.required("schema");
  if (!schema.is_document()) reader.wrong_type(schema, "object");
  bson::require_distinct(schema.as_document(), reader.quoted("schema"));
  return EncryptionInformation(bson::Document(schema.as_document()));
}

const schema::EncryptedFields& EncryptionInformation::fields(
    const Namespace& ns, const schema::EncryptedFields* stored) {
  const std::string name = ns.to_string();
  if (const auto known = parsed_.find(name); known != parsed_.end()) return *known->second;

  const bson::Element entry = schema_[name];
  if (!entry.is_document()) {
    throw Error(6371205, fmt::format("'{}.schema' has no encryptedFields for '{}'", kMember, name));
  }
  const bson::View document = entry.as_document();
  if (stored != nullptr && document == stored->to_bson().view()) return *stored;
  const std::string where = fmt::format("{}.schema.{}", kMember, name);
  auto fields = std::make_unique<schema::EncryptedFields>(
      schema::EncryptedFields::parse(document, ns.collection, {.where = where}));
  if (!document.contains("escCollection")) {
    throw Error(6371207, fmt::format("'{}' lacks escCollection", where));
  }
  if (!document.contains("ecocCollection")) {
    throw Error(6371208, fmt::format("'{}' lacks ecocCollection", where));
  }
  for (const schema::EncryptedField& field : fields->fields()) {
    if (const schema::DeclaredQuery* query = field.withdrawn_query()) {
      throw Error(8575606,
                  fmt::format("'{}' uses the withdrawn queryType {} for '{}': use the one without "
                              "Preview",
                              where, query->type->name, field.path));
    }
  }
  return *parsed_.emplace(name, std::move(fields)).first->second;
}

const schema::EncryptedFields* EncryptionInformation::find(const Namespace& ns,
                                                           const schema::EncryptedFields* stored) {
  const std::string name = ns.to_string();
  const bson::Element entry = schema_[name];
  if (!entry) return nullptr;
  if (!entry.is_document()) {
    throw Error(9775500,
                fmt::format("'{}.schema.{}' is the wrong type '{}', expected type 'object'",
                            kMember, name, bson::alias(entry.type())));
  }
  const schema::EncryptedFields& parsed = fields(ns, stored);
  return parsed.empty() ? nullptr : &parsed;
}

const Collection& existing_collection(Operation& op, const Namespace& ns) {
  if (const Collection* found = op.collection(ns)) return *found;
  refuse_to_make(ns);
}

const schema::EncryptedFields* stored_fields(Operation& op, const Namespace& ns) {
  const Collection* collection = op.latest_collection(ns);
  return collection == nullptr ? nullptr : collection->encrypted_fields();
}

}  // namespace quern::engine::qe
