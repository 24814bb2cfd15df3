// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/encryption_information.h"

#include <fmt/format.h>

#include "engine/session/operation.h"

namespace quern::engine::qe {
namespace {

constexpr std::string_view kMember = "encryptionInformation";

[[noreturn]] void wrong_type(std::string_view member, bson::Type type, std::string_view wanted) {
  throw Error(ErrorCode::kTypeMismatch,
              fmt::format("'{}.{}' is the wrong type '{}', expected type '{}'", kMember, member,
                          bson::alias(type), wanted));
}

}  // namespace

std::optional<EncryptionInformation> EncryptionInformation::parse(bson::View command) {
  const bson::Element member = command[kMember];
  if (!member || member.is_null()) return std::nullopt;
  if (!member.is_document()) {
    throw Error(ErrorCode::kTypeMismatch,
                fmt::format("'{}' is the wrong type '{}', expected type 'object'", kMember,
                            bson::alias(member.type())));
  }
  bson::ValueView schema;
  for (const bson::Element& part : member.as_document()) {
    if (part.key() == "type") {
      if (!part.is_number()) wrong_type("type", part.type(), "int");
      if (part.whole_number() != 1) {
        throw Error(ErrorCode::kBadValue,
                    fmt::format("'{}.type' must be 1, the only known type", kMember));
      }
    } else if (part.key() == "schema") {
      if (!part.is_document()) wrong_type("schema", part.type(), "object");
      schema = part.value();
    } else if (part.key() == "crudProcessed") {
      if (part.type() != bson::Type::kBool) wrong_type("crudProcessed", part.type(), "bool");
      if (part.as_bool()) {
        throw Error(6666201,
                    fmt::format("'{}.crudProcessed' is for servers only; a client's command "
                                "has its payloads still to be processed",
                                kMember));
      }
    } else {
      throw Error(ErrorCode::kUnknownField,
                  fmt::format("'{}.{}' is an unknown field", kMember, part.key()));
    }
  }
  if (!schema) {
    throw Error(ErrorCode::kMissingField,
                fmt::format("'{}.schema' is missing but a required field", kMember));
  }
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
    if (field.query(schema::QueryType::kRangePreview)) {
      throw Error(8575606,
                  fmt::format("'{}' uses the withdrawn queryType rangePreview for '{}': use "
                              "range",
                              where, field.path));
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

const schema::EncryptedFields* stored_fields(Operation& op, const Namespace& ns) {
  const Collection* collection = op.latest_collection(ns);
  return collection == nullptr ? nullptr : collection->encrypted_fields();
}

}  // namespace quern::engine::qe
