// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the documents of open cursors look like, for the batches that getMore brings: the command
// says nothing of them, and the server must not.
#ifndef QUERN_CLIENT_CURSOR_OUTPUTS_H_
#define QUERN_CLIENT_CURSOR_OUTPUTS_H_

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "client/decrypt_reply.h"

namespace quern::client {

// Thread-safe. Cursors are told apart by database, collection (both as the client names them) and
// id. At most kCapacity of them are remembered, those that were used last, and none that rested for
// kLifetime: the batches of others are not decrypted.
class CursorOutputs {
 public:
  using Output = std::shared_ptr<const CommandOutput>;
  static constexpr std::size_t kCapacity = 10'000;
  static constexpr std::chrono::minutes kLifetime{60};

  explicit CursorOutputs(Clock& clock) : clock_(clock) {}

  // A command was answered with that cursor. output may be null. Throws Error(OperationFailed) when
  // the cursor is known with documents that look otherwise: a server that gives out an id twice
  // would have the one command's batches decrypted as the other's.
  void opened(std::string_view database, std::string_view collection, std::int64_t id,
              const Output& output);
  // Null for a cursor that is not known.
  Output find(std::string_view database, std::string_view collection, std::int64_t id);
  void closed(std::string_view database, std::string_view collection, std::int64_t id);

  std::size_t size() const;  // for tests

 private:
  struct Entry {
    std::string key;
    Output output;
    std::chrono::steady_clock::time_point last_use;
  };
  using Entries = std::list<Entry>;  // the one that was used last is the first

  Entries::iterator live(const std::string& key);  // end() when there is none
  void erase(Entries::iterator at);

  Clock& clock_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // of Entry::key
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_CURSOR_OUTPUTS_H_
