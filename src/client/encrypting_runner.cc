// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypting_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "analysis/analyse.h"
#include "client/decrypt_reply.h"
#include "client/encrypt_marked.h"
#include "client/key_lookup.h"
#include "client/schema_resolver.h"
#include "command/command_table.h"
#include "quern/base/error.h"

namespace quern::client {
namespace {

// Forgets what was read about schemas before a command that changes some of them, and what is read
// while it runs: also when it fails, for it may have been carried out all the same.
class SchemaChange {
 public:
  explicit SchemaChange(SchemaResolver& schemas) : schemas_(schemas) { schemas_.forget(); }
  ~SchemaChange() { schemas_.forget(); }
  SchemaChange(const SchemaChange&) = delete;
  SchemaChange& operator=(const SchemaChange&) = delete;

 private:
  SchemaResolver& schemas_;
};

// To a server it is "$db" that says where a command goes; it must not say anything else than what
// the command is judged by.
void check_database(std::string_view database, bson::View command) {
  for (const bson::Element& member : command) {
    if (member.key() == "$db" && !(member.is_string() && member.as_string() == database)) {
      throw Error(ErrorCode::kInvalidNamespace,
                  fmt::format("the command is run on database {}, but its $db says otherwise: "
                              "leave $db out",
                              database));
    }
    if (member.key() == "explain" && member.is_document()) {
      check_database(database, member.as_document());
    }
  }
}

bool is_upsert(bson::View command) {
  if (command["upsert"].truthy()) return true;
  const bson::Element updates = command["updates"];
  return updates.is_array() &&
         std::ranges::any_of(updates.as_array(), [](const bson::Element& update) {
           return update.is_document() && update.as_document()["upsert"].truthy();
         });
}

// The server would make a plain collection out of nothing and store the payloads as they are.
void check_exists(const CommandSchemas& schemas, bson::View command) {
  if (schemas.missing_collection.empty()) return;
  if (command.front().key() != "insert" && !is_upsert(command)) return;
  throw Error(ErrorCode::kNamespaceNotFound,
              fmt::format("collection {} has encrypted fields and does not exist: create it first "
                          "(migrate, or create_encrypted_collection)",
                          schemas.missing_collection));
}

// create, with the encryptedFields of its schema where it gives none or names keys by alternate
// name.
bson::Document with_encrypted_fields(bson::View command, const schema::EncryptedFields& fields) {
  constexpr std::string_view kMember = "encryptedFields";
  const bson::Element given = command[kMember];
  if (fields.empty() && !given.is_document()) return bson::Document(command);
  bool replace = !given.is_document();
  if (const bson::Element list = replace ? bson::Element() : given.as_document()["fields"];
      list.is_array()) {
    for (const bson::Element& field : list.as_array()) {
      replace |= field.is_document() && field.as_document().contains("keyAltName");
    }
  }
  if (!replace) return bson::Document(command);
  bson::Builder builder;
  for (const bson::Element& member : command) {
    if (member.key() != kMember) builder.append(member);
  }
  builder.append(kMember, fields.to_bson());
  return builder.finish();
}

}  // namespace

EncryptingRunner::EncryptingRunner(CommandRunner& inner, keyvault::KeyCache& keys,
                                   EncryptingOptions options)
    : inner_(inner),
      keys_(keys),
      random_(options.random != nullptr ? *options.random : RandomSource::system()),
      schemas_(std::make_unique<SchemaResolver>(inner, keys, options)) {}

EncryptingRunner::~EncryptingRunner() = default;

Reply EncryptingRunner::do_run(std::string_view database, bson::View command,
                               const RunContext& context) {
  check_database(database, command);
  const CommandRow* row = find_command_row(command.front().key());
  std::optional<SchemaChange> change;
  if (row != nullptr && row->changes_schemas) change.emplace(*schemas_);
  Reply reply = row == nullptr || row->tokens.empty() ? run_analysed(database, command, context)
                                                      : run_compaction(database, command, context);
  return decrypt_reply(std::move(reply), keys_);
}

Reply EncryptingRunner::run_analysed(std::string_view database, bson::View command,
                                     const RunContext& context) {
  analysis::Subject subject(database, command);
  const std::vector<std::string> namespaces = subject.namespaces();
  if (namespaces.empty()) return inner_.run(database, command, context);

  bson::Document complete;  // a create command with its encryptedFields
  std::shared_ptr<const CommandSchemas> schemas;
  if (command.front().key() == "create") {
    schemas = schemas_->resolve_create(namespaces, command);
    complete = with_encrypted_fields(command, schemas->map.at(namespaces.front()).fields());
    command = complete;
    subject = analysis::Subject(database, command);
  } else {
    schemas = schemas_->resolve(namespaces);
    check_exists(*schemas, command);
  }
  // Also where nothing is encrypted there are joins and markings that are refused.
  const analysis::Analysis analysis = analysis::analyse(subject, schemas->map);
  if (!schemas->any_schema) return inner_.run(database, command, context);
  return inner_.run(database, encrypt_marked(analysis.result, *schemas, keys_, random_), context);
}

Reply EncryptingRunner::run_compaction(std::string_view database, bson::View command,
                                       const RunContext& context) {
  const bson::Element target = command.front();
  if (!target.is_string() || target.as_string().empty()) {
    throw Error(ErrorCode::kInvalidNamespace,
                fmt::format("{} needs the name of a collection", target.key()));
  }
  const std::string ns = fmt::format("{}.{}", database, target.as_string());
  const auto schemas = schemas_->resolve(std::span(&ns, 1));
  const schema::EncryptedFields& fields = schemas->map.at(ns).fields();
  if (fields.empty()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("{}: collection {} has no encrypted fields", target.key(), ns));
  }

  const bson::Document analysed = analysis::analyse(database, command, schemas->map).result;
  KeyLookup keys(keys_, [&](const Uuid& id) { return schemas->describe_key(id); });
  const std::string_view tokens = find_command_row(target.key())->tokens;
  bson::Builder builder;
  for (const bson::Element& member : analysed.view()) {
    if (member.key() != tokens) builder.append(member);
  }
  builder.open_document(tokens);
  for (const schema::EncryptedField& field : fields.fields()) {
    if (const schema::Query* query = field.unsupported_query()) {
      throw NotSupported(
          fmt::format("{}: field '{}' of {} has query type '{}', which this version "
                      "cannot compact",
                      target.key(), field.path, ns, schema::name(query->type)));
    }
    const BytesView token = keys(*field.key_id)->ecoc_token().bytes();
    builder.append(field.path, bson::Binary{bson::BinarySubtype::kGeneric, token});
  }
  builder.close();
  return inner_.run(database, builder.finish(), context);
}

void EncryptingRunner::forget_schemas() { schemas_->forget(); }

}  // namespace quern::client
