// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/mongo_runner.h"

#include "client/mongo_pool.h"
#include "client/mongo_sessions.h"

namespace quern::client {

MongoRunner::MongoRunner(MongoOptions options)
    : pool_(std::make_unique<MongoPool>(options)),
      sessions_(std::make_unique<MongoSessions>(*pool_)) {}

MongoRunner::MongoRunner(std::string uri) : MongoRunner(MongoOptions{.uri = std::move(uri)}) {}

MongoRunner::~MongoRunner() = default;

bson::Document MongoRunner::run(std::string_view database, bson::View command) {
  if (command.contains("lsid")) return sessions_->run(database, command);
  if (command.front().key() == "endSessions") sessions_->end(command);
  const MongoPool::Client client = pool_->take();
  return run_command(client.get(), nullptr, database, command);
}

}  // namespace quern::client
