// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/schema_lock.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/operation.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kLockTimeout{5};
constexpr milliseconds kFirstSpell{10};
constexpr milliseconds kLongestSpell{320};

}  // namespace

SchemaLock::SchemaLock(const Catalog& catalog, std::vector<Namespace> names, Operation* operation)
    : names_(std::move(names)) {
  // One order for everybody, so that nobody waits for each other.
  std::sort(names_.begin(), names_.end(),
            [](const Namespace& a, const Namespace& b) { return a.to_string() < b.to_string(); });
  closed_.reserve(names_.size());
  const auto give_up = steady_clock::now() + kLockTimeout;
  const auto deadline = operation != nullptr && operation->deadline()
                            ? std::min(give_up, *operation->deadline())
                            : give_up;
  for (milliseconds spell = kFirstSpell;; spell = std::min(2 * spell, kLongestSpell)) {
    const Namespace* busy = close(catalog, std::min(steady_clock::now() + spell, deadline));
    if (busy == nullptr) return;
    if (operation != nullptr) operation->check_interrupt_now();
    if (steady_clock::now() >= give_up) {
      throw DatabaseError(ErrorCode::kLockTimeout,
                          "Unable to acquire the lock on " + busy->to_string() +
                              " within 5 seconds: a transaction is writing to the collection, or "
                              "another schema change is running");
    }
    std::this_thread::sleep_until(std::min(steady_clock::now() + spell, deadline));
  }
}

const Namespace* SchemaLock::close(const Catalog& catalog, WriteGate::Deadline deadline) {
  for (;;) {
    snapshot_ = catalog.snapshot();
    for (const Namespace& ns : names_) {
      const Collection* found = snapshot_->find(ns);
      if (found == nullptr) continue;
      if (!found->state()->gate.close(deadline)) {
        open();
        return &ns;
      }
      closed_.push_back(found->state());
    }
    const auto now = catalog.snapshot();
    if (std::all_of(names_.begin(), names_.end(),
                    [&](const Namespace& ns) { return now->find(ns) == snapshot_->find(ns); })) {
      return nullptr;
    }
    open();  // another change was faster
  }
}

void SchemaLock::open() {
  for (const auto& state : closed_) state->gate.open();
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
