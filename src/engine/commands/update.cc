// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// update, delete, findAndModify.
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/commands/commands.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/update.h"
#include "engine/rules/command_reader.h"
#include "engine/write/modify.h"
#include "engine/write/write_rules.h"
#include "quern/base/error.h"
#include "query/match/match.h"
#include "query/pipeline/projection.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxBatch = 100'000;

// The documents of updates or deletes.
std::vector<bson::View> statements_of(const CommandReader& arguments, std::string_view member) {
  std::vector<bson::View> statements;
  for (const bson::Element& element : arguments.required_array(member)) {
    if (!element.is_document()) arguments.wrong_type(element, "object");
    statements.push_back(element.as_document());
  }
  if (statements.empty() || statements.size() > kMaxBatch) {
    throw DatabaseError(ErrorCode::kInvalidLength,
                        "Write batch sizes must be between 1 and 100000. Got " +
                            std::to_string(statements.size()) + " operations.");
  }
  return statements;
}

query::ParseContext context_of(const Operation& operation, bson::View let) {
  return {.let = let, .now = operation.now()};
}

// let, with the constants "c" of a statement in place of variables of the same name.
bson::Document with_constants(bson::View let, bson::View constants) {
  bson::Builder merged;
  for (const bson::Element& variable : let) {
    if (!constants.contains(variable.key())) merged.append(variable);
  }
  merged.append_all(constants);
  return merged.finish();
}

bson::ValueView hint_of(const CommandReader& arguments) {
  const bson::Element hint = arguments["hint"];
  if (hint.is_document() && hint.as_document().empty()) return {};
  return hint;
}

bson::View array_of(const CommandReader& arguments, std::string_view member) {
  return arguments[member].missing() ? bson::View() : arguments.required_array(member);
}

// Runs statement i of a batch; its fault becomes an item of writeErrors. False: stop.
class Batch {
 public:
  Batch(Operation& operation, bool ordered) : operation_(operation), ordered_(ordered) {}

  template <class Statement>
  bool run(std::size_t index, Statement statement) {
    try {
      statement();
      return true;
    } catch (const Error& error) {
      if (error.is(ErrorCode::kMaxTimeMSExpired) ||
          (operation_.in_session_transaction() && error.has_label("TransientTransactionError"))) {
        throw;
      }
      if (!errors_) {
        errors_.emplace();
        errors_->open_array("writeErrors");
      }
      push_write_error(*errors_, static_cast<std::int32_t>(index), error);
      return !ordered_ && !operation_.in_session_transaction();
    }
  }

  void finish(bson::Builder& reply) {
    if (!errors_) return;
    errors_->close();
    const bson::Document errors = errors_->finish();
    reply.append(errors.view().front());
  }

 private:
  Operation& operation_;
  bool ordered_;
  std::optional<bson::Builder> errors_;
};

// One of updates; let owns its variables if it has constants of its own.
struct ParsedUpdate {
  bson::Document let;
  UpdateStatement statement;
};

void parse_update(const Operation& operation, const CommandReader& command, bson::View text,
                  ParsedUpdate& out) {
  const CommandReader each(text, "update.updates",
                           {"q", "u", "c", "multi", "upsert", "upsertSupplied", "arrayFilters",
                            "hint", "collation", "sort"});
  each.refuse_collation();
  bson::View let = command.variables();
  if (const bson::View constants = each.document("c"); !constants.empty()) {
    bson::require_distinct(constants, "c");
    out.let = with_constants(let, constants);
    let = out.let;
  }
  UpdateStatement& statement = out.statement;
  Selection& selection = statement.selection;
  selection.filter = each.required_document("q");
  selection.sort = each.document("sort");
  selection.hint = hint_of(each);
  selection.multi = each.boolean("multi", false);
  selection.context = context_of(operation, let);
  statement.update = each.required("u");
  statement.array_filters = array_of(each, "arrayFilters");
  statement.upsert = each.boolean("upsert", false);
  if (statement.upsert) selection.too_many_tags = qe::TooManyTags::kFail;
  statement.bypass_validation = command.boolean("bypassDocumentValidation", false);
}

// What is wrong with a statement itself: unlike a malformed command, that stops no other statement.
void check_statement(const UpdateStatement& statement) {
  if (!statement.selection.multi) return;
  if (statement.update.is_document() && !statement.update.is_array() &&
      !statement.update.as_document().front().key().starts_with('$')) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "multi update is not supported for replacement-style update");
  }
  if (!statement.selection.sort.empty()) {
    throw DatabaseError(ErrorCode::kFailedToParse, "Cannot specify sort with multi=true");
  }
}

Selection parse_delete(const Operation& operation, const CommandReader& command, bson::View text) {
  const CommandReader each(text, "delete.deletes", {"q", "limit", "hint", "collation"});
  each.refuse_collation();
  const auto limit = each.required("limit").whole_number();
  if (!limit || *limit < 0 || *limit > 1) {
    throw DatabaseError(ErrorCode::kFailedToParse,
                        "The limit field in delete objects must be 0 or 1.");
  }
  Selection selection;
  selection.filter = each.required_document("q");
  selection.hint = hint_of(each);
  selection.multi = *limit == 0;
  selection.context = context_of(operation, command.variables());
  return selection;
}

}  // namespace

void UpdateCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(
      operation.command(), name(),
      {"updates", "ordered", "bypassDocumentValidation", "let", "encryptionInformation"});
  const Namespace ns = operation.ns(arguments.collection());
  auto information = qe::EncryptionInformation::parse(operation.command());
  if (information) qe::check_update_command(operation.command());
  const schema::EncryptedFields* fields = information ? &information->fields(ns) : nullptr;
  std::deque<ParsedUpdate> updates;  // which stay where they are
  for (const bson::View& text : statements_of(arguments, "updates")) {
    parse_update(operation, arguments, text, updates.emplace_back());
  }
  Batch batch(operation, arguments.boolean("ordered", true));
  std::int64_t matched = 0;
  std::int64_t modified = 0;
  bson::Builder upserted;
  upserted.open_array("upserted");
  std::size_t upserts = 0;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const bool go_on = batch.run(i, [&] {
      UpdateStatement& statement = updates[i].statement;
      statement.selection.fields = fields;
      check_statement(statement);
      const UpdateResult result = update_documents(operation, ns, statement);
      matched += result.matched;
      modified += result.modified;
      if (result.upserted_id) {
        ++matched;
        upserted.push_document().append("index", static_cast<std::int32_t>(i));
        upserted.append("_id", *result.upserted_id).close();
        ++upserts;
      }
    });
    if (!go_on) break;
  }
  reply.append("n", static_cast<std::int32_t>(matched));
  reply.append("nModified", static_cast<std::int32_t>(modified));
  if (upserts > 0) {
    upserted.close();
    const bson::Document list = upserted.finish();
    reply.append(list.view().front());
  }
  batch.finish(reply);
}

void DeleteCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"deletes", "ordered", "let", "encryptionInformation"});
  const Namespace ns = operation.ns(arguments.collection());
  auto information = qe::EncryptionInformation::parse(operation.command());
  if (information) qe::check_delete_command(operation.command());
  const schema::EncryptedFields* fields = information ? &information->fields(ns) : nullptr;
  std::vector<Selection> deletes;
  for (const bson::View& text : statements_of(arguments, "deletes")) {
    deletes.push_back(parse_delete(operation, arguments, text));
    deletes.back().fields = fields;
  }
  Batch batch(operation, arguments.boolean("ordered", true));
  std::int64_t deleted = 0;
  for (std::size_t i = 0; i < deletes.size(); ++i) {
    const bool go_on =
        batch.run(i, [&] { deleted += delete_documents(operation, ns, deletes[i]).deleted; });
    if (!go_on) break;
  }
  reply.append("n", static_cast<std::int32_t>(deleted));
  batch.finish(reply);
}

namespace {

void check_find_and_modify(const CommandReader& arguments, bool remove, bool has_update,
                           bool upsert, bool want_new) {
  const auto fail = [](const std::string& text) {
    throw DatabaseError(ErrorCode::kFailedToParse, text);
  };
  if (remove && has_update) fail("Cannot specify both an update and remove=true");
  if (!remove && !has_update) fail("Either an update or remove=true must be specified");
  if (remove && upsert) fail("Cannot specify both upsert=true and remove=true");
  if (remove && want_new) {
    fail(
        "Cannot specify both new=true and remove=true; 'remove' always returns the deleted "
        "document");
  }
  if (remove && !arguments["arrayFilters"].missing()) {
    fail("Cannot specify arrayFilters and remove=true");
  }
}

}  // namespace

void FindAndModifyCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(
      operation.command(), name(),
      {"query", "sort", "remove", "update", "new", "fields", "upsert", "arrayFilters", "hint",
       "let", "collation", "bypassDocumentValidation", "encryptionInformation"});
  arguments.refuse_collation();
  const Namespace ns = operation.ns(arguments.collection());
  const bool remove = arguments.boolean("remove", false);
  const bool upsert = arguments.boolean("upsert", false);
  const bool want_new = arguments.boolean("new", false);
  check_find_and_modify(arguments, remove, !arguments["update"].missing(), upsert, want_new);
  auto information = qe::EncryptionInformation::parse(operation.command());
  if (information) qe::check_find_and_modify(operation.command());

  UpdateStatement statement;
  Selection& selection = statement.selection;
  selection.filter = arguments.document("query");
  selection.sort = arguments.document("sort");
  selection.hint = hint_of(arguments);
  selection.context = context_of(operation, arguments.variables());
  selection.fields =
      information ? &information->fields(ns, qe::stored_fields(operation, ns)) : nullptr;
  const query::Matcher matcher = query::Matcher::parse(selection.filter, selection.context);
  const query::Projection projection =
      query::Projection::parse(arguments.document("fields"), &matcher, selection.context);
  const auto append_value = [&](const std::optional<bson::Document>& document) {
    if (document) {
      reply.append("value", projection.apply(*document));
    } else {
      reply.append("value", bson::Null{});
    }
  };
  if (remove) {
    const DeleteResult result = delete_documents(operation, ns, selection, true);
    reply.open_document("lastErrorObject");
    reply.append("n", static_cast<std::int32_t>(result.deleted)).close();
    append_value(result.before);
    return;
  }
  statement.update = arguments["update"];
  statement.array_filters = array_of(arguments, "arrayFilters");
  statement.upsert = upsert;
  if (upsert) statement.selection.too_many_tags = qe::TooManyTags::kFail;
  statement.bypass_validation = arguments.boolean("bypassDocumentValidation", false);
  statement.keep_images = true;
  const UpdateResult result = update_documents(operation, ns, statement);
  reply.open_document("lastErrorObject");
  reply.append("n", static_cast<std::int32_t>(result.matched + (result.upserted_id ? 1 : 0)));
  reply.append("updatedExisting", result.matched > 0);
  if (result.upserted_id) reply.append("upserted", *result.upserted_id);
  reply.close();
  append_value(want_new ? result.after : result.before);
}

}  // namespace quern::engine
