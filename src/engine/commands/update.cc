// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "engine/commands/commands.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/update.h"
#include "engine/rules/command_reader.h"
#include "engine/write/modify.h"
#include "engine/write/statements.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

// let, with the constants "c" of a statement in place of variables of the same name.
bson::Document with_constants(bson::View let, bson::View constants) {
  bson::Builder merged;
  for (const bson::Element& variable : let) {
    if (!constants.contains(variable.key())) merged.append(variable);
  }
  merged.append_all(constants);
  return merged.finish();
}

// One of updates; let holds its variables if it has constants of its own.
struct ParsedUpdate {
  query::Variables let;
  UpdateStatement statement;
};

void parse_update(const Operation& operation, const CommandReader& command,
                  const query::Variables& let, bson::View text, ParsedUpdate& out) {
  const CommandReader each(text, "update.updates",
                           {"q", "u", "c", "multi", "upsert", "upsertSupplied", "arrayFilters",
                            "hint", "collation", "sort"});
  each.refuse_collation();
  const bson::View constants = each.document("c");
  if (!constants.empty()) {
    bson::require_distinct(constants, "c");
    out.let = {with_constants(let.values, constants), let.missing};
  }
  UpdateStatement& statement = out.statement;
  Selection& selection = statement.selection;
  selection.filter = each.required_document("q");
  selection.sort = each.document("sort");
  selection.hint = hint_of(each);
  selection.multi = each.boolean("multi", false);
  selection.context = context_of(operation, constants.empty() ? let : out.let);
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

}  // namespace

void UpdateCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(
      operation.command(), name(),
      {"updates", "ordered", "bypassDocumentValidation", "let", "encryptionInformation"});
  const Namespace ns = operation.ns(arguments.collection());
  auto information = qe::EncryptionInformation::parse(operation.command());
  if (information) qe::check_update_command(operation.command());
  const schema::EncryptedFields* fields = information ? &information->fields(ns) : nullptr;
  const query::Variables let = arguments.variables(operation.now());
  std::deque<ParsedUpdate> updates;  // which stay where they are
  for (const bson::View& text : statements_of(arguments, "updates")) {
    parse_update(operation, arguments, let, text, updates.emplace_back());
  }
  StatementBatch batch(operation, updates.size(), arguments.boolean("ordered", true));
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
      const ModifyResult result = update_documents(operation, ns, statement);
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

}  // namespace quern::engine
