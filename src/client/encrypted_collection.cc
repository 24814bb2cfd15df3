// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypted_collection.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "quern/base/error.h"
#include "quern/command/reply.h"
#include "schema/difference.h"
#include "schema/encrypted_fields.h"
#include "schema/field_keys.h"

namespace quern::client {
namespace {

void create_if_absent(CommandRunner& runner, const Namespace& ns, bson::View command) {
  try {
    run_checked(runner, ns.database, command);
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kNamespaceExists)) throw;
  }
}

void create_state_collection(CommandRunner& runner, const Namespace& ns, std::string_view name) {
  create_if_absent(runner, ns,
                   bson::doc("create", name, "clusteredIndex",
                             bson::doc("key", bson::doc("_id", 1), "unique", true)));
}

// What the server has as the collection's encryptedFields; nothing when it is there without any.
std::optional<schema::EncryptedFields> stored_fields(CommandRunner& runner, const Namespace& ns) {
  std::optional<schema::EncryptedFields> fields;
  for_each(runner, ns.database,
           bson::doc("listCollections", 1, "filter", bson::doc("name", ns.collection)),
           [&](bson::View info) {
             const bson::Element stored = info.at_path("options.encryptedFields");
             if (stored.is_document()) {
               fields = schema::EncryptedFields::parse(stored.as_document(), ns.collection,
                                                       {.where = "options.encryptedFields"});
             }
             return false;  // there is one of a name
           });
  return fields;
}

void create_collection(CommandRunner& runner, const Namespace& ns,
                       const bson::Document& encrypted_fields,
                       const schema::EncryptedFields& wanted, bson::View further_members) {
  bson::Builder command;
  command.append("create", ns.collection).append("encryptedFields", encrypted_fields);
  command.append_all(further_members);
  try {
    run_checked(runner, ns.database, command.finish());
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kNamespaceExists)) throw;
    const auto stored = stored_fields(runner, ns);
    if (!stored) {
      throw DatabaseError(
          ErrorCode::kNamespaceExists,
          fmt::format("collection {} exists without encrypted fields; encrypting an "
                      "existing collection needs a new one and a copy",
                      ns.to_string()));
    }
    const std::string drift = schema::schema_difference(wanted, *stored);
    if (drift.empty()) return;
    throw DatabaseError(
        ErrorCode::kNamespaceExists,
        fmt::format("collection {} exists with other encrypted fields: {}", ns.to_string(), drift));
  }
}

}  // namespace

bson::Document complete_encrypted_fields(keyvault::KeyVault& vault, const Namespace& ns,
                                         bson::View encrypted_fields,
                                         const CreateEncryptedOptions& options) {
  const bson::Document named = schema::with_key_names(ns.collection, encrypted_fields);
  const auto fields = schema::EncryptedFields::parse(
      named, ns.collection, {.where = "create.encryptedFields", .allow_key_alt_name = true});
  for (const schema::EncryptedField& field : fields.fields()) {
    if (const schema::DeclaredQuery* query = field.unsupported_query()) {
      throw NotSupported(
          fmt::format("field '{}' of {} has query type '{}', which this version "
                      "cannot encrypt",
                      field.path, ns.to_string(), query->type->name));
    }
  }
  return schema::with_key_ids(named, [&](std::string_view alt_name, std::string_view) {
    return vault.find_or_create(alt_name, options.provider, options.master_key);
  });
}

bson::Document create_encrypted_collection(CommandRunner& runner, keyvault::KeyVault& vault,
                                           const Namespace& ns, bson::View encrypted_fields,
                                           const CreateEncryptedOptions& options) {
  Namespace::check_collection(ns.collection);
  bson::Document complete = complete_encrypted_fields(vault, ns, encrypted_fields, options);
  const auto fields = schema::EncryptedFields::parse(complete, ns.collection);
  create_state_collection(runner, ns, fields.esc_collection());
  create_state_collection(runner, ns, fields.ecoc_collection());
  create_collection(runner, ns, complete, fields, options.create_options);

  bson::Builder index;
  index.append("createIndexes", ns.collection);
  index.open_array("indexes").push_document();
  index.append("name", "__safeContent___1").append("key", bson::doc("__safeContent__", 1));
  index.close().close();
  run_checked(runner, ns.database, index.finish());
  return complete;
}

void drop_encrypted_collection(CommandRunner& runner, const Namespace& ns,
                               bson::View encrypted_fields) {
  const auto name = [&](std::string_view member, std::string default_name) {
    const bson::Element given = encrypted_fields[member];
    return given.is_string() ? std::string(given.as_string()) : std::move(default_name);
  };
  const std::array<std::string, 4> collections{
      name("escCollection", schema::default_esc_name(ns.collection)),
      name("ecocCollection", schema::default_ecoc_name(ns.collection)),
      schema::default_ecoc_compact_name(ns.collection),
      ns.collection,
  };
  for (const std::string& collection : collections) {
    try {
      run_checked(runner, ns.database, bson::doc("drop", collection));
    } catch (const DatabaseError& error) {
      if (!error.is(ErrorCode::kNamespaceNotFound)) throw;
    }
  }
}

}  // namespace quern::client
