// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypted_collection.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "bson/transform.h"
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

// Whether an element of encryptedFields is one of its fields: {fields: [element, …]}.
bool is_field(const bson::Element& element, bson::EnclosingPath path) {
  return path.size() == 1 && path[0] == "fields" && element.is_document();
}

// encryptedFields in which every field without a key names one by alternate name.
bson::Document with_named_keys(std::string_view collection, bson::View encrypted_fields) {
  const auto name_key = [&](const bson::Element& element, bson::EnclosingPath path,
                            bson::Builder& out) {
    if (!is_field(element, path)) {
      return path.empty() && element.key() == "fields" ? bson::Edit::kEnter : bson::Edit::kCopy;
    }
    const bson::View field = element.as_document();
    const bson::Element at = field["path"];
    const bool has_key =
        (field.contains("keyId") && !field["keyId"].is_null()) || field.contains("keyAltName");
    out.open_document(element.key());
    if (!has_key && at.is_string()) {
      out.append("keyAltName", fmt::format("{}.{}", collection, at.as_string()));
    }
    for (const bson::Element& part : field) {
      if (part.key() != "keyId" || !part.is_null()) out.append(part);
    }
    out.close();
    return bson::Edit::kDone;
  };
  return bson::transform(encrypted_fields, name_key);
}

}  // namespace

bson::Document complete_encrypted_fields(keyvault::KeyVault& vault, const Namespace& ns,
                                         bson::View encrypted_fields,
                                         const CreateEncryptedOptions& options) {
  const bson::Document named = with_named_keys(ns.collection, encrypted_fields);
  const auto fields = schema::EncryptedFields::parse(
      named, ns.collection, {.where = "create.encryptedFields", .allow_key_alt_name = true});
  for (const schema::EncryptedField& field : fields.fields()) {
    if (const schema::Query* query = field.unsupported_query()) {
      throw NotSupported(
          fmt::format("field '{}' of {} has query type '{}', which this version "
                      "cannot encrypt",
                      field.path, ns.to_string(), schema::name(query->type)));
    }
  }
  const auto find_key = [&](const bson::Element& element, bson::EnclosingPath path,
                            bson::Builder& out) {
    const bool is_alt_name =
        path.size() == 2 && path[0] == "fields" && element.key() == "keyAltName";
    if (!is_alt_name) return path.size() < 2 ? bson::Edit::kEnter : bson::Edit::kCopy;
    out.append("keyId",
               vault.find_or_create(element.as_string(), options.provider, options.master_key));
    return bson::Edit::kDone;
  };
  return bson::transform(named, find_key);
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
