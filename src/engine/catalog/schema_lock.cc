// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/schema_lock.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/catalog/access.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kLockTimeout{5};
constexpr milliseconds kFirstSpell{10};
constexpr milliseconds kLongestSpell{320};

}  // namespace

SchemaLock::SchemaLock(const Catalog& catalog, std::vector<Namespace> names, Access* operation)
    : names_(std::move(names)) {
  // One order for everybody, so that nobody waits for each other.
  std::sort(names_.begin(), names_.end(),
            [](const Namespace& a, const Namespace& b) { return a.to_string() < b.to_string(); });
  const auto give_up = steady_clock::now() + kLockTimeout;
  const auto limit = operation != nullptr ? operation->system_deadline() : std::nullopt;
  const auto deadline = std::min(give_up, limit.value_or(give_up));
  const Namespace* busy = take_turn(catalog, deadline);
  if (busy == nullptr) busy = close_in_spells(deadline);
  if (busy == nullptr) return;
  if (limit && *limit < give_up) throw_max_time_expired();
  throw DatabaseError(ErrorCode::kLockTimeout,
                      "Unable to acquire the lock on " + busy->to_string() +
                          " within 5 seconds: a transaction is writing to the collection, or "
                          "another schema change is running");
}

const Namespace* SchemaLock::take_turn(const Catalog& catalog, WriteGate::Deadline deadline) {
  for (bool current = false; !current;) {
    turns_.clear();
    snapshot_ = catalog.snapshot();
    current = true;
    for (const Namespace& ns : names_) {
      if (const Collection* found = snapshot_->find(ns)) {
        std::unique_lock turn(found->state()->schema_changes, deadline);
        if (!turn) {
          turns_.clear();
          return &ns;
        }
        turns_.push_back(std::move(turn));
      }
      // Otherwise another change was faster: this may no longer be the collection to wait for.
      current = catalog.snapshot()->find(ns) == snapshot_->find(ns);
      if (!current) break;
    }
  }
  return nullptr;
}

const Namespace* SchemaLock::close_in_spells(WriteGate::Deadline deadline) {
  closed_.reserve(names_.size());
  for (milliseconds spell = kFirstSpell;; spell = std::min(2 * spell, kLongestSpell)) {
    const Namespace* busy = close(std::min(steady_clock::now() + spell, deadline));
    if (busy == nullptr || steady_clock::now() >= deadline) return busy;
    std::this_thread::sleep_until(std::min(steady_clock::now() + spell, deadline));
  }
}

const Namespace* SchemaLock::close(WriteGate::Deadline deadline) {
  for (const Namespace& ns : names_) {
    const Collection* found = snapshot_->find(ns);
    if (found == nullptr) continue;
    WriteGate& gate = found->state()->gate;
    if (!gate.close(deadline)) {
      open();
      return &ns;
    }
    closed_.push_back(&gate);
  }
  return nullptr;
}

void SchemaLock::open() {
  for (WriteGate* gate : closed_) gate->open();
  closed_.clear();
}

std::shared_ptr<const Collection> SchemaLock::find(const Namespace& ns) const {
  return {snapshot_, snapshot_->find(ns)};
}

const Collection& SchemaLock::required(const Namespace& ns) const {
  const Collection* found = snapshot_->find(ns);
  if (found == nullptr) {
    throw DatabaseError(ErrorCode::kNamespaceNotFound, "ns does not exist: " + ns.to_string());
  }
  return *found;
}

}  // namespace quern::engine
