// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/compaction_locks.h"

#include <chrono>

#include "engine/session/operation.h"

namespace quern::engine::qe {

CompactionLocks::Guard::Guard(CompactionLocks& locks, Operation& op, const Namespace& ns)
    : locks_(locks), name_(ns.to_string()) {
  constexpr std::chrono::milliseconds kInterruptCheck{50};
  std::unique_lock lock(locks_.mutex_);
  while (!locks_.held_.insert(name_).second) {
    locks_.released_.wait_for(lock, kInterruptCheck);
    op.check_interrupt_now();
  }
}

CompactionLocks::Guard::~Guard() {
  {
    const std::lock_guard lock(locks_.mutex_);
    locks_.held_.erase(name_);
  }
  locks_.released_.notify_all();
}

}  // namespace quern::engine::qe
