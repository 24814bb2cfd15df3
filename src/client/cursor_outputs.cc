// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/cursor_outputs.h"

#include <fmt/format.h>

#include "quern/base/error.h"

namespace quern::client {
namespace {

// No name holds a NUL.
std::string key_of(std::string_view database, std::string_view collection, std::int64_t id) {
  std::string key;
  key.append(database).push_back('\0');
  key.append(collection).push_back('\0');
  return key += std::to_string(id);
}

}  // namespace

CursorOutputs::Entries::iterator CursorOutputs::live(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return entries_.end();
  const auto at = found->second;
  if (clock_.now() - at->last_use < kLifetime) return at;
  erase(at);
  return entries_.end();
}

void CursorOutputs::erase(Entries::iterator at) {
  by_key_.erase(at->key);
  entries_.erase(at);
}

void CursorOutputs::opened(std::string_view database, std::string_view collection, std::int64_t id,
                           const Output& output) {
  std::string key = key_of(database, collection, id);
  const std::lock_guard lock(mutex_);
  if (const auto at = live(key); at != entries_.end()) {
    if (output == nullptr || output->tree != at->output->tree) {
      throw Error(
          ErrorCode::kOperationFailed,
          fmt::format("the server answered for {}.{} with a cursor that is open for another "
                      "command: its documents cannot be told from that one's",
                      database, collection));
    }
    erase(at);
  }
  if (output == nullptr) return;
  entries_.push_front({std::move(key), output, clock_.now()});
  by_key_.emplace(entries_.front().key, entries_.begin());
  while (entries_.size() > kCapacity || clock_.now() - entries_.back().last_use >= kLifetime) {
    erase(std::prev(entries_.end()));
  }
}

CursorOutputs::Output CursorOutputs::find(std::string_view database, std::string_view collection,
                                          std::int64_t id) {
  const std::string key = key_of(database, collection, id);
  const std::lock_guard lock(mutex_);
  const auto at = live(key);
  if (at == entries_.end()) return nullptr;
  at->last_use = clock_.now();
  entries_.splice(entries_.begin(), entries_, at);
  return at->output;
}

void CursorOutputs::closed(std::string_view database, std::string_view collection,
                           std::int64_t id) {
  const std::string key = key_of(database, collection, id);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
}

std::size_t CursorOutputs::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace quern::client
