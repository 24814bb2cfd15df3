// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/high_water.h"

#include <algorithm>
#include <string>

#include "storage/key_format.h"

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
    std::string lower;
    storage::append_table(lower, table);
    std::string upper;
    storage::append_table(upper, table + 1);
    const auto reader = store.snapshot();
    const auto iterator = reader->iterator({as_bytes(lower), as_bytes(upper)});
    iterator->seek_for_prev(as_bytes(upper));
    if (iterator->valid()) bound_ = prefix_of(iterator->key().subspan(storage::kTableSize));
    known_ = true;
  }
  if (prefix <= bound_) return false;
  bound_ = prefix;
  return true;
}

}  // namespace quern::engine
