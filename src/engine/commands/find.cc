// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// find, getMore, killCursors, count, distinct.
#include <set>
#include <string>
#include <vector>

#include "engine/commands/commands.h"
#include "engine/read/batch.h"
#include "engine/read/find_request.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "engine/session/session.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

// {cursor: {firstBatch: [document or nothing], id: 0, ns}}
void find_point(Operation& operation, const Namespace& ns, bson::ValueView id,
                bson::Builder& reply) {
  reply.open_document("cursor").open_array("firstBatch");
  storage::PinnedValue pinned;
  if (const Collection* collection = operation.latest_collection(ns)) {
    std::string key;
    key.reserve(64);
    storage::append_table(key, collection->table());
    storage::append_key(key, id);
    if (operation.get_latest(as_bytes(key), pinned)) {
      reply.reserve(pinned.bytes().size() + 192);
      reply.push(bson::View(pinned.bytes().data()));
    }
  }
  reply.close();
  reply.append("id", std::int64_t{0}).append("ns", ns.to_string()).close();
}

}  // namespace

void FindCommand::run(Operation& operation, bson::Builder& reply) const {
  if (const auto point = FindRequest::point_of(operation.command())) {
    Namespace::check_collection(point->collection);
    return find_point(operation, operation.ns(point->collection), point->id, reply);
  }
  const auto request = FindRequest::of_find(operation, operation.command());
  if (const auto id = request->point(); id && request->batch.size != 0) {
    return find_point(operation, request->ns, *id, reply);
  }
  std::shared_ptr<QueryContext> context;
  std::unique_ptr<query::DocumentStream> stream;
  if (const Collection* collection = operation.collection(request->ns)) {
    stream = request->open(operation, *collection, context);
  } else {
    // A malformed filter is an error even where there is nothing to find.
    const auto matcher = query::Matcher::parse(request->filter, request->context);
    query::Projection::parse(request->projection, &matcher, request->context);
    stream = query::empty_stream();
  }
  write_first_batch(operation, reply, request->ns.to_string(), std::move(context),
                    std::move(stream), request->batch);
}

void GetMoreCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"collection", "batchSize", "term", "lastKnownCommittedOpTime"});
  const bson::Element id = operation.command().front();
  if (id.type() != bson::Type::kInt64) {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'getMore.getMore' is the wrong type '" +
                            std::string(bson::alias(id.type())) + "', expected type 'long'");
  }
  const std::string ns =
      operation.database() + "." + std::string(arguments.required_text("collection"));
  BatchRequest request;
  request.size = arguments.at_least("batchSize", 0);
  if (request.size == 0) request.size.reset();
  Cursors& cursors = operation.engine().cursors();
  auto cursor = cursors.take(id.as_int64());
  const Session* session = operation.session();
  std::string refusal;
  if (cursor->ns != ns) {
    refusal = "Requested getMore on namespace '" + ns +
              "', but cursor belongs to a different namespace " + cursor->ns;
  } else if (session == nullptr
                 ? !cursor->session.empty()
                 : cursor->transaction_number != session->transaction_number() ||
                       cursor->session != session_key(operation.command()["lsid"].as_document())) {
    refusal = "Cannot run getMore on cursor " + std::to_string(cursor->id) +
              ": it was not created in this transaction";
  }
  if (!refusal.empty()) {
    cursors.give_back(std::move(cursor));
    throw DatabaseError(ErrorCode::kUnauthorized, refusal);
  }
  write_next_batch(operation, reply, std::move(cursor), request);
}

void KillCursorsCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(), {"cursors"});
  // Cursors of listCollections have a name that no collection can have.
  if (const bson::Element first = operation.command().front();
      !first.is_string() || !first.as_string().starts_with("$cmd.")) {
    arguments.collection();
  }
  bson::Builder killed;
  bson::Builder missing;
  killed.open_array("cursorsKilled");
  missing.open_array("cursorsNotFound");
  for (const bson::Element& id : arguments.required_array("cursors")) {
    const std::int64_t number = id.as_int64();
    (operation.engine().cursors().kill(number) ? killed : missing).push(number);
  }
  for (bson::Builder* list : {&killed, &missing}) {
    list->close();
    const bson::Document document = list->finish();
    reply.append(document.view().front());
  }
  reply.open_array("cursorsAlive").close().open_array("cursorsUnknown").close();
}

void CountCommand::run(Operation& operation, bson::Builder& reply) const {
  const auto request = FindRequest::of_count(operation, operation.command());
  std::int64_t count = 0;
  if (const Collection* collection = operation.collection(request->ns)) {
    std::shared_ptr<QueryContext> context;
    const auto stream = request->open(operation, *collection, context);
    while (stream->next()) ++count;
  } else {
    query::Matcher::parse(request->filter, request->context);
  }
  if (count <= INT32_MAX) {
    reply.append("n", static_cast<std::int32_t>(count));
  } else {
    reply.append("n", count);
  }
}

namespace {

// Visits the values at a dotted path, those of arrays one by one: what distinct lists.
template <class Visit>
void for_each_value(bson::ValueView value, std::string_view path, bool last_of_array,
                    const Visit& visit) {
  if (path.empty()) {
    if (value.is_array() && !last_of_array) {
      for (const bson::Element& element : value.as_array()) visit(element.value());
    } else {
      visit(value);
    }
    return;
  }
  const std::size_t dot = path.find('.');
  const std::string_view head = path.substr(0, dot);
  const std::string_view rest = dot == path.npos ? std::string_view() : path.substr(dot + 1);
  if (value.is_document()) {
    const bson::Element member = value.as_document()[head];
    if (!member.missing()) for_each_value(member.value(), rest, false, visit);
  } else if (value.is_array()) {
    for (const bson::Element& element : value.as_array()) {
      if (element.key() == head) for_each_value(element.value(), rest, rest.empty(), visit);
      if (element.is_document()) for_each_value(element.value(), path, false, visit);
    }
  }
}

struct ByValue {
  bool operator()(const bson::Value& a, const bson::Value& b) const {
    return bson::compare(a.view(), b.view()) < 0;
  }
};

}  // namespace

void DistinctCommand::run(Operation& operation, bson::Builder& reply) const {
  const auto request = FindRequest::of_distinct(operation, operation.command());
  const bson::Element key = operation.command()["key"];
  if (!key.is_string() || key.as_string().empty()) {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'distinct.key' must be the path of a field");
  }
  std::set<bson::Value, ByValue> values;
  std::size_t bytes = 0;
  if (const Collection* collection = operation.collection(request->ns)) {
    std::shared_ptr<QueryContext> context;
    const auto stream = request->open(operation, *collection, context);
    while (const auto document = stream->next()) {
      for_each_value(document->as_value(), key.as_string(), false, [&](bson::ValueView value) {
        if (!values.insert(bson::Value(value)).second) return;
        bytes += value.bytes().size() + 8;
        if (bytes > kMaxBatchBytes) {
          throw DatabaseError(static_cast<std::int32_t>(17217), "distinct too big, 16mb cap");
        }
      });
    }
  } else {
    query::Matcher::parse(request->filter, request->context);
  }
  reply.open_array("values");
  for (const bson::Value& value : values) reply.push(value.view());
  reply.close();
}

}  // namespace quern::engine
