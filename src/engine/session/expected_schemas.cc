// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/expected_schemas.h"

#include <fmt/format.h>

#include "engine/catalog/catalog_snapshot.h"
#include "engine/catalog/collection.h"
#include "quern/base/error.h"
#include "schema/difference.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
namespace {

bool is_namespace(std::string_view name, const Namespace& ns) {
  return name.size() == ns.database.size() + 1 + ns.collection.size() &&
         name.starts_with(ns.database) && name[ns.database.size()] == '.' &&
         name.ends_with(ns.collection);
}

// Missing when nothing is expected of the collection.
bson::Element expected(bson::View schemas, const Namespace& ns) {
  for (const bson::Element& schema : schemas) {
    if (is_namespace(schema.key(), ns)) return schema;
  }
  return {};
}

bool has_fields(bson::View schema) {
  const bson::Element fields = schema["fields"];
  return fields.is_array() && !fields.as_array().empty();
}

bool agree(bson::View schema, const Collection& collection) {
  const schema::EncryptedFields* stored = collection.encrypted_fields();
  if (stored == nullptr || stored->empty()) return !has_fields(schema);
  if (schema == stored->to_bson().view()) return true;
  return has_fields(schema) &&
         schema::schema_difference(
             schema::EncryptedFields::parse(schema, collection.ns().collection), *stored)
             .empty();
}

}  // namespace

void ExpectedSchemas::check(const Collection& collection) const {
  const bson::Element schema = expected(schemas_, collection.ns());
  if (!schema || agree(schema.as_document(), collection)) return;
  DatabaseError error(
      ErrorCode::kCollectionUUIDMismatch,
      fmt::format("the encryptedFields of {} are not those that the command was made for: the "
                  "collection was created anew meanwhile. Read its schema again, then repeat the "
                  "command",
                  collection.ns().to_string()));
  error.add_label("TransientTransactionError");
  throw error;
}

void ExpectedSchemas::check(const CatalogSnapshot& catalog) const {
  for (const bson::Element& schema : schemas_) {
    const std::size_t dot = schema.key().find('.');
    if (dot == std::string_view::npos) continue;
    const Namespace ns{std::string(schema.key().substr(0, dot)),
                       std::string(schema.key().substr(dot + 1))};
    if (const Collection* collection = catalog.find(ns)) check(*collection);
  }
}

void ExpectedSchemas::check_may_be_made(const Namespace& ns) const {
  const bson::Element schema = expected(schemas_, ns);
  if (schema && has_fields(schema.as_document())) refuse_to_make(ns);
}

void refuse_to_make(const Namespace& ns) {
  throw DatabaseError(
      ErrorCode::kNamespaceNotFound,
      fmt::format("collection {} is written to with encrypted fields and does not exist: create it "
                  "first (migrate, or create_encrypted_collection)",
                  ns.to_string()));
}

}  // namespace quern::engine
