// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Logical sessions (lsid), their multi-document transactions (txnNumber, autocommit: false) and
// their retryable writes (txnNumber alone), which share the numbers.
#ifndef QUERN_ENGINE_SESSION_SESSION_H_
#define QUERN_ENGINE_SESSION_SESSION_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/catalog/timed_mutex.h"
#include "engine/catalog/write_gate.h"
#include "engine/session/session_entry.h"
#include "engine/session/write_history.h"
#include "quern/bson/view.h"
#include "storage/store.h"

namespace quern::engine {

class Cursors;
class Engine;

using TimePoint = std::chrono::steady_clock::time_point;

// One session. Whoever uses it holds its mutex: commands of one session run one after the other.
class Session {
 public:
  // kRetryable: the number is that of a retryable write; the others are of a transaction.
  enum class State { kNone, kInProgress, kCommitted, kAborted, kRetryable };

  // key: that of session_key().
  explicit Session(std::string key) : key_(key), history_(std::move(key)) {}
  // What the database holds of it.
  void restore(const SessionEntry& entry, TimePoint last_use);

  const std::string& key() const { return key_; }
  TimedMutex& mutex() { return mutex_; }

  State state() const { return state_; }
  std::int64_t transaction_number() const { return number_; }
  // When the transaction that is in progress must have ended.
  TimePoint deadline() const { return deadline_; }
  // Throws NoSuchTransaction (251): it has not.
  [[noreturn]] void throw_expired() const;
  TimePoint last_use() const { return last_use_; }
  void touch(TimePoint now) { last_use_ = now; }

  // Starts a transaction, ending one that is in progress. Throws TransactionTooOld (225) or
  // ConflictingOperationInProgress (117).
  void start(Engine& engine, std::int64_t number);
  // Begins a retryable write, or one that is sent again, ending a transaction that is in progress.
  // Throws TransactionTooOld (225), InvalidOptions (72) when the number is that of a transaction.
  void retry(Engine& engine, std::int64_t number);
  WriteHistory& history() { return history_; }
  // The entry of a write under the number of now.
  SessionEntry entry(Engine& engine) const;
  // Checks that a statement may go on with that transaction, and ends one whose time is over.
  // Throws NoSuchTransaction (251), TransactionCommitted (256), TransactionTooOld (225).
  void go_on(Engine& engine, std::int64_t number);
  void commit(Engine& engine);
  void abort(Engine& engine) noexcept;
  // Ends the session, with its transaction and all that is remembered of it: whoever waited for
  // the mutex must not use it. Throws what the store throws; then it has not ended.
  void end(Engine& engine);
  // The same as the engine stops, which remembers it.
  void stop(Engine& engine) noexcept;
  bool ended() const { return ended_; }

  // Only while a transaction is in progress.
  storage::WriteTransaction& transaction() { return *transaction_; }
  const std::shared_ptr<const CatalogSnapshot>& catalog() const { return catalog_; }
  std::vector<GatePass>& entered() { return entered_; }
  // Client cursors that read through the transaction and end with it.
  std::vector<std::int64_t>& cursors() { return cursors_; }

 private:
  void finish(Engine& engine, State state) noexcept;
  void renumber(std::int64_t number, State state);

  const std::string key_;
  TimedMutex mutex_;
  State state_ = State::kNone;
  bool ended_ = false;
  std::int64_t number_ = -1;
  TimePoint deadline_;
  TimePoint last_use_;
  std::vector<GatePass> entered_;  // left after transaction_ has ended
  std::unique_ptr<storage::WriteTransaction> transaction_;
  std::shared_ptr<const CatalogSnapshot> catalog_;
  std::vector<std::int64_t> cursors_;
  WriteHistory history_;
};

// A session, and its mutex held.
struct LockedSession {
  std::shared_ptr<Session> session;
  std::unique_lock<TimedMutex> lock;

  Session* operator->() const { return session.get(); }
};

// All sessions of an engine. Thread-safe.
class Sessions {
 public:
  // Those that the database remembers; it forgets those that were not used for too long.
  void restore(Engine& engine);
  // The session with that lsid ({id: UUID}), created when it is new. Throws what a malformed lsid
  // deserves, and TooManyLogicalSessions (261).
  std::shared_ptr<Session> get(Engine& engine, bson::View lsid);
  // The same, locked and not ended. Throws MaxTimeMSExpired (50) when others use it until then.
  LockedSession lock(Engine& engine, bson::View lsid, std::optional<TimePoint> deadline);
  // Notes that the session is in use. Nothing happens when there is none.
  void refresh(bson::View lsid, TimePoint now);
  // Ends it, with its transaction. Nothing happens when there is none. Throws MaxTimeMSExpired, and
  // what the store throws.
  void end(Engine& engine, bson::View lsid, std::optional<TimePoint> deadline);
  // Ends transactions and sessions that nobody used for too long. Those in use are left alone, and
  // those that the store cannot forget now, for the next time.
  void expire(Engine& engine, TimePoint now);
  // The engine stops.
  void stop(Engine& engine);

 private:
  void forget(const Session& session);
  std::vector<std::shared_ptr<Session>> end_transactions(Engine& engine, TimePoint now);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
};

// The bytes that identify a session. Throws BadValue, TypeMismatch.
std::string session_key(bson::View lsid);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_SESSION_H_
