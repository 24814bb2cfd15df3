// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/schema_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/shown.h"
#include "quern/base/error.h"
#include "quern/command/namespace.h"
#include "quern/command/reply.h"
#include "schema/difference.h"
#include "schema/field_keys.h"

namespace quern::client {
namespace {

constexpr std::string_view kStatePrefix = "enxcol_.";
// Beyond so many entries, those that expired are thrown out before another one comes.
constexpr std::size_t kSweepAt = 256;

std::string_view database_of(std::string_view ns) { return ns.substr(0, ns.find('.')); }
std::string_view collection_of(std::string_view ns) { return ns.substr(ns.find('.') + 1); }

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kIllegalOperation, what);
}

schema::EncryptedFields no_fields(std::string_view ns) {
  bson::Builder builder;
  builder.open_array("fields").close();
  return schema::EncryptedFields::parse(builder.finish().view(), collection_of(ns));
}

std::string joined(std::span<const std::string> namespaces) {
  std::string key;
  for (const std::string& ns : namespaces) key.append(ns).push_back('\0');
  return key;
}

bson::Document encryption_information(std::span<const std::string> namespaces,
                                      const analysis::SchemaMap& map) {
  bson::Builder builder;
  builder.append("type", 1);
  builder.open_document("schema");
  for (const std::string& ns : namespaces) builder.append(ns, map.at(ns).fields().to_bson());
  builder.close();
  return builder.finish();
}

}  // namespace

std::string CommandSchemas::describe_key(const Uuid& id) const {
  for (const auto& [ns, schema] : map) {
    for (const schema::EncryptedField& field : schema.fields().fields()) {
      if (field.key_id == id) return fmt::format("field '{}' of {}", shown_path(field.path), ns);
    }
  }
  return {};
}

SchemaResolver::SchemaResolver(CommandRunner& inner, keyvault::KeyCache& keys,
                               const EncryptingOptions& options)
    : inner_(inner),
      keys_(keys),
      map_(options.map),
      ask_server_(options.ask_server),
      allow_more_fields_(options.allow_more_fields),
      require_map_(options.require_map),
      lifetime_(options.schema_lifetime),
      clock_(options.clock != nullptr ? *options.clock : Clock::system()) {
  if (require_map_ && !map_) {
    throw ImproperlyConfigured("an encrypted fields map is required, but there is none");
  }
  if (!map_) return;
  for (const auto& [ns, fields] : map_->entries()) {
    for (const schema::EncryptedField& field : fields.fields()) {
      if (field.key_id) pinned_keys_.emplace(*field.key_id, FieldName{ns, field.path});
    }
  }
}

const schema::EncryptedFields* SchemaResolver::pinned(std::string_view ns) const {
  return map_ ? map_->find(ns) : nullptr;
}

// Replaces every keyAltName by the id of its key.
schema::EncryptedFields SchemaResolver::with_key_ids(std::string_view ns,
                                                     const schema::EncryptedFields& fields,
                                                     const RunContext& context) {
  bool complete = true;
  for (const schema::EncryptedField& field : fields.fields()) complete &= field.key_id.has_value();
  if (complete) return fields;

  const bson::Document document =
      schema::with_key_ids(fields.to_bson(), [&](std::string_view alt_name, std::string_view path) {
        return keys_.id_of(alt_name, fmt::format("field '{}' of {}", shown_path(path), ns),
                           context);
      });
  return schema::EncryptedFields::parse(document.view(), collection_of(ns));
}

// A server that has a field of its choice encrypted with the key of another one gets that one's
// tokens for values that it knows.
void SchemaResolver::check_keys(std::string_view ns, const schema::EncryptedFields& claimed) const {
  for (const schema::EncryptedField& field : claimed.fields()) {
    const auto found = field.key_id ? pinned_keys_.find(*field.key_id) : pinned_keys_.end();
    if (found == pinned_keys_.end()) continue;
    const FieldName& owner = found->second;
    if (owner.ns == ns && owner.path == field.path) continue;
    refuse(
        fmt::format("the server says that field '{}' of {} is encrypted with data key {}, which "
                    "is the key of field '{}' of {}. Nothing was sent. If that is meant, pin {} "
                    "in the encrypted fields map, too",
                    shown_path(field.path), ns, field.key_id->to_string(), shown_path(owner.path),
                    owner.ns, ns));
  }
}

void SchemaResolver::check_listed(std::string_view ns) const {
  if (!require_map_ || pinned(ns) != nullptr || collection_of(ns).starts_with(kStatePrefix)) return;
  refuse(
      fmt::format("collection {} is not in the encrypted fields map, which must list every "
                  "collection: add it, with \"fields\": [] if nothing in it is encrypted",
                  ns));
}

void SchemaResolver::ask_server(std::string_view database,
                                std::span<const std::string_view> collections,
                                ServerSchemas& server, const RunContext& context) const {
  bson::Builder command;
  command.append("listCollections", 1).open_document("filter");
  if (collections.size() == 1) {
    command.append("name", collections.front());
  } else {
    command.open_document("name").open_array("$in");
    for (const std::string_view collection : collections) command.push(collection);
    command.close().close();
  }
  command.close();

  const auto read = [&](bson::View info) {
    const std::string_view name = info["name"].as_string();
    const std::string ns = fmt::format("{}.{}", database, name);
    if (std::ranges::find(collections, name) == collections.end()) {
      refuse(fmt::format("the server answered for {}, which it was not asked for", ns));
    }
    if (info["type"].is_string() && info["type"].as_string() == "view") {
      refuse(fmt::format("cannot auto encrypt a view: {}", ns));
    }
    const auto [entry, first] = server.try_emplace(ns);
    if (!first) refuse(fmt::format("the server answered for {} twice", ns));
    auto& fields = entry->second;
    const bson::Element document = info.at_path("options.encryptedFields");
    if (!document) return true;
    try {
      fields = schema::EncryptedFields::parse(document.as_document(), name,
                                              {.where = "options.encryptedFields"});
    } catch (const Error& error) {
      throw Error(error.code(),
                  fmt::format("the server's schema of {} cannot be used: {}", ns, error.what()));
    }
    return true;
  };
  for_each(inner_, database, command.finish(), read, context);
}

SchemaResolver::ServerSchemas SchemaResolver::ask_server(std::span<const std::string> namespaces,
                                                         const RunContext& context) const {
  std::map<std::string_view, std::vector<std::string_view>> by_database;
  for (const std::string& ns : namespaces) {
    by_database[database_of(ns)].push_back(collection_of(ns));
  }
  ServerSchemas server;
  for (const auto& [database, collections] : by_database) {
    ask_server(database, collections, server, context);
  }
  return server;
}

// Adds the schema of one collection of a command that does not create it.
void SchemaResolver::add(const std::string& ns, const ServerSchemas& server,
                         const RunContext& context, CommandSchemas& schemas) {
  check_listed(ns);
  const auto found = server.find(ns);
  const bool exists = found != server.end();
  const schema::EncryptedFields* own = pinned(ns);
  if (own == nullptr) {
    const bool encrypted = exists && found->second.has_value();
    if (encrypted) check_keys(ns, *found->second);
    schemas.any_schema |= encrypted;
    schemas.map.emplace(ns, encrypted ? *found->second : no_fields(ns));
    return;
  }
  schema::EncryptedFields fields = with_key_ids(ns, *own, context);
  if (exists) {
    schema::EncryptedFields claimed = found->second.value_or(no_fields(ns));
    const std::string drift = schema::schema_difference(fields, claimed, allow_more_fields_);
    if (!drift.empty()) {
      refuse(
          fmt::format("the server's encryptedFields of {} differ from {}: {}. Nothing was sent. "
                      "If the change is meant, change {} too",
                      ns, allow_more_fields_ ? "the models'" : "the pinned ones", drift,
                      allow_more_fields_ ? "the models" : "the encrypted fields map"));
    }
    if (allow_more_fields_) {
      check_keys(ns, claimed);
      fields = std::move(claimed);
    }
  } else if (ask_server_ && !fields.empty()) {
    schemas.missing_collection = ns;
  }
  schemas.any_schema = true;
  schemas.map.emplace(ns, std::move(fields));
}

// Of the collections that the command was judged by, as the server has them where it has them: so
// they are compared byte by byte.
bson::Document SchemaResolver::expected(const ServerSchemas& server,
                                        const analysis::SchemaMap& map) const {
  bson::Builder builder;
  for (const auto& [ns, schema] : map) {
    if (!ask_server_ && pinned(ns) == nullptr) continue;
    const auto found = server.find(ns);
    const bool stored = found != server.end() && found->second.has_value();
    builder.append(ns, (stored ? *found->second : schema.fields()).to_bson());
  }
  return builder.finish();
}

std::shared_ptr<const CommandSchemas> SchemaResolver::cached(std::string_view key,
                                                             std::uint64_t& generation) {
  const Time now = clock_.now();
  const std::shared_lock lock(mutex_);
  generation = generation_;
  const auto found = entries_.find(key);
  return found != entries_.end() && found->second.expires > now ? found->second.schemas : nullptr;
}

void SchemaResolver::store(std::string key, std::shared_ptr<const CommandSchemas> schemas,
                           std::uint64_t generation) {
  const Time now = clock_.now();
  const std::unique_lock lock(mutex_);
  if (generation != generation_) return;
  if (entries_.size() >= kSweepAt) {
    std::erase_if(entries_, [now](const auto& entry) { return entry.second.expires <= now; });
  }
  entries_.insert_or_assign(std::move(key), Entry{std::move(schemas), now + lifetime_});
}

std::shared_ptr<const CommandSchemas> SchemaResolver::resolve(
    std::span<const std::string> namespaces, const RunContext& context) {
  std::string key = joined(namespaces);
  std::uint64_t generation = 0;
  if (auto schemas = cached(key, generation)) return schemas;

  ServerSchemas server;
  if (ask_server_) server = ask_server(namespaces, context);
  auto schemas = std::make_shared<CommandSchemas>();
  for (const std::string& ns : namespaces) add(ns, server, context, *schemas);
  schemas->encryption_information = encryption_information(namespaces, schemas->map);
  schemas->expected = expected(server, schemas->map);

  // A collection that is not there may be created with encrypted fields at any moment, by anybody.
  if (ask_server_ && server.size() < namespaces.size()) return schemas;
  store(std::move(key), schemas, generation);
  return schemas;
}

std::shared_ptr<const CommandSchemas> SchemaResolver::resolve_create(
    std::span<const std::string> namespaces, bson::View command, const RunContext& context) {
  const std::string& ns = namespaces.front();
  const auto read = namespaces.subspan(1);
  auto schemas = read.empty() ? std::make_shared<CommandSchemas>()
                              : std::make_shared<CommandSchemas>(*resolve(read, context));
  check_listed(ns);
  std::optional<schema::EncryptedFields> given;
  if (const bson::Element member = command["encryptedFields"]; member && !member.is_null()) {
    if (!member.is_document()) {
      throw Error(ErrorCode::kTypeMismatch,
                  fmt::format("create.encryptedFields of {} must be a document, not {}", ns,
                              bson::alias(member.type())));
    }
    given = with_key_ids(ns,
                         schema::EncryptedFields::parse(
                             member.as_document(), collection_of(ns),
                             {.where = "create.encryptedFields", .allow_key_alt_name = true}),
                         context);
  }
  if (const schema::EncryptedFields* own = pinned(ns)) {
    schema::EncryptedFields fields = with_key_ids(ns, *own, context);
    const std::string drift = given ? schema::schema_difference(fields, *given) : std::string();
    if (!drift.empty()) {
      refuse(fmt::format("the encryptedFields of create {} differ from the pinned ones: {}", ns,
                         drift));
    }
    given = std::move(fields);
  }
  schemas->any_schema |= given.has_value();
  schemas->map.insert_or_assign(
      ns, analysis::CompiledSchema(given ? std::move(*given) : no_fields(ns)));
  schemas->encryption_information = encryption_information(namespaces, schemas->map);
  return schemas;
}

void SchemaResolver::check_again(const std::string& ns, const RunContext& context) {
  const schema::EncryptedFields* own = pinned(ns);
  if (own == nullptr || own->empty()) return;
  const ServerSchemas server = ask_server(std::span(&ns, 1), context);
  const auto found = server.find(ns);
  const bool same =
      found != server.end() && found->second &&
      schema::schema_difference(with_key_ids(ns, *own, context), *found->second, allow_more_fields_)
          .empty();
  if (same) return;
  forget();
  throw Error(
      ErrorCode::kNamespaceNotFound,
      fmt::format("collection {} was dropped or replaced while it was written to: what is "
                  "there now lacks its encrypted fields, and keeps what was just written as "
                  "ciphertexts that no query finds. Drop it, create it again (migrate, or "
                  "create_encrypted_collection) and write again",
                  ns));
}

std::size_t SchemaResolver::entry_count() {
  const std::shared_lock lock(mutex_);
  return entries_.size();
}

void SchemaResolver::forget() {
  const std::unique_lock lock(mutex_);
  ++generation_;
  entries_.clear();
}

}  // namespace quern::client
