// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the versions of a collection, before and after a schema change, have in common.
#ifndef QUERN_ENGINE_CATALOG_TABLE_STATE_H_
#define QUERN_ENGINE_CATALOG_TABLE_STATE_H_

#include "engine/catalog/high_water.h"
#include "engine/catalog/timed_mutex.h"
#include "engine/catalog/write_gate.h"

namespace quern::engine {

// Thread-safe.
struct TableState {
  TimedMutex schema_changes;  // whoever closes the gate holds it
  WriteGate gate;
  HighWater high_water;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_TABLE_STATE_H_
