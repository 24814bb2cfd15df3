// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/session.h"

#include "engine/session/cursors.h"
#include "engine/session/engine.h"
#include "engine/session/operation.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

DatabaseError no_such_transaction(const std::string& text) {
  DatabaseError error(ErrorCode::kNoSuchTransaction, text);
  error.add_label("TransientTransactionError");
  return error;
}

DatabaseError too_old(std::int64_t number, std::int64_t current) {
  return DatabaseError(ErrorCode::kTransactionTooOld,
                       "Cannot use transaction number " + std::to_string(number) +
                           " because a newer one, " + std::to_string(current) +
                           ", has already started on the session");
}

std::unique_lock<TimedMutex> lock_of(Engine& engine, Session& session,
                                     std::optional<TimePoint> deadline) {
  if (!deadline) return std::unique_lock(session.mutex());
  std::unique_lock lock(session.mutex(), *engine.system_time(deadline));
  if (!lock) throw_max_time_expired();
  return lock;
}

}  // namespace

void Session::start(Engine& engine, std::int64_t number) {
  if (number < number_) throw too_old(number, number_);
  if (number == number_) {
    throw DatabaseError(ErrorCode::kConflictingOperationInProgress,
                        "Cannot start a transaction at given transaction number " +
                            std::to_string(number) + ": one was already started with it");
  }
  if (state_ == State::kInProgress) abort(engine);
  do {
    catalog_ = engine.catalog().snapshot();
    transaction_ = engine.store().begin();
  } while (engine.catalog().snapshot()->epoch() != catalog_->epoch());
  number_ = number;
  state_ = State::kInProgress;
  deadline_ = engine.clock().now() + engine.options().transaction_timeout;
}

void Session::throw_expired() const {
  throw no_such_transaction("Transaction with { txnNumber: " + std::to_string(number_) +
                            " } has been aborted: it was not committed in time.");
}

void Session::go_on(Engine& engine, std::int64_t number) {
  if (number < number_) throw too_old(number, number_);
  const std::string text = std::to_string(number);
  if (number > number_ || state_ == State::kNone) {
    throw no_such_transaction("Given transaction number " + text +
                              " does not match any in-progress transactions. The active "
                              "transaction number is " +
                              std::to_string(number_));
  }
  if (state_ == State::kAborted) {
    throw no_such_transaction("Transaction with { txnNumber: " + text + " } has been aborted.");
  }
  if (state_ == State::kCommitted) {
    throw DatabaseError(ErrorCode::kTransactionCommitted,
                        "Transaction with { txnNumber: " + text + " } has been committed.");
  }
  if (engine.clock().now() >= deadline_) {
    abort(engine);
    throw_expired();
  }
}

void Session::finish(Engine& engine, State state) noexcept {
  for (const std::int64_t id : cursors_) engine.cursors().kill(id);
  cursors_.clear();
  transaction_.reset();
  entered_.clear();
  catalog_.reset();
  state_ = state;
}

void Session::commit(Engine& engine) {
  try {
    transaction_->commit();
  } catch (...) {
    finish(engine, State::kAborted);
    throw;
  }
  finish(engine, State::kCommitted);
}

void Session::abort(Engine& engine) noexcept { finish(engine, State::kAborted); }

void Session::end(Engine& engine) noexcept {
  if (state_ == State::kInProgress) abort(engine);
  ended_ = true;
}

std::string session_key(bson::View lsid) {
  const bson::Element id = lsid["id"];
  if (id.missing()) {
    throw Error(ErrorCode::kMissingField,
                "BSON field 'OperationSessionInfo.lsid.id' is missing but a required field");
  }
  return std::string(as_text(id.as_uuid().bytes()));
}

std::shared_ptr<Session> Sessions::get(bson::View lsid, TimePoint now) {
  std::string key = session_key(lsid);
  const std::lock_guard lock(mutex_);
  auto& session = sessions_[std::move(key)];
  if (!session) {
    session = std::make_shared<Session>();
    session->touch(now);
  }
  return session;
}

LockedSession Sessions::lock(Engine& engine, bson::View lsid, std::optional<TimePoint> deadline) {
  for (;;) {
    auto session = get(lsid, engine.clock().now());
    auto lock = lock_of(engine, *session, deadline);
    if (!session->ended()) return {std::move(session), std::move(lock)};
    forget(*session, lsid);
  }
}

void Sessions::forget(const Session& session, bson::View lsid) {
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(session_key(lsid));
  if (at != sessions_.end() && at->second.get() == &session) sessions_.erase(at);
}

void Sessions::refresh(bson::View lsid, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(session_key(lsid));
  if (at == sessions_.end()) return;
  const std::unique_lock session_lock(at->second->mutex(), std::try_to_lock);
  if (session_lock) at->second->touch(now);
}

void Sessions::end(Engine& engine, bson::View lsid, std::optional<TimePoint> deadline) {
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex_);
    const auto at = sessions_.find(session_key(lsid));
    if (at == sessions_.end()) return;
    session = at->second;
  }
  {
    const auto lock = lock_of(engine, *session, deadline);
    session->end(engine);
  }
  forget(*session, lsid);
}

void Sessions::expire(Engine& engine, TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    Session& session = *at->second;
    std::unique_lock session_lock(session.mutex(), std::try_to_lock);
    bool gone = false;
    if (session_lock) {
      if (session.state() == Session::State::kInProgress) {
        if (now >= session.deadline()) session.abort(engine);
      } else {
        gone = now - session.last_use() >= engine.options().session_timeout;
        if (gone) session.end(engine);
      }
      session_lock.unlock();
    }
    at = gone ? sessions_.erase(at) : std::next(at);
  }
}

void Sessions::end_all(Engine& engine) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, session] : sessions_) {
    const std::lock_guard session_lock(session->mutex());
    session->end(engine);
  }
  sessions_.clear();
}

}  // namespace quern::engine
