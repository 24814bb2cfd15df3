// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The one seam that everything which executes a command shares: the embedded engine, a MongoDB
// deployment, and the encrypting runner that wraps either.
#ifndef QUERN_COMMAND_COMMAND_RUNNER_H_
#define QUERN_COMMAND_COMMAND_RUNNER_H_

#include <string_view>

#include "quern/base/export.h"
#include "quern/bson/document.h"
#include "quern/command/reply.h"
#include "quern/command/run_context.h"

namespace quern {

class QUERN_EXPORT CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  // Runs one command (its name is the first key, its sections are members, as in OP_MSG without
  // "$db") against a database and returns the server's reply. A reply with ok: 0 or with
  // writeErrors is returned, not thrown: command/reply.h turns it into an exception. Throws Error
  // only when there is no reply: the command was refused before it was sent, or the connection
  // failed. Sessions and transactions are members of the command: lsid, txnNumber,
  // startTransaction, autocommit. Thread-safe.
  Reply run(std::string_view database, bson::View command, const RunContext& context = {}) {
    context.check_cancellation();
    return do_run(database, command, context);
  }

  // Whether a command is run only while RunContext::expected_schemas are true. Where it is not, an
  // EncryptingRunner looks after the writes that may have made a collection. A runner that wraps
  // another says so only where it hands the context on and the other one says so.
  virtual bool heeds_expected_schemas() const { return false; }

 protected:
  // What run() says. A runner that wraps another hands the context on.
  virtual Reply do_run(std::string_view database, bson::View command,
                       const RunContext& context) = 0;
};

}  // namespace quern

#endif  // QUERN_COMMAND_COMMAND_RUNNER_H_
