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
  Target target(std::string_view alias) override;
  std::string explain_route(const ModelRef& model, std::string_view alias) override {
    return session_.explain_route(model, alias);
  }
  void check_model(const ModelRef& model, const Target& target) override {
    session_.check_model(model, target);
  }
  Reply execute(const Target& target, bson::View command) override;
  void after_commit(Callback<> action) override { actions_.push_back(std::move(action)); }
  Transaction* current_transaction() override { return owner; }

  void commit();
  bool committed() const { return state_ == State::kCommitted; }
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

TransactionCore::TransactionCore(SessionCore& session, std::string database)
    : session_(session), database_(std::move(database)), session_id_(Uuid::random()) {
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

Reply TransactionCore::execute(const Target& target, bson::View command) {
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
    return session_.execute(target, with_session.finish());
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
