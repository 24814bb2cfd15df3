// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Commands run by a MongoDB deployment, or by anything else that speaks its wire protocol, through
// libmongoc and its connection pool.
#ifndef QUERN_CLIENT_MONGO_RUNNER_H_
#define QUERN_CLIENT_MONGO_RUNNER_H_

#include <memory>
#include <string>

#include "base/secret_bytes.h"
#include "quern/command/command_runner.h"

namespace quern::client {

struct MongoOptions {
  // mongodb:// or mongodb+srv://, with the options of the connection string specification
  // (serverSelectionTimeoutMS, tls, replicaSet, maxPoolSize, …).
  std::string uri;
  // Override what the connection string says, so that passwords need not be written into it.
  std::string user;
  SecretBytes password{0};
  std::string app_name = "quern";
};

// Thread-safe: every call takes a connection from the pool.
class MongoRunner : public CommandRunner {
 public:
  // Connects lazily: throws ImproperlyConfigured only for a connection string that is not one. The
  // message never holds credentials.
  explicit MongoRunner(MongoOptions options);
  explicit MongoRunner(std::string uri) : MongoRunner(MongoOptions{.uri = std::move(uri)}) {}
  ~MongoRunner() override;

  // lsid, txnNumber, autocommit and $readPreference in the command are sent as they are. Throws
  // Error(HostUnreachable) or Error(NetworkTimeout) when no server answers, with the error labels
  // RetryableWriteError and TransientTransactionError where the driver gave them.
  bson::Document run(std::string_view database, bson::View command) override;

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_MONGO_RUNNER_H_
