// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/retryable_write.h"

#include <string>

#include "engine/session/engine.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

constexpr std::int32_t kNotARetryableWriteCommand = 50768;
// A batch has at most as many.
constexpr std::size_t kMaxStatements = 100'000;

std::int64_t statement_id(const bson::Element& element) {
  const auto id = element.whole_number();
  if (!id || *id < 0 || *id > INT32_MAX) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "the id of a statement must be a whole number between 0 and 2147483647");
  }
  return *id;
}

}  // namespace

RetryableWrite::RetryableWrite(Engine& engine, const CommandRow& command,
                               const SessionMembers& members, std::optional<TimePoint> deadline)
    : engine_(engine), command_(command) {
  if (!command.retryable) {
    throw DatabaseError(kNotARetryableWriteCommand,
                        "txnNumber may only be provided for multi-document transactions and "
                        "retryable write commands: autocommit: false was not provided, and " +
                            std::string(command.name) + " is not a retryable write command");
  }
  if (!members.statements.missing()) {
    if (!members.statement.missing()) {
      throw DatabaseError(ErrorCode::kInvalidOptions,
                          "only one of stmtId and stmtIds can be specified");
    }
    if (!members.statements.is_array()) {
      throw DatabaseError(ErrorCode::kTypeMismatch, "stmtIds must be an array");
    }
    for (const bson::Element& id : members.statements.as_array()) ids_.push_back(statement_id(id));
  } else if (!members.statement.missing()) {
    first_ = statement_id(members.statement);
  }
  session_ = engine.sessions().lock(engine, members.lsid.as_document(), deadline);
  session_->touch(engine.clock().now());
  session_->retry(engine, *members.transaction_number.whole_number());
  set_statements(ids_.empty() ? 1 : ids_.size());
}

void RetryableWrite::set_statements(std::size_t count) {
  if (!ids_.empty() && ids_.size() != count) {
    throw DatabaseError(ErrorCode::kInvalidLength,
                        "stmtIds must have as many members as there are statements: " +
                            std::to_string(count) + ", not " + std::to_string(ids_.size()));
  }
  if (id(count - 1) > INT32_MAX) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "stmtId is too large for the number of statements");
  }
}

std::int64_t RetryableWrite::id(std::size_t statement) const {
  return ids_.empty() ? first_ + static_cast<std::int64_t>(statement) : ids_.at(statement);
}

std::optional<bson::Document> RetryableWrite::recall() {
  const auto statement = static_cast<std::int32_t>(id(current_));
  const auto stored = session_->history().find(engine_.store(), statement);
  if (!stored) return std::nullopt;
  const WriteEntry write = WriteEntry::parse(*stored);
  if (write.command != command_.name) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "statement " + std::to_string(statement) + " of txnNumber " +
                            std::to_string(session_->transaction_number()) + " was of " +
                            std::string(write.command) + ", and cannot be retried by " +
                            std::string(command_.name));
  }
  recalled_.push_back(statement);
  return bson::Document(write.result);
}

void RetryableWrite::remember(storage::WriteTransaction& transaction, bson::View result,
                              std::size_t statements) {
  WriteHistory& history = session_->history();
  if (history.size() + statements > kMaxStatements) {
    throw DatabaseError(
        ErrorCode::kInvalidOptions,
        "a txnNumber may have at most " + std::to_string(kMaxStatements) + " statements");
  }
  history.put(transaction, session_->entry(engine_));
  history.put(transaction, static_cast<std::int32_t>(id(current_)),
              {command_.name, static_cast<std::int32_t>(statements), result});
}

void RetryableWrite::finish(bson::Builder& reply) const {
  if (recalled_.empty()) return;
  if (command_.id == CommandId::kFindAndModify) {
    reply.append("retriedStmtId", recalled_.front());
    return;
  }
  reply.open_array("retriedStmtIds");
  for (const std::int32_t statement : recalled_) reply.push(statement);
  reply.close();
}

}  // namespace quern::engine
