// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// startSession, endSessions, refreshSessions, commitTransaction, abortTransaction.
#include "engine/commands/commands.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"
#include "quern/base/uuid.h"

namespace quern::engine {
namespace {

// The lsids of {endSessions: [{id: UUID}, …]}.
template <class Visit>
void for_each_session(bson::View command, Visit visit) {
  const bson::Element list = command.front();
  if (!list.is_array()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "BSON field '" + std::string(list.key()) + "." +
                                                      std::string(list.key()) +
                                                      "' is the wrong type, expected type 'array'");
  }
  for (const bson::Element& element : list.as_array()) visit(element.as_document());
}

}  // namespace

void StartSessionCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
  Engine& engine = operation.engine();
  const bson::Document lsid = bson::doc("id", random_uuid(engine.random()));
  engine.sessions().get(engine, lsid);
  reply.append("id", lsid);
  reply.append("timeoutMinutes",
               static_cast<std::int32_t>(engine.options().session_timeout.count()));
}

void EndSessionsCommand::run(Operation& operation, bson::Builder&) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
  for_each_session(operation.command(), [&](bson::View lsid) {
    operation.engine().sessions().end(operation.engine(), lsid, operation.deadline());
  });
}

void RefreshSessionsCommand::run(Operation& operation, bson::Builder&) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
  Engine& engine = operation.engine();
  for_each_session(operation.command(),
                   [&](bson::View lsid) { engine.sessions().refresh(lsid, engine.clock().now()); });
}

void CommitTransactionCommand::run(Operation& operation, bson::Builder&) const {
  CommandReader(operation.command(), name(), {"recoveryToken"});
}

void AbortTransactionCommand::run(Operation& operation, bson::Builder&) const {
  CommandReader(operation.command(), name(), {"recoveryToken"});
}

}  // namespace quern::engine
