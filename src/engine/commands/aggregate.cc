// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// aggregate, and explain of every command that searches.
#include <chrono>
#include <string>

#include "engine/commands/commands.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/rewrite.h"
#include "engine/read/aggregation.h"
#include "engine/read/find_request.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

enum class Verbosity { kPlanner, kExecution };

// What explain tells about a search: a filter over one collection.
struct Explained {
  Namespace ns;
  bson::Document filter;
  query::Variables let;
  std::optional<query::SortPattern> sort;
  bson::ValueView hint;

  const query::SortPattern* sort_pattern() const { return sort ? &*sort : nullptr; }
};

// The first statement of update or delete, or findAndModify itself.
Explained explained_write(Operation& operation, bson::View command) {
  const std::string_view name = command.front().key();
  Explained result;
  result.ns = operation.ns(command.front().as_string());
  if (const bson::Element let = command["let"]; let.is_document()) {
    result.let = query::evaluated_let(let.as_document(), operation.now());
  }
  bson::View statement = command;
  std::string_view member = "query";
  if (name == "update" || name == "delete") {
    const CommandReader arguments(command, name,
                                  {"updates", "deletes", "ordered", "let", "encryptionInformation",
                                   "bypassDocumentValidation"});
    const bson::Element first =
        arguments.required_array(name == "update" ? "updates" : "deletes").front();
    if (!first.is_document()) {
      throw DatabaseError(ErrorCode::kBadValue, "explain needs exactly one statement");
    }
    statement = first.as_document();
    member = "q";
  }
  bson::require_distinct(statement, name);
  bson::View filter;
  if (const bson::Element given = statement[member]; !given.missing()) {
    filter = given.as_document();
  }
  if (const bson::Element sort = statement["sort"]; sort.is_document()) {
    if (!sort.as_document().empty()) result.sort = query::SortPattern::parse(sort.as_document());
  }
  result.hint = statement["hint"];
  if (auto information = qe::EncryptionInformation::parse(command)) {
    result.filter = qe::rewrite_filter(
        operation, result.ns,
        information->fields(result.ns, qe::stored_fields(operation, result.ns)), filter);
  } else {
    result.filter = bson::Document(filter);
  }
  return result;
}

void write_planner(bson::Builder& reply, const Namespace& ns, bson::View filter,
                   const bson::Document& winning) {
  reply.append("explainVersion", "1");
  reply.open_document("queryPlanner");
  reply.append("namespace", ns.to_string()).append("indexFilterSet", false);
  reply.append("parsedQuery", filter).append("winningPlan", winning);
  reply.open_array("rejectedPlans").close();
  reply.close();
}

bson::Document no_plan() { return bson::doc("stage", "EOF"); }

void explain_search(Operation& operation, const Explained& search, Verbosity verbosity,
                    bson::Builder& reply) {
  const auto start = operation.engine().clock().now();
  query::ParseContext parse;
  parse.now = operation.now();
  search.let.enter(parse);
  query::Matcher matcher = query::Matcher::parse(search.filter, parse);
  const Collection* collection = operation.collection(search.ns);
  if (collection == nullptr) return write_planner(reply, search.ns, search.filter, no_plan());
  const PlannedQuery query(*collection, std::move(matcher), search.sort_pattern(), search.hint);
  write_planner(reply, search.ns, search.filter, query.explain(search.sort_pattern()));
  if (verbosity == Verbosity::kPlanner) return;
  const auto context = operation.query_context();
  const auto source = query.open(*context);
  std::int64_t count = 0;
  while (source->next()) ++count;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      operation.engine().clock().now() - start);
  reply.open_document("executionStats");
  reply.append("executionSuccess", true).append("nReturned", count);
  reply.append("executionTimeMillis", static_cast<std::int64_t>(took.count()));
  reply.append("totalKeysExamined", source->keys_examined());
  reply.append("totalDocsExamined", source->documents_examined());
  reply.close();
}

Explained explained_read(const FindRequest& request) {
  Explained result;
  result.ns = request.ns;
  result.filter = bson::Document(request.filter);
  result.let = request.let;
  result.sort = request.sort;
  result.hint = request.hint;
  return result;
}

void explain_aggregate(Operation& operation, bson::View command, bson::Builder& reply) {
  const Aggregation aggregation(operation, command, true);
  const Collection* collection = operation.collection(aggregation.ns());
  if (collection == nullptr) return write_planner(reply, aggregation.ns(), {}, no_plan());
  const PlannedQuery query = aggregation.plan(*collection);
  write_planner(reply, aggregation.ns(), query.filter().filter(),
                query.explain(aggregation.leading_sort()));
}

void explain(Operation& operation, bson::View command, Verbosity verbosity, bson::Builder& reply) {
  const std::string_view name = command.front().key();
  if (name == "find") {
    explain_search(operation, explained_read(*FindRequest::of_find(operation, command)), verbosity,
                   reply);
  } else if (name == "count") {
    explain_search(operation, explained_read(*FindRequest::of_count(operation, command)), verbosity,
                   reply);
  } else if (name == "distinct") {
    explain_search(operation, explained_read(*FindRequest::of_distinct(operation, command)),
                   verbosity, reply);
  } else if (name == "aggregate") {
    explain_aggregate(operation, command, reply);
  } else if (name == "update" || name == "delete" || name == "findAndModify" ||
             name == "findandmodify") {
    explain_search(operation, explained_write(operation, command), verbosity, reply);
  } else {
    throw DatabaseError(ErrorCode::kCommandNotFound,
                        "Explain failed due to unknown command: " + std::string(name));
  }
}

}  // namespace

void AggregateCommand::run(Operation& operation, bson::Builder& reply) const {
  if (operation.command()["explain"].truthy()) {
    return explain_aggregate(operation, operation.command(), reply);
  }
  const Aggregation aggregation(operation, operation.command(), false);
  std::shared_ptr<QueryContext> context;
  auto stream = aggregation.open(operation, context);
  write_first_batch(operation, reply, aggregation.ns().to_string(), std::move(context),
                    std::move(stream), aggregation.batch());
}

void ExplainCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"verbosity"});
  const bson::Element command = operation.command().front();
  if (!command.is_document() || command.as_document().empty()) {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'explain.explain' must be the command to explain");
  }
  const std::string_view level = arguments.text("verbosity").value_or("allPlansExecution");
  if (level != "queryPlanner" && level != "executionStats" && level != "allPlansExecution") {
    throw DatabaseError(ErrorCode::kBadValue,
                        "verbosity must be queryPlanner, executionStats or allPlansExecution");
  }
  explain(operation, command.as_document(),
          level == "queryPlanner" ? Verbosity::kPlanner : Verbosity::kExecution, reply);
  reply.append("command", command.as_document());
  reply.open_document("serverInfo").append("version", "8.0.0").close();
}

}  // namespace quern::engine
