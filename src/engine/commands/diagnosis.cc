// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// ping, hello, buildInfo.
#include <chrono>

#include "engine/commands/commands.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"

namespace quern::engine {
namespace {

// What drivers take the engine for: a replica set of one member that has everything of MongoDB 8.0
// which they ask for before they use transactions and Queryable Encryption.
constexpr std::string_view kSetName = "quern";
constexpr std::string_view kHost = "localhost:27017";
constexpr std::int32_t kMaxWireVersion = 25;
constexpr std::string_view kVersion = "8.0.0";

}  // namespace

void PingCommand::run(Operation& operation, bson::Builder&) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
}

void HelloCommand::run(Operation& operation, bson::Builder& reply) const {
  const bool legacy = operation.command().front().key() != name();
  CommandReader(
      operation.command(), name(),
      {"helloOk", "client", "compression", "saslSupportedMechs", "speculativeAuthenticate",
       "topologyVersion", "maxAwaitTimeMS", "loadBalanced", "hostInfo", "internalClient"});
  if (legacy) {
    reply.append("ismaster", true);
  } else {
    reply.append("isWritablePrimary", true);
  }
  reply.append("helloOk", true).append("secondary", false);
  reply.append("setName", kSetName).append("setVersion", 1);
  reply.open_array("hosts").push(kHost).close();
  reply.append("primary", kHost).append("me", kHost);
  reply.append("maxBsonObjectSize", 16 * 1024 * 1024);
  reply.append("maxMessageSizeBytes", 48'000'000);
  reply.append("maxWriteBatchSize", 100'000);
  reply.append("localTime", operation.now());
  reply.append("logicalSessionTimeoutMinutes",
               static_cast<std::int32_t>(operation.engine().options().session_timeout.count()));
  reply.append("connectionId", 1);
  reply.append("minWireVersion", 0).append("maxWireVersion", kMaxWireVersion);
  reply.append("readOnly", operation.engine().store().read_only());
}

void BuildInfoCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader only_generic_members(operation.command(), name(), {});
  reply.append("version", kVersion);
  reply.append("gitVersion", "quern").append("allocator", "system");
  reply.open_array("modules").push("enterprise").close();
  reply.open_array("versionArray").push(8).push(0).push(0).push(0).close();
  reply.append("bits", 64).append("debug", false);
  reply.append("maxBsonObjectSize", 16 * 1024 * 1024);
  reply.open_array("storageEngines").push("rocksdb").close();
}

}  // namespace quern::engine
