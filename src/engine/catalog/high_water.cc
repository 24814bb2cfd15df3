// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/high_water.h"

#include <algorithm>

#include "storage/table_range.h"

namespace quern::engine {

HighWater::Prefix HighWater::prefix_of(BytesView record) {
  Prefix prefix{};
  std::copy_n(record.begin(), std::min(record.size(), prefix.size()), prefix.begin());
  return prefix;
}

bool HighWater::raise(storage::Store& store, std::uint32_t table, BytesView record) {
  const Prefix prefix = prefix_of(record);
  const std::lock_guard lock(mutex_);
  if (!known_) {
    // Inserts that are on their way have all come through here, so none has been missed.
    const storage::TableRange records(table);
    const auto reader = store.snapshot();
    const auto iterator = reader->iterator(records);
    iterator->seek_for_prev(records.upper());
    if (iterator->valid()) bound_ = prefix_of(iterator->key().subspan(storage::kTableSize));
    known_ = true;
  }
  if (prefix <= bound_) return false;
  bound_ = prefix;
  return true;
}

}  // namespace quern::engine
