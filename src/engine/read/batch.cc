// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/read/batch.h"

#include "engine/rules/limits.h"
#include "engine/session/engine.h"

namespace quern::engine {
namespace {

// The cursor's next document. Between stages a document may be larger than a client accepts, in an
// answer it may not.
std::optional<bson::View> next_of(ClientCursor& cursor) {
  const auto document = cursor.stream->next();
  if (document && document->size() > kMaxDocumentBytes) {
    throw DatabaseError(ErrorCode::kBSONObjectTooLarge,
                        "the last stage made a document of " + std::to_string(document->size()) +
                            " bytes, but an answer's may have " +
                            std::to_string(kMaxDocumentBytes) +
                            ": project or $unwind what is large in it");
  }
  return document;
}

// Fills the open array from the cursor. False when the cursor is used up. Without look_ahead
// nothing is read from the cursor before it is handed out: a batch ends only when it has grown too
// large.
bool fill(bson::Builder& reply, ClientCursor& cursor, std::optional<std::int64_t> size,
          bool look_ahead) {
  const std::size_t start = reply.size();
  std::int64_t count = 0;
  if (cursor.pending) {
    if (size == 0) return true;
    reply.push(*cursor.pending);
    cursor.pending.reset();
    ++count;
  }
  while (!size || count < *size) {
    const auto document = next_of(cursor);
    if (!document) return false;
    if (look_ahead && count > 0 && reply.size() - start + document->size() > kMaxBatchBytes) {
      cursor.pending.emplace(*document);
      return true;
    }
    reply.push(*document);
    ++count;
    if (!look_ahead && reply.size() - start > kMaxBatchBytes) return true;
  }
  if (size == 0 || !look_ahead) return true;
  // Looking one document ahead spares the client a getMore that finds nothing.
  const auto document = next_of(cursor);
  if (!document) return false;
  cursor.pending.emplace(*document);
  return true;
}

// What a transaction reads now may be gone when it asks for the next batch, by its own writes.
bool may_look_ahead(const Operation& operation) { return !operation.in_session_transaction(); }

}  // namespace

void write_first_batch(Operation& operation, bson::Builder& reply, const std::string& ns,
                       std::shared_ptr<QueryContext> context,
                       std::unique_ptr<query::DocumentStream> stream, const BatchRequest& request) {
  auto cursor = std::make_unique<ClientCursor>();
  cursor->ns = ns;
  cursor->context = std::move(context);
  cursor->stream = std::move(stream);
  reply.open_document("cursor").open_array("firstBatch");
  const bool more =
      fill(reply, *cursor, request.size.value_or(kDefaultBatch), may_look_ahead(operation));
  reply.close();
  std::int64_t id = 0;
  if (more && !request.single) {
    Engine& engine = operation.engine();
    Session* session = operation.session();
    if (cursor->context) {
      cursor->context->keep();
      cursor->context->rest();
    }
    if (session != nullptr) {
      cursor->session = session_key(operation.command()["lsid"].as_document());
      cursor->transaction_number = session->transaction_number();
    }
    cursor->last_use = engine.clock().now();
    id = engine.cursors().add(std::move(cursor));
    if (session != nullptr) session->cursors().push_back(id);
  }
  reply.append("id", id).append("ns", ns).close();
}

void write_next_batch(Operation& operation, bson::Builder& reply,
                      std::unique_ptr<ClientCursor> cursor, const BatchRequest& request) {
  const std::string ns = cursor->ns;
  std::int64_t id = cursor->id;
  Cursors& cursors = operation.engine().cursors();
  bool more = false;
  try {
    if (cursor->context) cursor->context->lend(operation);
    reply.open_document("cursor").open_array("nextBatch");
    more = fill(reply, *cursor, request.size, may_look_ahead(operation));
    reply.close();
  } catch (...) {
    cursors.forget(id);
    throw;
  }
  if (more) {
    if (cursor->context) cursor->context->rest();
    cursor->last_use = operation.engine().clock().now();
    cursors.give_back(std::move(cursor));
  } else {
    cursors.forget(id);
    id = 0;
  }
  reply.append("id", id).append("ns", ns).close();
}

}  // namespace quern::engine
