// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How an engine is set up.
#ifndef QUERN_ENGINE_SESSION_ENGINE_OPTIONS_H_
#define QUERN_ENGINE_SESSION_ENGINE_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <filesystem>

#include "storage/durability.h"

namespace quern {
class Clock;
class RandomSource;
}  // namespace quern

namespace quern::engine {

struct EngineOptions {
  std::filesystem::path directory{};  // empty: everything is kept in memory and lost at the end
  storage::Durability durability{};   // docs/guide/durability.md
  bool read_only = false;             // the database must be there, and nothing is written
  std::size_t cache_bytes = 64 << 20;
  std::size_t write_buffer_bytes = 32 << 20;
  std::chrono::seconds cursor_timeout{600};      // of a cursor that nobody asks
  std::size_t max_cursors = 10'000;              // open at the same time
  std::chrono::seconds transaction_timeout{60};  // of a multi-document transaction
  std::chrono::minutes session_timeout{30};
  std::size_t max_sessions = 1'000'000;
  // What the tags of one condition on an encrypted field may take: about 330,000 of them.
  std::size_t encrypted_query_tag_bytes = 14 << 20;
  Clock* clock = nullptr;  // null: the system's
  // Of all random bytes that the engine draws: ids, cursors, pauses, what compaction stores. Null:
  // the system's. Thread-safe; outlives the engine.
  RandomSource* random = nullptr;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_SESSION_ENGINE_OPTIONS_H_
