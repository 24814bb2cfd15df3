// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a command is run with besides its text: who asks, until when, who may call it off, and who
// watches.
#ifndef QUERN_COMMAND_RUN_CONTEXT_H_
#define QUERN_COMMAND_RUN_CONTEXT_H_

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

#include "quern/base/export.h"
#include "quern/bson/view.h"

namespace quern {

struct RunContext;

// Is told of commands by the runner that executes them, not by those that wrap it: it sees what
// the database sees, with ciphertexts in the place of encrypted values. Called from the threads
// that run the commands. Must not throw.
class QUERN_EXPORT CommandObserver {
 public:
  virtual ~CommandObserver() = default;
  virtual void started(const RunContext& context, std::string_view database,
                       bson::View command) = 0;
  // reply is the empty document when there is none: the runner threw.
  virtual void finished(const RunContext& context, std::string_view database, bson::View command,
                        bson::View reply) = 0;
};

// Every member is optional. Copies are cheap; what it points to must outlive the call.
struct QUERN_EXPORT RunContext {
  // Who asks, as the caller has authenticated them. Empty: the process itself.
  std::string_view identity = {};

  // A command that was called off before it began is refused with Error(Interrupted); the embedded
  // engine also looks while it works, between two documents. What has been sent to a server can't
  // be called off.
  std::stop_token cancellation = {};

  // On the steady clock (the embedded engine: on its own). A command that is not done by then ends
  // with MaxTimeMSExpired; of this and the command's maxTimeMS the earlier one counts. A server is
  // told the time that is left as maxTimeMS.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};

  CommandObserver* observer = nullptr;

  // The encryptedFields that the command was made for, {"database.collection": {fields: […], …},
  // …}, with no fields for a collection that was a plain one or not there. The embedded engine
  // carries the command out only while they are true: one of a collection that has others is
  // refused with Error(CollectionUUIDMismatch) before anything of it was done or the observer was
  // told, and in the middle of it with that code in the reply; and a command that would make a
  // collection, when it is not there, makes none that should have fields (NamespaceNotFound). A
  // MongoDB server cannot be told.
  bson::View expected_schemas = {};

  // The same without cancellation and deadline, for what is to be done when a command is over, such
  // as closing its cursor.
  RunContext without_limits() const;

  // Throws Error(Interrupted) once the command was called off.
  void check_cancellation() const;
};

}  // namespace quern

#endif  // QUERN_COMMAND_RUN_CONTEXT_H_
