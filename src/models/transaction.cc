// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "models/session.h"
#include "quern/base/uuid.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"

namespace quern {
namespace {

constexpr std::string_view kTransient = "TransientTransactionError";
constexpr std::string_view kUnknownCommit = "UnknownTransactionCommitResult";
constexpr std::int64_t kTransactionNumber = 1;  // a session of its own for each transaction
constexpr auto kRetryTime = std::chrono::seconds(120);

}  // namespace

namespace internal {

class TransactionCore : public SessionCore {
 public:
  TransactionCore(SessionCore& session, std::string database);

  const ModelRef& registered(const ModelInfo& model) override { return session_.registered(model); }
  // Reads go where writes go.
  std::string choose_database(const ModelRef& model, DatabaseUse, const Hints& hints) override {
    return session_.choose_database(model, DatabaseUse::kWrite, hints);
  }
  void check_exists(const ModelRef& model, std::string_view alias, DatabaseUse use) override {
    session_.check_exists(model, alias, use);
  }
  Target target(std::string_view alias) override;
  std::string explain_route(const ModelRef& model, std::string_view alias) override {
    return session_.explain_route(model, alias);
  }
  void check_model(const ModelRef& model, const Target& target) override {
    session_.check_model(model, target);
  }
  Reply do_execute(const Target& target, bson::View command) override;
  void after_commit(Callback<> action) override { actions_.push_back(std::move(action)); }
  Transaction* current_transaction() override { return owner; }

  void commit();
  bool committed() const { return state_ == State::kCommitted; }
  bool ended() const { return state_ == State::kCommitted || state_ == State::kRolledBack; }
  // Whether what the session does on that database, past this transaction, may meet what it does.
  bool may_meet(const SessionCore& session, std::string_view alias) const {
    return &session_ == &session && !ended() && (database_.empty() || database_ == alias);
  }
  void rollback() noexcept;

  Transaction* owner = nullptr;

 private:
  enum class State { kUnused, kOpen, kCommitted, kRolledBack };
  void throw_earlier_error() const;
  void end_session() noexcept;
  bson::Document run_end(const char* command);

  SessionCore& session_;
  std::string database_;  // alias; empty until bound
  std::optional<Target> target_;
  Uuid session_id_;
  State state_ = State::kUnused;
  std::exception_ptr error_;  // that ended it; transient ones are left to the next command to find
  std::vector<Callback<>> actions_;
};

namespace {

// The bodies of transactions that a thread is in, innermost first: a chain on its stack.
class RunningBody {
 public:
  explicit RunningBody(const TransactionCore& transaction)
      : transaction_(transaction), outer_(innermost_) {
    innermost_ = this;
  }
  ~RunningBody() { innermost_ = outer_; }
  RunningBody(const RunningBody&) = delete;
  RunningBody& operator=(const RunningBody&) = delete;

  // Throws Error(IllegalOperation) when the session is about to use a database past a transaction
  // of this thread: a write would wait for that one, and that one for the write to return. self:
  // the transaction that uses it, or null.
  static void check(const SessionCore& session, std::string_view alias,
                    const TransactionCore* self) {
    for (const RunningBody* body = innermost_; body != nullptr; body = body->outer_) {
      if (&body->transaction_ == self || !body->transaction_.may_meet(session, alias)) continue;
      throw Error(
          ErrorCode::kIllegalOperation,
          fmt::format("database '{}' is used past the transaction whose body is running: it would "
                      "not see what the transaction wrote, and a write could wait for itself. Use "
                      "the Transaction that the body is given: tx.save(...), tx.objects<T>(), "
                      "tx.transaction(...). What is no part of it goes before the transaction, "
                      "behind it or into tx.on_commit()",
                      alias));
    }
  }

 private:
  static inline thread_local const RunningBody* innermost_ = nullptr;
  const TransactionCore& transaction_;
  const RunningBody* outer_;
};

}  // namespace

Reply SessionCore::execute(const Target& target, bson::View command) {
  RunningBody::check(*this, target.alias, nullptr);
  return do_execute(target, command);
}

TransactionCore::TransactionCore(SessionCore& session, std::string database)
    : session_(session), database_(std::move(database)), session_id_(Uuid::random()) {
  origin()->session = session.origin();
  if (session.current_transaction() != nullptr) {
    throw Error(ErrorCode::kIllegalOperation,
                "a Transaction cannot be opened inside another one: transaction(body) joins it");
  }
  if (!database_.empty()) target_ = session.target(database_);  // an unknown alias is told as one
}

Target TransactionCore::target(std::string_view alias) {
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

// Without a label that says to try again: the body would meet the same error each time.
void TransactionCore::throw_earlier_error() const {
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

Reply TransactionCore::do_execute(const Target& target, bson::View command) {
  if (ended()) {
    throw Error(ErrorCode::kNoSuchTransaction, "this transaction has ended already");
  }
  throw_earlier_error();
  RunningBody::check(session_, target.alias, this);
  bson::Builder with_session;
  with_session.append_all(command);
  with_session.append("lsid", bson::doc("id", session_id_)).append("txnNumber", kTransactionNumber);
  if (state_ == State::kUnused) with_session.append("startTransaction", true);
  with_session.append("autocommit", false);
  state_ = State::kOpen;
  try {
    return session_.do_execute(target, with_session.finish());
  } catch (const Error& error) {
    if (!error.has_label(kTransient)) error_ = std::current_exception();
    throw;
  }
}

bson::Document TransactionCore::run_end(const char* command) {
  return run_checked(*target_->runner, "admin",
                     bson::doc(command, 1, "lsid", bson::doc("id", session_id_), "txnNumber",
                               kTransactionNumber, "autocommit", false));
}

void TransactionCore::end_session() noexcept {
  try {
    target_->runner->run("admin",
                         bson::doc("endSessions", bson::array(bson::doc("id", session_id_))));
  } catch (const std::exception&) {
    // The server forgets sessions by itself after a while.
  }
}

void TransactionCore::commit() {
  if (ended()) {
    throw Error(ErrorCode::kTransactionCommitted, "this transaction has ended already");
  }
  throw_earlier_error();
  if (state_ == State::kOpen) {
    run_end("commitTransaction");
    end_session();
  }
  state_ = State::kCommitted;
  origin()->committed = true;
  for (const auto& action : std::exchange(actions_, {})) action();
}

void TransactionCore::rollback() noexcept {
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

void run_transaction(SessionCore& session, const std::string& database,
                     const Callback<Transaction&>& body) {
  if (Transaction* outer = session.current_transaction()) {
    if (!database.empty()) session.target(database);
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
    Transaction tx(new TransactionCore(session, database));
    try {
      const RunningBody running(*tx.core_);
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

Transaction::Transaction(internal::TransactionCore* core) : ModelSession(*core), core_(core) {
  core->owner = this;
}
Transaction::Transaction(ModelSession& session, std::string database)
    : Transaction(new internal::TransactionCore(internal::core_of(session), std::move(database))) {}
Transaction::~Transaction() {
  rollback();
  delete core_;
}

void Transaction::commit() { core_->commit(); }
bool Transaction::committed() const { return core_->committed(); }
void Transaction::rollback() noexcept { core_->rollback(); }

}  // namespace quern
