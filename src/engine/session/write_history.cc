// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/write_history.h"

namespace quern::engine {

void WriteHistory::begin() {
  for (const auto& [first, statements] : done_) earlier_.push_back(first);
  done_.clear();
  size_ = 0;
  current_ = false;
}

void WriteHistory::add(std::int32_t first, std::int32_t statements) {
  done_[first] = statements;
  size_ += static_cast<std::size_t>(statements);
}

WriteHistory::Writes::const_iterator WriteHistory::entry_of(std::int32_t statement) const {
  auto at = done_.upper_bound(statement);
  if (at == done_.begin()) return done_.end();
  --at;
  return statement - at->first < at->second ? at : done_.end();
}

std::optional<bson::Document> WriteHistory::find(storage::Store& store,
                                                 std::int32_t statement) const {
  const auto at = entry_of(statement);
  if (at == done_.end()) return std::nullopt;
  storage::PinnedValue value;
  if (!store.get(as_bytes(write_entry_key(session_, at->first)), value)) {
    throw Error(ErrorCode::kInternalError, "the result of a retryable write has been lost");
  }
  return bson::Document(bson::View::parse(value.bytes()));
}

// The session's mutex guards the keys: no lock of the store's is needed.
void WriteHistory::remove_earlier(storage::WriteTransaction& transaction) {
  for (const std::int32_t first : earlier_) {
    transaction.remove_guarded(as_bytes(write_entry_key(session_, first)));
  }
}

void WriteHistory::put(storage::WriteTransaction& transaction, const SessionEntry& entry) {
  if (current_) return;
  remove_earlier(transaction);
  transaction.put_guarded(as_bytes(session_entry_key(session_)), entry.serialize().view().bytes());
  pending_entry_ = true;
}

void WriteHistory::put(storage::WriteTransaction& transaction, std::int32_t first,
                       const WriteEntry& write) {
  transaction.put_guarded(as_bytes(write_entry_key(session_, first)),
                          write.serialize().view().bytes());
  pending_[first] = write.statements;
}

void WriteHistory::committed() {
  if (pending_entry_) {
    stored_ = current_ = true;
    earlier_.clear();
  }
  for (const auto& [first, statements] : pending_) add(first, statements);
  abandoned();
}

void WriteHistory::abandoned() {
  pending_entry_ = false;
  pending_.clear();
}

void WriteHistory::erase(storage::Store& store) {
  if (!stored_ || store.read_only()) return;
  const auto transaction = store.begin({.snapshot = false, .read_own_writes = false});
  remove_earlier(*transaction);
  for (const auto& [first, statements] : done_) {
    transaction->remove_guarded(as_bytes(write_entry_key(session_, first)));
  }
  transaction->remove_guarded(as_bytes(session_entry_key(session_)));
  transaction->commit();
  stored_ = false;
  begin();
  earlier_.clear();
}

}  // namespace quern::engine
