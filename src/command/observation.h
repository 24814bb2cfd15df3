// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How a runner that executes commands itself tells the observer of the context.
#ifndef QUERN_COMMAND_OBSERVATION_H_
#define QUERN_COMMAND_OBSERVATION_H_

#include "quern/command/command_runner.h"

namespace quern {

namespace internal {

// What an observer throws is dropped: the command's answer is not the observer's.
template <class Tell>
void tell(const Tell& tell) noexcept {
  try {
    tell();
  } catch (...) {
  }
}

}  // namespace internal

// The reply that run() gives, with the observer told before and after, also when it throws.
template <class Run>
Reply observed(const RunContext& context, std::string_view database, bson::View command,
               const Run& run) {
  if (context.observer == nullptr) return run();
  internal::tell([&] { context.observer->started(context, database, command); });
  Reply reply;
  try {
    reply = run();
  } catch (...) {
    internal::tell([&] { context.observer->finished(context, database, command, bson::View()); });
    throw;
  }
  internal::tell([&] { context.observer->finished(context, database, command, reply); });
  return reply;
}

}  // namespace quern

#endif  // QUERN_COMMAND_OBSERVATION_H_
