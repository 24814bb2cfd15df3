// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/engine_runner.h"

#include <algorithm>
#include <new>

#include "command/observation.h"
#include "engine/catalog/catalog_repair.h"
#include "engine/catalog/duplicate_key.h"
#include "engine/catalog/stored_catalog.h"
#include "engine/commands/command_handler.h"
#include "engine/rules/depth.h"
#include "engine/session/engine.h"
#include "engine/session/expected_schemas.h"
#include "engine/session/operation.h"
#include "engine/session/retryable_write.h"
#include "engine/session/session.h"
#include "engine/session/session_members.h"
#include "quern/base/error.h"
#include "quern/command/namespace.h"
#include "quern/command/reply.h"
#include "storage/rocks_store.h"

namespace quern::engine {
namespace {

storage::RocksOptions store_options(const EngineOptions& options) {
  storage::RocksOptions rocks;
  rocks.directory = options.directory;
  rocks.durability = options.durability;
  rocks.cache_bytes = options.cache_bytes;
  rocks.write_buffer_bytes = options.write_buffer_bytes;
  rocks.read_only = options.read_only;
  return rocks;
}

// Transient faults inside a transaction are to be answered by running all of it again.
void label_for_transaction(Error& error) {
  if ((error.is(ErrorCode::kWriteConflict) || error.is(ErrorCode::kLockTimeout) ||
       error.is(ErrorCode::kNoSuchTransaction)) &&
      !error.has_label("TransientTransactionError")) {
    error.add_label("TransientTransactionError");
  }
}

// The earlier one of the context's deadline and the command's maxTimeMS.
std::optional<TimePoint> deadline_of(Engine& engine, bson::Element max_time,
                                     const RunContext& context) {
  if (max_time.missing()) return context.deadline;
  if (!max_time.is_number()) {
    throw DatabaseError(ErrorCode::kTypeMismatch, "maxTimeMS must be a number");
  }
  const auto limit = max_time.whole_number();
  if (!limit || *limit < 0 || *limit > INT32_MAX) {
    throw DatabaseError(ErrorCode::kBadValue,
                        "maxTimeMS must be a whole number between 0 and 2147483647");
  }
  if (*limit == 0) return context.deadline;
  const TimePoint end = engine.clock().now() + std::chrono::milliseconds(*limit);
  return context.deadline ? std::min(end, *context.deadline) : end;
}

// Before a command is acknowledged. One that found nothing left to write confirms what another has
// written, who may still be waiting for the medium.
void make_durable(Engine& engine, const CommandHandler& command, const SessionMembers& members) {
  if (members.journaled() || (command.row().writes && engine.store().syncs_always())) {
    engine.store().sync();
  }
}

bson::Document finish(bson::Builder& reply) {
  reply.append("ok", 1.0);
  return reply.finish();
}

// When the medium fails, the transaction may be committed all the same: the client is to ask again.
void commit(Engine& engine, const CommandHandler& command, const SessionMembers& members,
            Session& session, bool committed_before) {
  try {
    if (!committed_before) session.commit(engine);
    make_durable(engine, command, members);
  } catch (Error& error) {
    if (error.is(ErrorCode::kInternalError)) error.add_label("UnknownTransactionCommitResult");
    throw;
  }
}

// One statement of a multi-document transaction. Any fault ends the transaction.
bson::Document run_in_transaction(Engine& engine, const CommandHandler& command,
                                  const SessionMembers& members, std::string_view database,
                                  bson::View text, const RunContext& context) {
  const auto deadline = deadline_of(engine, members.max_time, context);
  const LockedSession session =
      engine.sessions().lock(engine, members.lsid.as_document(), deadline);
  session->touch(engine.clock().now());
  const std::int64_t number = *members.transaction_number.whole_number();
  if (command.row().ends_transaction) {
    if (!members.start.missing()) {
      throw DatabaseError(ErrorCode::kOperationNotSupportedInTransaction,
                          "Cannot run '" + std::string(command.name()) +
                              "' as the first operation in a transaction");
    }
    // A second commit of the same transaction is what a client sends that missed the first reply.
    const bool committed_before = session->state() == Session::State::kCommitted &&
                                  session->transaction_number() == number &&
                                  command.row().id == CommandId::kCommitTransaction;
    if (!committed_before) session->go_on(engine, number);
    if (command.row().id == CommandId::kCommitTransaction) {
      commit(engine, command, members, *session.session, committed_before);
    } else {
      session->abort(engine);
    }
    bson::Builder reply;
    return finish(reply);
  }
  if (!command.row().allowed_in_transactions) {
    if (session->state() == Session::State::kInProgress &&
        session->transaction_number() == number) {
      session->abort(engine);
    }
    throw DatabaseError(
        ErrorCode::kOperationNotSupportedInTransaction,
        "Cannot run '" + std::string(command.name()) + "' in a multi-document transaction.");
  }
  if (members.start.missing()) {
    session->go_on(engine, number);
  } else {
    session->start(engine, number);
  }
  try {
    bson::Document result;
    {
      Operation operation(engine, database, text, session.session.get());
      operation.set_cancellation(context.cancellation);
      operation.expect(ExpectedSchemas(context.expected_schemas));
      if (deadline) operation.set_deadline(*deadline);
      const query::InterruptScope scope(operation);
      bson::Builder reply;
      command.run(operation, reply);
      result = finish(reply);
    }
    if (result["writeErrors"]) session->abort(engine);
    return result;
  } catch (...) {
    session->abort(engine);
    throw;
  }
}

bson::Document run_command(Engine& engine, std::string_view database, bson::View text,
                           const RunContext& context) {
  const bson::Element first = text.front();
  const CommandHandler* command = first.missing() ? nullptr : find_command(first.key());
  if (command == nullptr) {
    throw DatabaseError(ErrorCode::kCommandNotFound,
                        "no such command: '" + std::string(first.key()) + "'");
  }
  Namespace::check_database(database);
  if (command->row().admin_only && database != "admin") {
    throw DatabaseError(
        ErrorCode::kUnauthorized,
        std::string(command->name()) + " may only be run against the admin database.");
  }
  if (command->row().writes && !command->row().ends_transaction) engine.store().check_writable();
  check_command_depth(text);
  const SessionMembers members(text);
  members.check();
  if (members.in_transaction()) {
    return run_in_transaction(engine, *command, members, database, text, context);
  }
  if (command->row().ends_transaction) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        std::string(command->name()) +
                            " must be run within a transaction: lsid, txnNumber and "
                            "autocommit: false are missing");
  }
  const auto deadline = deadline_of(engine, members.max_time, context);
  std::optional<RetryableWrite> retryable;
  if (members.retryable()) retryable.emplace(engine, command->row(), members, deadline);
  Operation operation(engine, database, text);
  operation.set_cancellation(context.cancellation);
  operation.expect(ExpectedSchemas(context.expected_schemas));
  if (deadline) operation.set_deadline(*deadline);
  if (retryable) operation.set_retryable(*retryable);
  const query::InterruptScope scope(operation);
  bson::Builder reply;
  command->run(operation, reply);
  if (retryable) retryable->finish(reply);
  make_durable(engine, *command, members);
  return finish(reply);
}

}  // namespace

EngineRunner::EngineRunner(EngineOptions options)
    : engine_(
          std::make_unique<Engine>(storage::open_rocks_store(store_options(options)), options)) {}

EngineRunner::EngineRunner(std::unique_ptr<storage::Store> store, EngineOptions options)
    : engine_(std::make_unique<Engine>(std::move(store), std::move(options))) {}

storage::RepairReport EngineRunner::repair(const EngineOptions& options, bool accept_loss) {
  RandomSource& random = random_of(options);
  return storage::repair_rocks_store(
      store_options(options), accept_loss,
      {.look = [](storage::Store& store) { return read_catalog(store).faults; },
       .mend = [&](storage::Store& store) { return repair_catalog(store, random); }});
}

// In a child the engine's threads are not there to be ended, its locks may be held for ever, and
// its files are the parent's: it is not destroyed.
EngineRunner::~EngineRunner() {
  if (maker_.is_another()) static_cast<void>(engine_.release());
}

void EngineRunner::refuse_another_process() const {
  if (!maker_.is_another()) return;
  throw DatabaseError(
      ErrorCode::kIllegalOperation,
      "this process was forked from the one that opened the database, which alone may use it: "
      "fork first and open the database in one process");
}

namespace {

// Faults become replies.
bson::Document run_to_reply(Engine& engine, std::string_view database, bson::View command,
                            const RunContext& context) {
  try {
    return run_command(engine, database, command, context);
  } catch (const DuplicateKeyError& error) {
    bson::Builder reply;
    reply.append_all(error_reply(error));
    error.append_key(reply);
    return reply.finish();
  } catch (Error& error) {
    if (command.contains("autocommit")) label_for_transaction(error);
    return error_reply(error);
  } catch (const std::bad_alloc&) {
    return error_reply(Error(ErrorCode::kExceededMemoryLimit, "out of memory"));
  } catch (const std::exception& error) {
    return error_reply(Error(ErrorCode::kInternalError, error.what()));
  }
}

}  // namespace

Reply EngineRunner::do_run(std::string_view database, bson::View command,
                           const RunContext& context) {
  try {
    refuse_another_process();
  } catch (const DatabaseError& error) {
    return error_reply(error);
  }
  // Thrown, and not told: nothing of the command was done.
  ExpectedSchemas(context.expected_schemas).check(*engine_->catalog().snapshot());
  return observed(context, database, command,
                  [&]() -> Reply { return run_to_reply(*engine_, database, command, context); });
}

}  // namespace quern::engine
