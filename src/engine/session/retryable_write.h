// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A command with a txnNumber but no transaction, which a client may send again when it has missed
// the reply. What each of its statements did is remembered with what it did
// (engine/session/write_history.h); a statement that is there already is not run but recalled.
// Statements that failed are not remembered: they have done nothing.
#ifndef QUERN_ENGINE_SESSION_RETRYABLE_WRITE_H_
#define QUERN_ENGINE_SESSION_RETRYABLE_WRITE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "command/command_table.h"
#include "engine/session/session.h"
#include "engine/session/session_members.h"
#include "quern/bson/document.h"
#include "storage/store.h"

namespace quern::engine {

// Holds the session's mutex as long as it lives. Not thread-safe.
class RetryableWrite {
 public:
  // Throws NotARetryableWriteCommand (50768), TransactionTooOld (225), InvalidOptions (72),
  // TypeMismatch, and MaxTimeMSExpired (50) when others use the session until then.
  RetryableWrite(Engine& engine, const CommandRow& command, const SessionMembers& members,
                 std::optional<TimePoint> deadline);

  // How many statements the command has. Throws InvalidLength (16) when it has not as many ids,
  // InvalidOptions when there are not so many.
  void set_statements(std::size_t count);
  // The statement that runs now, 0 unless it is said.
  void set_current(std::size_t statement) { current_ = statement; }
  // Can the statement, which is to be done, be remembered in one entry with the one before it?
  bool goes_on(std::size_t statement) const {
    return id(statement) == id(statement - 1) + 1 && !was_done(statement);
  }

  // What the current statement did when it was sent before, if it was.
  std::optional<bson::Document> recall();
  // Inside a write body: the statement, and those after it up to that number, did this.
  void remember(storage::WriteTransaction& transaction, bson::View result,
                std::size_t statements = 1);
  // For the operation: how the write body ended.
  void committed() { session_->history().committed(); }
  void abandoned() { session_->history().abandoned(); }

  // Which statements were recalled: retriedStmtIds, or retriedStmtId where there is but one.
  void finish(bson::Builder& reply) const;

 private:
  std::int64_t id(std::size_t statement) const;
  bool was_done(std::size_t statement) const {
    return session_->history().contains(static_cast<std::int32_t>(id(statement)));
  }

  Engine& engine_;
  const CommandRow& command_;
  LockedSession session_;
  std::int64_t first_ = 0;         // the id of statement 0, unless
  std::vector<std::int64_t> ids_;  // they are told one by one
  std::size_t current_ = 0;
  std::vector<std::int32_t> recalled_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_RETRYABLE_WRITE_H_
