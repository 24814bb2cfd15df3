// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Which encryptedFields apply to a command: those that the application pinned, those that the
// server has for collections that are not pinned, and the proof that the two agree where both
// exist.
#ifndef QUERN_CLIENT_SCHEMA_RESOLVER_H_
#define QUERN_CLIENT_SCHEMA_RESOLVER_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>

#include "analysis/analyse.h"
#include "base/text_map.h"
#include "client/encrypting_runner.h"
#include "keyvault/key_cache.h"
#include "quern/command/command_runner.h"

namespace quern::client {

// The schemas of all collections that one command names. Immutable.
struct CommandSchemas {
  analysis::SchemaMap map;  // key ids filled in
  // {type: 1, schema: {"db.coll": {…}, …}}, as commands carry it to the server.
  bson::Document encryption_information;
  // RunContext::expected_schemas. Not of collections that the server was not asked for.
  bson::Document expected;
  // One of the collections has encryptedFields (perhaps without a field). When false, the command
  // has nothing to do with encryption.
  bool any_schema = false;
  // A pinned collection that the server does not have.
  std::string missing_collection;

  // "field 'a.b' of db.coll", for messages about a key.
  std::string describe_key(const Uuid& id) const;
};

// Thread-safe. Borrows inner and keys.
class SchemaResolver {
 public:
  SchemaResolver(CommandRunner& inner, keyvault::KeyCache& keys, const EncryptingOptions& options);

  // The schemas of namespaces, of whatever databases. Throws Error(IllegalOperation) when the
  // server's schema is not the pinned one, when a collection must be pinned and is not, and for
  // views. Server and key vault are asked with the context of the caller; the answers serve other
  // callers, too.
  std::shared_ptr<const CommandSchemas> resolve(std::span<const std::string> namespaces,
                                                const RunContext& context = {});

  // The schemas of a create command: of the collection that it is about to make (the first of
  // namespaces), the pinned one, else the command's own encryptedFields, which must agree; and of
  // the collections that a view reads.
  std::shared_ptr<const CommandSchemas> resolve_create(std::span<const std::string> namespaces,
                                                       bson::View command,
                                                       const RunContext& context);

  // After a write: throws Error(NamespaceNotFound) when the server does not have the pinned
  // collection any more, or has another under its name. Nothing happens for one that is not pinned
  // or has no fields.
  void check_again(const std::string& ns, const RunContext& context);

  // For tests.
  std::size_t entry_count();

  // Everything that the server has answered, and what it is answering to others at this moment.
  void forget();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    std::shared_ptr<const CommandSchemas> schemas;
    Time expires;
  };
  // The collections that the server has, by "database.collection", with their encryptedFields.
  using ServerSchemas = std::map<std::string, std::optional<schema::EncryptedFields>, std::less<>>;

  // The entry of that key, if it is to be believed. generation is the present one.
  std::shared_ptr<const CommandSchemas> cached(std::string_view key, std::uint64_t& generation);
  // Unless something was forgotten since that generation.
  void store(std::string key, std::shared_ptr<const CommandSchemas> schemas,
             std::uint64_t generation);
  const schema::EncryptedFields* pinned(std::string_view ns) const;
  void check_listed(std::string_view ns) const;
  void check_keys(std::string_view ns, const schema::EncryptedFields& claimed) const;
  schema::EncryptedFields with_key_ids(std::string_view ns, const schema::EncryptedFields& fields,
                                       const RunContext& context);
  void ask_server(std::string_view database, std::span<const std::string_view> collections,
                  ServerSchemas& server, const RunContext& context) const;
  ServerSchemas ask_server(std::span<const std::string> namespaces,
                           const RunContext& context) const;
  void add(const std::string& ns, const ServerSchemas& server, const RunContext& context,
           CommandSchemas& schemas);
  bson::Document expected(const ServerSchemas& server, const analysis::SchemaMap& map) const;

  CommandRunner& inner_;
  keyvault::KeyCache& keys_;
  struct FieldName {
    std::string ns;
    std::string path;
  };

  const std::optional<schema::EncryptedFieldsMap> map_;
  std::map<Uuid, FieldName> pinned_keys_;  // those that the map names by id
  const bool ask_server_;
  const bool allow_more_fields_;
  const bool require_map_;
  const std::chrono::milliseconds lifetime_;
  Clock& clock_;
  std::shared_mutex mutex_;
  std::uint64_t generation_ = 0;  // counts calls of forget()
  TextMap<Entry> entries_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_SCHEMA_RESOLVER_H_
