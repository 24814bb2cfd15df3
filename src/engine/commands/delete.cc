// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <cstdint>
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

Selection parse_delete(const query::ParseContext& context, bson::View text) {
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
  selection.context = context;
  return selection;
}

}  // namespace

void DeleteCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"deletes", "ordered", "let", "encryptionInformation"});
  const Namespace ns = operation.ns(arguments.collection());
  auto information = qe::EncryptionInformation::parse(operation.command());
  if (information) qe::check_delete_command(operation.command());
  const schema::EncryptedFields* fields = information ? &information->fields(ns) : nullptr;
  const query::Variables let = arguments.variables(operation.now());
  const query::ParseContext context = context_of(operation, let);
  std::vector<Selection> deletes;
  for (const bson::View& text : statements_of(arguments, "deletes")) {
    deletes.push_back(parse_delete(context, text));
    deletes.back().fields = fields;
  }
  StatementBatch batch(operation, deletes.size(), arguments.boolean("ordered", true));
  std::int64_t deleted = 0;
  for (std::size_t i = 0; i < deletes.size(); ++i) {
    const bool go_on =
        batch.run(i, [&] { deleted += delete_documents(operation, ns, deletes[i]).matched; });
    if (!go_on) break;
  }
  reply.append("n", static_cast<std::int32_t>(deleted));
  batch.finish(reply);
}

}  // namespace quern::engine
