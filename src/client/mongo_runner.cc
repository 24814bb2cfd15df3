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
  const std::int64_t limit = std::min<std::int64_t>(left.count(), INT32_MAX);
  const std::int64_t own = command["maxTimeMS"].whole_number().value_or(0);
  if (command.front().key() == "getMore" || (own > 0 && own <= limit)) {
    return bson::Document(command);
  }
  bson::Builder limited;
  for (const bson::Element& member : command) {
    if (member.key() != "maxTimeMS") limited.append(member);
  }
  limited.append("maxTimeMS", limit);
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
