// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// libmongoc's connection pool with owners for what it hands out, and its errors as exceptions.
#ifndef QUERN_CLIENT_MONGO_POOL_H_
#define QUERN_CLIENT_MONGO_POOL_H_

#include <mongoc/mongoc.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "client/mongo_runner.h"
#include "quern/bson/document.h"

namespace quern::client {

// Thread-safe. What it hands out must be given back before it is destroyed.
class MongoPool {
 public:
  explicit MongoPool(const MongoOptions& options);

  struct GiveBack {
    mongoc_client_pool_t* pool;
    void operator()(mongoc_client_t* client) const { mongoc_client_pool_push(pool, client); }
  };
  using Client = std::unique_ptr<mongoc_client_t, GiveBack>;

  // Waits while all connections are in use, for at most waitQueueTimeoutMS where the connection
  // string has one.
  Client take();

  std::size_t max_size() const { return max_size_; }

 private:
  struct Destroy {
    void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
  };
  static void heartbeat_failed(const mongoc_apm_server_heartbeat_failed_t* event);

  // The monitoring threads that pool_ ends use these.
  std::function<void(std::string_view address, std::string_view reason)> on_unreachable_;
  std::atomic<bool> told_ = false;
  std::unique_ptr<mongoc_client_pool_t, Destroy> pool_;
  std::size_t max_size_;
};

// Runs one command over a connection that nobody else uses meanwhile; session may be null. What
// there is to throw is described at MongoRunner::run.
bson::Document run_command(mongoc_client_t* client, const mongoc_client_session_t* session,
                           std::string_view database, bson::View command);

}  // namespace quern::client

#endif  // QUERN_CLIENT_MONGO_POOL_H_
