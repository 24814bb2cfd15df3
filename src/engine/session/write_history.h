// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What was done under a session's latest txnNumber: which statements of a retryable write, with
// their results, or that its transaction was committed. It is stored in the transactions that do
// it, so that after a kill both are there or neither. Of earlier numbers nothing is kept.
#ifndef QUERN_ENGINE_SESSION_WRITE_HISTORY_H_
#define QUERN_ENGINE_SESSION_WRITE_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/session/session_entry.h"
#include "quern/bson/document.h"
#include "storage/store.h"

namespace quern::engine {

// Belongs to a session, whose mutex is held by whoever calls.
class WriteHistory {
 public:
  // session: its key, engine/session/session.h.
  explicit WriteHistory(std::string session) : session_(std::move(session)) {}

  // --- when the database is opened
  void restore_entry() { stored_ = current_ = true; }
  void restore_write(std::int32_t first, std::int32_t statements) { add(first, statements); }

  // A new number: what was done under the one before goes with the first write.
  void begin();

  // What the entry tells that has this statement; nothing when it was not done.
  std::optional<bson::Document> find(storage::Store& store, std::int32_t statement) const;
  bool contains(std::int32_t statement) const { return entry_of(statement) != done_.end(); }
  // How many statements were done.
  std::size_t size() const { return size_; }

  // Adds to what the transaction writes: that the number was used, and what was done. The caller
  // says by committed() or abandoned() how the transaction ended.
  void put(storage::WriteTransaction& transaction, const SessionEntry& entry);
  void put(storage::WriteTransaction& transaction, std::int32_t first, const WriteEntry& write);
  void committed();
  void abandoned();

  // Removes everything, in a transaction of its own; from a store that is read only, nothing.
  void erase(storage::Store& store);

 private:
  using Writes = std::map<std::int32_t, std::int32_t>;  // first statement, and how many

  void add(std::int32_t first, std::int32_t statements);
  void remove_earlier(storage::WriteTransaction& transaction);
  Writes::const_iterator entry_of(std::int32_t statement) const;

  const std::string session_;
  bool stored_ = false;   // there is a session entry in the store,
  bool current_ = false;  // with the number of now
  Writes done_;
  std::size_t size_ = 0;
  std::vector<std::int32_t> earlier_;  // write entries of earlier numbers, by their first statement
  bool pending_entry_ = false;
  Writes pending_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_WRITE_HISTORY_H_
