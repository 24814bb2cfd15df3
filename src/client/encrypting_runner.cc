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

// How often a command is judged by schemas that were outdated when it was to run.
constexpr int kAttempts = 3;

// The refusal of a command that was judged by outdated schemas: nothing of it was done.
class OutdatedSchemas : public DatabaseError {
 public:
  explicit OutdatedSchemas(const Error& refusal) : DatabaseError(refusal.code(), refusal.what()) {
    for (const std::string& label : refusal.labels()) add_label(label);
  }
};

// Runs a command that is to be carried out only while these schemas are true. Throws
// OutdatedSchemas when they are not, where the runner heeds them. No other error is taken for that
// one, such as the key vault's after a write.
bson::Document run_judged(CommandRunner& runner, std::string_view database, bson::View command,
                          RunContext context, bson::View expected_schemas) {
  context.expected_schemas = expected_schemas;
  try {
    return runner.run(database, command, context);
  } catch (const Error& error) {
    if (!error.is(ErrorCode::kCollectionUUIDMismatch)) throw;
    throw OutdatedSchemas(error);
  }
}

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
bool makes_collection(const CommandRow& row, bson::View command) {
  return row.id == CommandId::kInsert || row.id == CommandId::kCreateIndexes ||
         (row.writes && is_upsert(command));
}

// The server would make a plain collection out of nothing and store the payloads as they are.
void check_exists(const CommandSchemas& schemas, const CommandRow& row, bson::View command) {
  if (schemas.missing_collection.empty()) return;
  if (!makes_collection(row, command)) return;
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
    if (named.is_string()) {
      collection_ = named.as_string();
    } else if (opens_) {
      collection_ = "$cmd.aggregate";  // of a whole database
    }
  }

  // The cursor that is open after that reply; 0: none.
  std::int64_t open_after(bson::View reply) const {
    if (!opens_ && !goes_on_) return 0;
    const std::int64_t id = cursor_of(reply);
    return id == 0 || opens_ ? id : command_.front().whole_number().value_or(0);
  }

  // Best effort, for a reply that the caller never gets: nobody else knows that the cursor is open.
  void kill(CommandRunner& runner, std::int64_t id, const RunContext& context) const {
    if (id == 0) return;
    cursors_.closed(database_, collection_, id);
    bson::Builder command;
    command.append("killCursors", collection_).open_array("cursors").push(id).close();
    for (const std::string_view member : {"lsid", "txnNumber", "autocommit"}) {
      command.append(member, command_[member].value());
    }
    try {
      runner.run(database_, command.finish(), context.without_limits());
    } catch (const std::exception&) {
      // The server forgets idle cursors by itself.
    }
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
      schemas_(std::make_unique<SchemaResolver>(inner, keys, options)),
      cursors_(std::make_unique<CursorOutputs>(options.clock != nullptr ? *options.clock
                                                                        : Clock::system())) {}

EncryptingRunner::~EncryptingRunner() = default;

Reply EncryptingRunner::do_run(std::string_view database, bson::View command,
                               const RunContext& context) {
  check_database(database, command);
  for (int attempt = 1;; ++attempt) {
    try {
      return run_once(database, command, context);
    } catch (const OutdatedSchemas&) {  // another made the collection anew since it was asked for
      if (attempt == kAttempts) throw;
      schemas_->forget();
    }
  }
}

Reply EncryptingRunner::run_once(std::string_view database, bson::View command,
                                 const RunContext& context) {
  const CommandRow* row = find_command_row(command.front().key());
  if (row != nullptr && !row->tokens.empty()) return run_compaction(database, command, context);
  std::optional<SchemaChange> change;
  if (row != nullptr && row->changes_schemas) change.emplace(*schemas_);

  const CursorCommand cursor(*cursors_, database, command, row);
  std::shared_ptr<const CommandOutput> output = cursor.output();
  bson::Document reply = run_analysed(database, command, row, context, output);
  cursor.answered(reply, output);
  const ReplyDocuments where = row != nullptr ? row->documents : ReplyDocuments::kNone;
  const std::int64_t open = cursor.open_after(reply);
  try {
    return decrypt_reply(std::move(reply), where, output, decrypt_, keys_, context);
  } catch (...) {
    cursor.kill(inner_, open, context);
    throw;
  }
}

bson::Document EncryptingRunner::run_analysed(std::string_view database, bson::View command,
                                              const CommandRow* row, const RunContext& context,
                                              std::shared_ptr<const CommandOutput>& output) {
  analysis::Subject subject(database, command);
  if (subject.namespaces().empty()) return inner_.run(database, command, context);

  bson::Document complete;  // a create command with its encryptedFields
  std::shared_ptr<const CommandSchemas> schemas;
  if (row->id == CommandId::kCreate) {
    schemas = schemas_->resolve_create(subject.namespaces(), command, context);
    complete =
        with_encrypted_fields(command, schemas->map.at(subject.namespaces().front()).fields());
    command = complete;
    subject = analysis::Subject(database, command);
  } else {
    schemas = schemas_->resolve(subject.namespaces(), context);
    check_exists(*schemas, *row, command);
  }
  // Also where nothing is encrypted there are joins and markings that are refused.
  EncryptingSink sink(*schemas, keys_, context, random_);
  analysis::Analysis analysis = analysis::analyse(subject, schemas->map, sink);
  if (!schemas->any_schema) {
    return run_judged(inner_, database, command, context, schemas->expected);
  }
  const std::string& ns = subject.namespaces().front();
  if (row->documents != ReplyDocuments::kNone) {
    output =
        std::make_shared<CommandOutput>(CommandOutput{schemas, std::move(analysis.output), ns});
  }
  const bson::Document sent = sink.finish(std::move(analysis));
  bson::Document reply = run_judged(inner_, database, sent, context, schemas->expected);
  if (!inner_.heeds_expected_schemas() && makes_collection(*row, command) && reply["ok"].truthy()) {
    schemas_->check_again(ns, context.without_limits());
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
  const auto schemas = schemas_->resolve(std::span(&ns, 1), context);
  const schema::EncryptedFields& fields = schemas->map.at(ns).fields();
  if (fields.empty()) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("{}: collection {} has no encrypted fields", target.key(), ns));
  }

  const bson::Document analysed = analysis::analyse(database, command, schemas->map).result;
  KeyLookup keys(keys_, context, [&](const Uuid& id) { return schemas->describe_key(id); });
  const std::string_view tokens = find_command_row(target.key())->tokens;
  bson::Builder builder;
  for (const bson::Element& member : analysed.view()) {
    if (member.key() != tokens) builder.append(member);
  }
  builder.open_document(tokens);
  for (const schema::EncryptedField& field : fields.fields()) {
    if (const schema::DeclaredQuery* query = field.unsupported_query()) {
      throw NotSupported(
          fmt::format("{}: field '{}' of {} has query type '{}', which this version "
                      "cannot compact",
                      target.key(), field.path, ns, query->type->name));
    }
    const BytesView token = keys(*field.key_id)->ecoc_token().bytes();
    builder.append(field.path, bson::Binary{bson::BinarySubtype::kGeneric, token});
  }
  builder.close();
  return run_judged(inner_, database, builder.finish(), context, schemas->expected);
}

void EncryptingRunner::forget_schemas() { schemas_->forget(); }

}  // namespace quern::client
