// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Commands run by a MongoDB deployment, or by anything else that speaks its wire protocol, through
// libmongoc and its connection pool. The first runner switches libmongoc's own log off for the
// process.
#ifndef QUERN_CLIENT_MONGO_RUNNER_H_
#define QUERN_CLIENT_MONGO_RUNNER_H_

#include <functional>
#include <memory>
#include <string>

#include "base/secret_bytes.h"
#include "quern/command/command_runner.h"

namespace quern::client {

class MongoPool;
class MongoSessions;

struct MongoOptions {
  // mongodb:// or mongodb+srv://, with the options of the connection string specification
  // (serverSelectionTimeoutMS, tls, replicaSet, maxPoolSize, …).
  std::string uri;
  // Override what the connection string says, so that passwords need not be written into it.
  std::string user = {};
  SecretBytes password = {};
  std::string app_name = "quern";
  // Called once, from a thread of the driver, when the first attempt to reach a server failed, with
  // its address and the reason. Commands go on trying for serverSelectionTimeoutMS.
  std::function<void(std::string_view address, std::string_view reason)> on_unreachable = {};
};

// Thread-safe: every call takes a connection from the pool. Commands go to the primary, or to any
// of the mongos in the connection string: name one mongos only, for a cursor or a transaction that
// is begun on one is unknown to the others.
class MongoRunner : public CommandRunner {
 public:
  // Connects lazily: throws ImproperlyConfigured only for a connection string that is not one. The
  // message never holds credentials.
  explicit MongoRunner(MongoOptions options);
  explicit MongoRunner(std::string uri);
  ~MongoRunner() override;

 protected:
  // A command with an lsid runs in a session of its own of the driver, which is the same for the
  // same lsid until endSessions; txnNumber, startTransaction and autocommit are sent as they are.
  // At most half of the pool's connections can be in use by sessions: beyond that, sessions outside
  // a transaction are ended, the one that rested longest first.
  //
  // A "$db" in the command is left out: the argument says where it goes. What is left of the
  // context's deadline goes along as maxTimeMS, except where the command has an earlier one of its
  // own or takes none (getMore). run() throws
  // Error(BSONObjectTooLarge) for a command that no server takes, Error(HostUnreachable) when no
  // server answers, Error(AuthenticationFailed) when it refuses the credentials, with the labels
  // TransientTransactionError and RetryableWriteError where they apply.
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  std::unique_ptr<MongoPool> pool_;
  std::unique_ptr<MongoSessions> sessions_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_MONGO_RUNNER_H_
