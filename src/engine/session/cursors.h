// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Client cursors: what is left of an answer that did not fit into one batch.
#ifndef QUERN_ENGINE_SESSION_CURSORS_H_
#define QUERN_ENGINE_SESSION_CURSORS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/session/query_context.h"
#include "quern/bson/document.h"
#include "query/pipeline/stream.h"

namespace quern {
class RandomSource;
}

namespace quern::engine {

// A cursor at rest, or lent to one getMore.
struct ClientCursor {
  std::int64_t id = 0;
  std::string ns;  // "db.coll", as the replies name it
  // Outlives the stream, which reads through it; null when the stream holds its documents itself.
  std::shared_ptr<QueryContext> context;
  std::unique_ptr<query::DocumentStream> stream;
  // Read from the stream but not handed out: it did not fit into the batch.
  std::optional<bson::Document> pending;
  std::string session;  // key of the session whose transaction it reads through, or empty
  std::int64_t transaction_number = -1;
  std::chrono::steady_clock::time_point last_use;
};

// Thread-safe.
class Cursors {
 public:
  Cursors(RandomSource& random, std::size_t limit) : random_(random), limit_(limit) {}
  // Takes the cursor in and gives it an id that cannot be guessed. Throws ExceededMemoryLimit when
  // there are as many as there may be.
  std::int64_t add(std::unique_ptr<ClientCursor> cursor);
  // Lends it out, until give_back. Throws CursorNotFound (43), or that it is in use.
  std::unique_ptr<ClientCursor> take(std::int64_t id);
  void give_back(std::unique_ptr<ClientCursor> cursor);
  // The lent cursor is used up.
  void forget(std::int64_t id);
  // False when there is none. One that is lent ends when it would be given back.
  bool kill(std::int64_t id) noexcept;
  void expire(std::chrono::steady_clock::time_point now, std::chrono::seconds timeout);
  void kill_all();
  std::size_t size() const;

 private:
  RandomSource& random_;
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, std::unique_ptr<ClientCursor>> cursors_;  // null: lent
  std::unordered_set<std::int64_t> killed_;                                  // lent and killed
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_CURSORS_H_
