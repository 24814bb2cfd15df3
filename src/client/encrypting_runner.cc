// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypting_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "analysis/analyse.h"
#include "client/cursor_outputs.h"
#include "client/decrypt_reply.h"
#include "client/encrypting_sink.h"
#include "client/key_lookup.h"
#include "client/schema_resolver.h"
#include "command/command_table.h"
#include "quern/base/error.h"
#include "schema/field_keys.h"

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

// Also when it is not there.
bool makes_collection(bson::View command) {
  return command.front().key() == "insert" || is_upsert(command);
}

// The server would make a plain collection out of nothing and store the payloads as they are.
void check_exists(const CommandSchemas& schemas, bson::View command) {
  if (schemas.missing_collection.empty()) return;
  if (!makes_collection(command)) return;
  throw Error(ErrorCode::kNamespaceNotFound,
              fmt::format("collection {} has encrypted fields and does not exist: create it first "
                          "(migrate, or create_encrypted_collection)",
                          schemas.missing_collection));
}

// What a command does to the cursors whose documents are remembered: find and aggregate open one,
// getMore reads on and may end it, killCursors ends some.
class CursorCommand {
 public:
  // row is null for a command that is not known.
  CursorCommand(CursorOutputs& cursors, std::string_view database, bson::View command,
                const CommandRow* row)
      : cursors_(cursors),
        database_(database),
        command_(command),
        goes_on_(row != nullptr && row->id == CommandId::kGetMore),
        opens_(!goes_on_ && row != nullptr && row->documents == ReplyDocuments::kCursor),
        kills_(row != nullptr && row->id == CommandId::kKillCursors) {
    const bson::Element named = goes_on_ ? command["collection"] : bson::Element(command.front());
    if (named.is_string()) collection_ = named.as_string();
  }

  // What the documents of a getMore look like.
  CursorOutputs::Output output() const {
    if (!goes_on_) return nullptr;
    return cursors_.find(database_, collection_, command_.front().whole_number().value_or(0));
  }

  void answered(bson::View reply, const CursorOutputs::Output& output) const {
    if (opens_) {
      if (const std::int64_t id = cursor_of(reply); id != 0) {
        cursors_.opened(database_, collection_, id, output);
      }
    } else if (goes_on_) {
      if (reply["ok"].truthy() && cursor_of(reply) == 0) {
        cursors_.closed(database_, collection_, command_.front().whole_number().value_or(0));
      }
    } else if (kills_ && command_["cursors"].is_array()) {
      for (const bson::Element& id : command_["cursors"].as_array()) {
        cursors_.closed(database_, collection_, id.whole_number().value_or(0));
      }
    }
  }

 private:
  // 0: none, or none any more.
  static std::int64_t cursor_of(bson::View reply) {
    const bson::Element cursor = reply["cursor"];
    if (!cursor.is_document()) return 0;
    return cursor.as_document()["id"].whole_number().value_or(0);
  }

  CursorOutputs& cursors_;
  std::string_view database_;
  bson::View command_;
  const bool goes_on_;
  const bool opens_;
  const bool kills_;
  std::string_view collection_;
};

// create, with the encryptedFields of its schema where it gives none or names keys by alternate
// name.
bson::Document with_encrypted_fields(bson::View command, const schema::EncryptedFields& fields) {
  constexpr std::string_view kMember = "encryptedFields";
  const bson::Element given = command[kMember];
  if (fields.empty() && !given.is_document()) return bson::Document(command);
  if (given.is_document() && !schema::names_keys(given.as_document())) {
    return bson::Document(command);
  }
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
      decrypt_(options.decrypt),
      look_after_writes_(options.look_after_writes),
      ask_server_(options.ask_server),
      schemas_(std::make_unique<SchemaResolver>(inner, keys, options)),
      cursors_(std::make_unique<CursorOutputs>(options.clock != nullptr ? *options.clock
                                                                        : Clock::system())) {}

EncryptingRunner::~EncryptingRunner() = default;

Reply EncryptingRunner::do_run(std::string_view database, bson::View command,
                               const RunContext& context) {
  check_database(database, command);
  const CommandRow* row = find_command_row(command.front().key());
  if (row != nullptr && !row->tokens.empty()) return run_compaction(database, command, context);
  std::optional<SchemaChange> change;
  if (row != nullptr && row->changes_schemas) change.emplace(*schemas_);

  const CursorCommand cursor(*cursors_, database, command, row);
  std::shared_ptr<const CommandOutput> output = cursor.output();
  bson::Document reply = run_analysed(database, command, row, context, output);
  cursor.answered(reply, output);
  const ReplyDocuments where = row != nullptr ? row->documents : ReplyDocuments::kNone;
  return decrypt_reply(std::move(reply), where, output, decrypt_, keys_);
}

bson::Document EncryptingRunner::run_analysed(std::string_view database, bson::View command,
                                              const CommandRow* row, const RunContext& context,
                                              std::shared_ptr<const CommandOutput>& output) {
  analysis::Subject subject(database, command);
  if (subject.namespaces().empty()) return inner_.run(database, command, context);

  bson::Document complete;  // a create command with its encryptedFields
  std::shared_ptr<const CommandSchemas> schemas;
  if (row->id == CommandId::kCreate) {
    schemas = schemas_->resolve_create(subject.namespaces(), command);
    complete =
        with_encrypted_fields(command, schemas->map.at(subject.namespaces().front()).fields());
    command = complete;
    subject = analysis::Subject(database, command);
  } else {
    schemas = schemas_->resolve(subject.namespaces());
    check_exists(*schemas, command);
  }
  // Also where nothing is encrypted there are joins and markings that are refused.
  EncryptingSink sink(*schemas, keys_, random_);
  analysis::Analysis analysis = analysis::analyse(subject, schemas->map, sink);
  if (!schemas->any_schema) return inner_.run(database, command, context);
  const std::string& ns = subject.namespaces().front();
  if (row->documents != ReplyDocuments::kNone) {
    output =
        std::make_shared<CommandOutput>(CommandOutput{schemas, std::move(analysis.output), ns});
  }
  const bson::Document sent = sink.finish(std::move(analysis));
  bson::Document reply = inner_.run(database, sent, context);
  if (makes_collection(command) && reply["ok"].truthy()) {
    // Where the command says nothing of the schema, no server can refuse to make a plain
    // collection.
    const bool informed = sent.view().contains("encryptionInformation");
    if (look_after_writes_ || (ask_server_ && !informed)) schemas_->check_again(ns);
  }
  return reply;
}

bson::Document EncryptingRunner::run_compaction(std::string_view database, bson::View command,
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
                      target.key(), field.path, ns, query->type->name));
    }
    const BytesView token = keys(*field.key_id)->ecoc_token().bytes();
    builder.append(field.path, bson::Binary{bson::BinarySubtype::kGeneric, token});
  }
  builder.close();
  return inner_.run(database, builder.finish(), context);
}

void EncryptingRunner::forget_schemas() { schemas_->forget(); }

}  // namespace quern::client
