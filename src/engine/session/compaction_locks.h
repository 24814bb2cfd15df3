// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One compaction or cleanup at a time per encrypted collection. Ordinary reads and writes take no
// part in this.
#ifndef QUERN_ENGINE_SESSION_COMPACTION_LOCKS_H_
#define QUERN_ENGINE_SESSION_COMPACTION_LOCKS_H_

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "quern/command/namespace.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// Thread-safe. The engine has one.
class CompactionLocks {
 public:
  // Holds the lock while it lives.
  class Guard {
   public:
    // Waits for its turn; throws MaxTimeMSExpired or Interrupted when the operation must stop.
    Guard(CompactionLocks& locks, Operation& op, const Namespace& ns);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    CompactionLocks& locks_;
    std::string name_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> held_;
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_SESSION_COMPACTION_LOCKS_H_
