// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How a runner that executes commands itself tells the observer of the context.
#ifndef QUERN_COMMAND_OBSERVATION_H_
#define QUERN_COMMAND_OBSERVATION_H_

#include "quern/command/command_runner.h"

namespace quern {

// The reply that run() gives, with the observer told before and after, also when it throws.
template <class Run>
Reply observed(const RunContext& context, std::string_view database, bson::View command,
               const Run& run) {
  if (context.observer == nullptr) return run();
  context.observer->started(context, database, command);
  try {
    Reply reply = run();
    context.observer->finished(context, database, command, reply);
    return reply;
  } catch (...) {
    context.observer->finished(context, database, command, bson::View());
    throw;
  }
}

}  // namespace quern

#endif  // QUERN_COMMAND_OBSERVATION_H_
