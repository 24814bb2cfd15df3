// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Gives every logical session of the application (the lsid of its commands) a session of libmongoc,
// which insists on choosing the lsid itself. The server sees libmongoc's; that it is always the
// same for the same lsid is all that transactions and retryable writes need.
#ifndef QUERN_CLIENT_MONGO_SESSIONS_H_
#define QUERN_CLIENT_MONGO_SESSIONS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "client/mongo_pool.h"
#include "quern/base/uuid.h"

namespace quern::client {

// Thread-safe; commands of one session run one after the other. Borrows pool.
class MongoSessions {
 public:
  explicit MongoSessions(MongoPool& pool);
  ~MongoSessions();

  // Runs a command that has an lsid: {id: UUID}.
  bson::Document run(std::string_view database, bson::View command);

  // Ends those of the lsids in an endSessions command that are known.
  void end(bson::View command);

 private:
  struct Session;
  using SessionPtr = std::shared_ptr<Session>;

  SessionPtr get(const Uuid& id);
  void make_room();

  MongoPool& pool_;
  const std::size_t max_sessions_;
  std::mutex mutex_;
  std::uint64_t uses_ = 0;  // a clock for "rested longest"
  std::unordered_map<Uuid, SessionPtr> sessions_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_MONGO_SESSIONS_H_
