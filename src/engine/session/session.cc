// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/session.h"

#include <algorithm>

#include "engine/session/cursors.h"
#include "engine/session/engine.h"
#include "engine/session/operation.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

constexpr std::int32_t kTooManyLogicalSessions = 261;

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

void Session::restore(const SessionEntry& entry, TimePoint last_use) {
  number_ = entry.number;
  state_ = entry.committed ? State::kCommitted : State::kRetryable;
  last_use_ = last_use;
  history_.restore_entry();
}

void Session::renumber(std::int64_t number, State state) {
  history_.begin();
  number_ = number;
  state_ = state;
}

void Session::start(Engine& engine, std::int64_t number) {
  if (number < number_) throw too_old(number, number_);
  if (number == number_) {
    throw DatabaseError(ErrorCode::kConflictingOperationInProgress,
                        "Cannot start a transaction at given transaction number " +
                            std::to_string(number) + ": " +
                            (state_ == State::kRetryable ? "it is that of a retryable write"
                                                         : "one was already started with it"));
  }
  if (state_ == State::kInProgress) abort(engine);
  do {
    catalog_ = engine.catalog().snapshot();
    transaction_ = engine.store().begin();
  } while (engine.catalog().snapshot()->epoch() != catalog_->epoch());
  renumber(number, State::kInProgress);
  deadline_ = engine.clock().now() + engine.options().transaction_timeout;
}

void Session::retry(Engine& engine, std::int64_t number) {
  if (number < number_) {
    throw DatabaseError(ErrorCode::kTransactionTooOld,
                        "Retryable write with txnNumber " + std::to_string(number) +
                            " is prohibited because a newer one, " + std::to_string(number_) +
                            ", has already started on the session");
  }
  if (number > number_) {
    if (state_ == State::kInProgress) abort(engine);
    renumber(number, State::kRetryable);
  }
  if (state_ != State::kRetryable) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "Must specify autocommit=false on all operations of a multi-statement "
                        "transaction: txnNumber " +
                            std::to_string(number) + " is that of one");
  }
}

SessionEntry Session::entry(Engine& engine) const {
  return {number_, bson::Date{engine.clock().wall_now().time_since_epoch().count()},
          state_ != State::kRetryable};
}

void Session::throw_expired() const {
  throw no_such_transaction("Transaction with { txnNumber: " + std::to_string(number_) +
                            " } has been aborted: it was not committed in time.");
}

void Session::go_on(Engine& engine, std::int64_t number) {
  if (number < number_) throw too_old(number, number_);
  const std::string text = std::to_string(number);
  if (number > number_ || state_ == State::kNone || state_ == State::kRetryable) {
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

// One that wrote nothing may be forgotten: to commit it again is to run it again.
void Session::commit(Engine& engine) {
  try {
    if (!entered_.empty()) history_.put(*transaction_, entry(engine));
    transaction_->commit();
    history_.committed();
  } catch (...) {
    history_.abandoned();
    finish(engine, State::kAborted);
    throw;
  }
  finish(engine, State::kCommitted);
}

void Session::abort(Engine& engine) noexcept { finish(engine, State::kAborted); }

void Session::end(Engine& engine) {
  if (state_ == State::kInProgress) abort(engine);
  history_.erase(engine.store());
  ended_ = true;
}

void Session::stop(Engine& engine) noexcept {
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

namespace {

// Of a write at a date of the wall clock; now, if that is to come.
TimePoint steady_time(Engine& engine, bson::Date date) {
  const bson::Date now{engine.clock().wall_now().time_since_epoch().count()};
  const std::int64_t age = std::max<std::int64_t>(now.milliseconds - date.milliseconds, 0);
  const auto timeout = std::chrono::milliseconds(engine.options().session_timeout);
  return engine.clock().now() - std::min(std::chrono::milliseconds(age), timeout);
}

}  // namespace

void Sessions::restore(Engine& engine) {
  {
    const std::lock_guard lock(mutex_);
    const std::string lower = first_session_key();
    const std::string upper = end_of_session_keys();
    const auto reader = engine.store().snapshot();
    const auto iterator = reader->iterator({as_bytes(lower), as_bytes(upper)});
    std::shared_ptr<Session> session;
    for (iterator->seek(as_bytes(lower)); iterator->valid(); iterator->next()) {
      const SessionKey key = parse_session_key(iterator->key());
      const bson::View entry = bson::View::parse(iterator->value());
      if (!key.first) {
        const SessionEntry parsed = SessionEntry::parse(entry);
        session = std::make_shared<Session>(std::string(key.session));
        session->restore(parsed, steady_time(engine, parsed.written));
        sessions_[session->key()] = session;
      } else if (session && session->key() == key.session) {
        session->history().restore_write(*key.first, WriteEntry::parse(entry).statements);
      }
    }
  }
  expire(engine, engine.clock().now());
}

std::shared_ptr<Session> Sessions::get(Engine& engine, bson::View lsid) {
  std::string key = session_key(lsid);
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(key);
  if (at != sessions_.end()) return at->second;
  if (sessions_.size() >= engine.options().max_sessions) {
    throw DatabaseError(kTooManyLogicalSessions,
                        "there are " + std::to_string(sessions_.size()) +
                            " sessions, as many as there may be: end those that are not used any "
                            "more (endSessions)");
  }
  auto session = std::make_shared<Session>(key);
  session->touch(engine.clock().now());
  sessions_.emplace(std::move(key), session);
  return session;
}

LockedSession Sessions::lock(Engine& engine, bson::View lsid, std::optional<TimePoint> deadline) {
  for (;;) {
    auto session = get(engine, lsid);
    auto lock = lock_of(engine, *session, deadline);
    if (!session->ended()) return {std::move(session), std::move(lock)};
    forget(*session);
  }
}

void Sessions::forget(const Session& session) {
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(session.key());
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
  forget(*session);
}

// Those whose time is over.
std::vector<std::shared_ptr<Session>> Sessions::end_transactions(Engine& engine, TimePoint now) {
  std::vector<std::shared_ptr<Session>> unused;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, session] : sessions_) {
    const std::unique_lock session_lock(session->mutex(), std::try_to_lock);
    if (!session_lock) continue;
    if (session->state() == Session::State::kInProgress) {
      if (now >= session->deadline()) session->abort(engine);
    } else if (now - session->last_use() >= engine.options().session_timeout) {
      unused.push_back(session);
    }
  }
  return unused;
}

void Sessions::expire(Engine& engine, TimePoint now) {
  for (const auto& session : end_transactions(engine, now)) {
    try {
      const std::unique_lock session_lock(session->mutex(), std::try_to_lock);
      if (!session_lock || now - session->last_use() < engine.options().session_timeout) continue;
      session->end(engine);
    } catch (const Error&) {
      continue;  // a full disk, say
    }
    forget(*session);
  }
}

void Sessions::stop(Engine& engine) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, session] : sessions_) {
    const std::lock_guard session_lock(session->mutex());
    session->stop(engine);
  }
  sessions_.clear();
}

}  // namespace quern::engine
