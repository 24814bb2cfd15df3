// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// When a committed transaction is forced to the medium. Whatever the setting, a commit is in the
// operating system's hands when it returns (a killed process loses nothing), a store that is closed
// is on the medium, and no transaction is ever half there.
#ifndef QUERN_STORAGE_DURABILITY_H_
#define QUERN_STORAGE_DURABILITY_H_

#include <chrono>
#include <cstdint>

namespace quern::storage {

struct Durability {
  enum class Mode : std::uint8_t {
    kAlways,    // whoever acknowledges a write syncs before (Store::sync)
    kInterval,  // a background thread syncs every `interval`: a machine crash loses at most that
    kNever,     // the operating system decides
  };
  Mode mode = Mode::kInterval;
  std::chrono::milliseconds interval{100};
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_DURABILITY_H_
