// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/mongo_sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "command/command_table.h"
#include "quern/base/error.h"

namespace quern::client {
namespace {

struct DestroySession {
  void operator()(mongoc_client_session_t* session) const {
    mongoc_client_session_destroy(session);
  }
};
struct DestroySessionOptions {
  void operator()(mongoc_session_opt_t* options) const { mongoc_session_opts_destroy(options); }
};
using MongocSession = std::unique_ptr<mongoc_client_session_t, DestroySession>;

MongocSession start_session(mongoc_client_t* client) {
  const std::unique_ptr<mongoc_session_opt_t, DestroySessionOptions> options(
      mongoc_session_opts_new());
  // Otherwise libmongoc would add a readConcern to commands that may have one.
  mongoc_session_opts_set_causal_consistency(options.get(), false);
  bson_error_t error{};
  MongocSession session(mongoc_client_start_session(client, options.get(), &error));
  if (session) return session;
  const bool unreachable = error.domain == MONGOC_ERROR_SERVER_SELECTION;
  throw Error(unreachable ? ErrorCode::kHostUnreachable : ErrorCode::kIllegalOperation,
              fmt::format("cannot start a session: {}", error.message));
}

Uuid id_of(const bson::Element& lsid) {
  if (lsid.is_document()) {
    const bson::Element id = lsid.as_document()["id"];
    if (id.is_binary(bson::BinarySubtype::kUuid)) return id.as_uuid();
  }
  throw Error(ErrorCode::kBadValue, "lsid must be a document {id: UUID}");
}

bool ends_transaction(bson::View command) {
  const CommandRow* row = find_command_row(command.front().key());
  return row != nullptr && row->ends_transaction;
}

}  // namespace

// A session is bound to the connection that started it.
struct MongoSessions::Session {
  explicit Session(MongoPool& pool) : client(pool.take()), session(start_session(client.get())) {}

  MongoPool::Client client;
  MongocSession session;  // destroyed before its client is given back
  std::mutex running;
  bool in_transaction = false;  // guarded by MongoSessions::mutex_
  std::uint64_t last_use = 0;   // guarded by MongoSessions::mutex_
};

MongoSessions::MongoSessions(MongoPool& pool)
    : pool_(pool), max_sessions_(std::max<std::size_t>(1, pool.max_size() / 2)) {}

MongoSessions::~MongoSessions() = default;

// Ends the session that rested longest outside a transaction if there are too many.
void MongoSessions::make_room() {
  if (sessions_.size() < max_sessions_) return;
  auto oldest = sessions_.end();
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    const Session& session = *it->second;
    const bool idle = !session.in_transaction && it->second.use_count() == 1;
    if (idle && (oldest == sessions_.end() || session.last_use < oldest->second->last_use)) {
      oldest = it;
    }
  }
  if (oldest == sessions_.end()) {
    throw Error(ErrorCode::kOperationFailed,
                fmt::format("{} transactions are open, half of the connections of the pool; raise "
                            "maxPoolSize or end transactions sooner",
                            sessions_.size()));
  }
  sessions_.erase(oldest);
}

MongoSessions::SessionPtr MongoSessions::get(const Uuid& id) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = sessions_.find(id); found != sessions_.end()) return found->second;
    make_room();
  }
  auto session = std::make_shared<Session>(pool_);  // may wait for a server: not under the lock
  const std::scoped_lock lock(mutex_);
  return sessions_.emplace(id, std::move(session)).first->second;
}

bson::Document MongoSessions::run(std::string_view database, bson::View command) {
  const SessionPtr session = get(id_of(command["lsid"]));
  const std::scoped_lock running(session->running);
  {
    const std::scoped_lock lock(mutex_);
    session->last_use = ++uses_;
    if (command["startTransaction"].truthy()) session->in_transaction = true;
    if (ends_transaction(command)) session->in_transaction = false;
  }
  bson::Builder body;
  for (const bson::Element& member : command) {
    if (member.key() != "lsid") body.append(member);
  }
  return run_command(session->client.get(), session->session.get(), database, body.finish());
}

void MongoSessions::end(bson::View command) {
  const bson::Element list = command["endSessions"];
  if (!list.is_array()) return;
  const std::scoped_lock lock(mutex_);
  for (const bson::Element& lsid : list.as_array()) sessions_.erase(id_of(lsid));
}

}  // namespace quern::client
