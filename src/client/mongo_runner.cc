// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/mongo_runner.h"

#include <algorithm>
#include <chrono>

#include "client/mongo_pool.h"
#include "client/mongo_sessions.h"
#include "command/observation.h"

namespace quern::client {
namespace {

// The command with the time that is left. Throws Error(MaxTimeMSExpired) when there is none.
bson::Document with_time_limit(bson::View command, std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left <= milliseconds::zero()) {
    throw Error(ErrorCode::kMaxTimeMSExpired, "operation exceeded time limit; it was not sent");
  }
  bson::Builder limited;
  limited.append_all(command);
  if (command.front().key() != "getMore" && !command.contains("maxTimeMS")) {
    limited.append("maxTimeMS", std::min<std::int64_t>(left.count(), INT32_MAX));
  }
  return limited.finish();
}

}  // namespace

MongoRunner::MongoRunner(MongoOptions options)
    : pool_(std::make_unique<MongoPool>(options)),
      sessions_(std::make_unique<MongoSessions>(*pool_)) {}

MongoRunner::MongoRunner(std::string uri) : MongoRunner(MongoOptions{.uri = std::move(uri)}) {}

MongoRunner::~MongoRunner() = default;

Reply MongoRunner::do_run(std::string_view database, bson::View command,
                          const RunContext& context) {
  bson::Document limited;
  if (context.deadline) {
    limited = with_time_limit(command, *context.deadline);
    command = limited;
  }
  return observed(context, database, command, [&]() -> Reply {
    if (command.contains("lsid")) return sessions_->run(database, command);
    if (command.front().key() == "endSessions") sessions_->end(command);
    const MongoPool::Client client = pool_->take();
    return run_command(client.get(), nullptr, database, command);
  });
}

}  // namespace quern::client
