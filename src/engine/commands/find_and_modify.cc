// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "engine/commands/commands.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/update.h"
#include "engine/rules/command_reader.h"
#include "engine/write/modify.h"
#include "engine/write/statements.h"
#include "quern/base/error.h"
#include "query/match/match.h"
#include "query/pipeline/projection.h"

namespace quern::engine {
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
  const query::Variables let = arguments.variables(operation.now());
  selection.context = context_of(operation, let);
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
    const ModifyResult result = delete_documents(operation, ns, selection, Image::kBefore);
    reply.open_document("lastErrorObject");
    reply.append("n", static_cast<std::int32_t>(result.matched)).close();
    append_value(result.image);
    return;
  }
  statement.update = arguments["update"];
  statement.array_filters = array_of(arguments, "arrayFilters");
  statement.upsert = upsert;
  if (upsert) statement.selection.too_many_tags = qe::TooManyTags::kFail;
  statement.bypass_validation = arguments.boolean("bypassDocumentValidation", false);
  statement.image = want_new ? Image::kAfter : Image::kBefore;
  const ModifyResult result = update_documents(operation, ns, statement);
  reply.open_document("lastErrorObject");
  reply.append("n", static_cast<std::int32_t>(result.matched + (result.upserted_id ? 1 : 0)));
  reply.append("updatedExisting", result.matched > 0);
  if (result.upserted_id) reply.append("upserted", *result.upserted_id);
  reply.close();
  append_value(result.image);
}

}  // namespace quern::engine
