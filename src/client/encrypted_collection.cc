// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypted_collection.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "client/schema_drift.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"
#include "schema/encrypted_fields.h"

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
             return true;
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
    const std::string drift = schema_drift(wanted, *stored);
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
  bson::Builder builder;
  for (const bson::Element& member : encrypted_fields) {
    if (member.key() != "fields" || !member.is_array()) {
      builder.append(member);
      continue;
    }
    builder.open_array("fields");
    for (const bson::Element& entry : member.as_array()) {
      if (!entry.is_document()) {  // left for the parser to refuse
        builder.push(entry.value());
        continue;
      }
      const bson::View field = entry.as_document();
      const bson::Element key_id = field["keyId"];
      builder.push_document();
      if (key_id && !key_id.is_null()) {
        builder.append_all(field).close();
        continue;
      }
      const bson::Element alt_name = field["keyAltName"];
      const bson::Element path = field["path"];
      const std::string name =
          alt_name.is_string()
              ? std::string(alt_name.as_string())
              : fmt::format("{}.{}", ns.collection, path.is_string() ? path.as_string() : "");
      builder.append("keyId", vault.find_or_create(name, options.provider, options.master_key));
      for (const bson::Element& part : field) {
        if (part.key() != "keyId" && part.key() != "keyAltName") builder.append(part);
      }
      builder.close();
    }
    builder.close();
  }
  return builder.finish();
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
