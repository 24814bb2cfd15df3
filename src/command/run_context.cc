// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/run_context.h"

#include "quern/base/error.h"

namespace quern {

RunContext RunContext::without_limits() const {
  RunContext context = *this;
  context.cancellation = {};
  context.deadline.reset();
  return context;
}

void RunContext::check_cancellation() const {
  if (cancellation.stop_requested()) {
    throw Error(ErrorCode::kInterrupted, "operation was interrupted");
  }
}

}  // namespace quern
