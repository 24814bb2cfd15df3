// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A bound above every record id of a table. An _id that is greater than all before, as object ids
// and counters are, cannot be a duplicate, and need not be looked for before it is inserted: a
// tenth of the cost of an insert.
#ifndef QUERN_ENGINE_CATALOG_HIGH_WATER_H_
#define QUERN_ENGINE_CATALOG_HIGH_WATER_H_

#include <array>
#include <compare>
#include <cstdint>
#include <mutex>

#include "quern/base/bytes.h"
#include "storage/store.h"

namespace quern::engine {

// One a table, shared by all versions of its Collection. Thread-safe.
class HighWater {
 public:
  // Was no record with that id, nor any after it, ever inserted? From now on one was. The caller
  // holds the lock of the record's key, so whoever comes with the same id waits its turn and then
  // finds the bound raised. False when it cannot be told.
  bool raise(storage::Store& store, std::uint32_t table, BytesView record);

 private:
  // The first bytes of a record id, padded with zeros: enough to order object ids, numbers and
  // dates. Ids that share them are not told apart, and looked for.
  using Prefix = std::array<std::uint8_t, 16>;
  static Prefix prefix_of(BytesView record);

  std::mutex mutex_;
  bool known_ = false;
  Prefix bound_{};
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_HIGH_WATER_H_
