// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"

namespace quern {
namespace {

constexpr std::string_view kTransient = "TransientTransactionError";
constexpr std::string_view kUnknownCommit = "UnknownTransactionCommitResult";
constexpr std::int64_t kTransactionNumber = 1;  // a session of its own for each transaction
constexpr auto kRetryTime = std::chrono::seconds(120);

}  // namespace

Transaction::Transaction(ModelSession& session, std::string database)
    : session_(session), database_(std::move(database)), session_id_(Uuid::random()) {
  if (session.current_transaction() != nullptr) {
    throw Error(ErrorCode::kIllegalOperation,
                "a Transaction cannot be opened inside another one: transaction(body) joins it");
  }
  if (!database_.empty()) target_ = session.target(database_);  // an unknown alias is told as one
}

Transaction::~Transaction() { rollback(); }

const ModelRef& Transaction::registered(const ModelInfo& model) {
  return session_.registered(model);
}

std::string Transaction::choose_database(const ModelRef& model, Access, const Hints& hints) {
  return session_.choose_database(model, Access::kWrite, hints);
}

Target Transaction::target(std::string_view alias) {
  if (database_.empty()) database_ = alias;
  if (alias != database_) {
    throw Error(
        ErrorCode::kIllegalOperation,
        fmt::format("this transaction is on database '{}', so '{}' cannot be used in it: the "
                    "two cannot be committed together",
                    database_, alias));
  }
  if (!target_) target_ = session_.target(alias);
  return *target_;
}

std::string Transaction::explain_route(const ModelRef& model, std::string_view alias) {
  return session_.explain_route(model, alias);
}

// Without a label that says to try again: the body would meet the same error each time.
void Transaction::throw_earlier_error() const {
  if (!error_) return;
  try {
    std::rethrow_exception(error_);
  } catch (const Error& error) {
    throw Error(ErrorCode::kNoSuchTransaction,
                fmt::format("this transaction was rolled back by an earlier error: {}; nothing "
                            "more can be done in it",
                            error.what()));
  }
}

Reply Transaction::run(const Target& target, bson::View command) {
  if (state_ == State::kCommitted || state_ == State::kRolledBack) {
    throw Error(ErrorCode::kNoSuchTransaction, "this transaction has ended already");
  }
  throw_earlier_error();
  bson::Builder with_session;
  with_session.append_all(command);
  with_session.append("lsid", bson::doc("id", session_id_)).append("txnNumber", kTransactionNumber);
  if (state_ == State::kUnused) with_session.append("startTransaction", true);
  with_session.append("autocommit", false);
  state_ = State::kOpen;
  try {
    return session_.run(target, with_session.finish());
  } catch (const Error& error) {
    if (!error.has_label(kTransient)) error_ = std::current_exception();
    throw;
  }
}

void Transaction::on_commit(std::function<void()> action) { actions_.push_back(std::move(action)); }

bson::Document Transaction::run_end(const char* command) {
  return run_checked(*target_->runner, "admin",
                     bson::doc(command, 1, "lsid", bson::doc("id", session_id_), "txnNumber",
                               kTransactionNumber, "autocommit", false));
}

void Transaction::end_session() noexcept {
  try {
    target_->runner->run("admin",
                         bson::doc("endSessions", bson::array(bson::doc("id", session_id_))));
  } catch (const std::exception&) {
    // The server forgets sessions by itself after a while.
  }
}

void Transaction::commit() {
  if (state_ == State::kCommitted || state_ == State::kRolledBack) {
    throw Error(ErrorCode::kTransactionCommitted, "this transaction has ended already");
  }
  throw_earlier_error();
  if (state_ == State::kOpen) {
    run_end("commitTransaction");
    end_session();
  }
  state_ = State::kCommitted;
  for (const auto& action : std::exchange(actions_, {})) action();
}

void Transaction::rollback() noexcept {
  const State before = state_;
  if (before != State::kCommitted) state_ = State::kRolledBack;
  if (before != State::kOpen) return;
  actions_.clear();
  try {
    run_end("abortTransaction");
  } catch (const std::exception&) {
    // It was aborted already, or will be when the server times it out.
  }
  end_session();
}

namespace internal {

void run_transaction(ModelSession& session, const std::string& database,
                     const std::function<void(Transaction&)>& body) {
  if (Transaction* outer = session.current_transaction()) {
    if (!database.empty()) outer->target(database);
    return body(*outer);
  }
  Clock& clock = Clock::system();
  const auto deadline = clock.now() + kRetryTime;
  auto pause = std::chrono::milliseconds(1);
  const auto wait = [&] {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(500));
  };
  for (;;) {
    Transaction tx(session, database);
    try {
      body(tx);
      for (;;) {
        try {
          tx.commit();
          return;
        } catch (const Error& error) {
          if (tx.committed() || !error.has_label(kUnknownCommit) || clock.now() >= deadline) throw;
        }
        wait();
      }
    } catch (const Error& error) {
      if (tx.committed() || !error.has_label(kTransient) || clock.now() >= deadline) throw;
    }
    tx.rollback();
    wait();
  }
}

}  // namespace internal
}  // namespace quern
