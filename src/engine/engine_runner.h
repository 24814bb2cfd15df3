// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The embedded engine as a CommandRunner: commands in, replies out, documents on disk or in memory.
#ifndef QUERN_ENGINE_ENGINE_RUNNER_H_
#define QUERN_ENGINE_ENGINE_RUNNER_H_

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "quern/command/command_runner.h"
#include "storage/durability.h"

namespace quern {
class Clock;
}
namespace quern::storage {
class Store;
}

namespace quern::engine {

class Engine;

struct EngineOptions {
  std::filesystem::path directory{};  // empty: everything is kept in memory and lost at the end
  storage::Durability durability{};   // docs/guide/durability.md
  std::size_t cache_bytes = 64 << 20;
  std::size_t write_buffer_bytes = 32 << 20;
  std::chrono::seconds cursor_timeout{600};      // of a cursor that nobody asks
  std::chrono::seconds transaction_timeout{60};  // of a multi-document transaction
  std::chrono::minutes session_timeout{30};
  // What the tags of one condition on an encrypted field may take: about 330,000 of them.
  std::size_t encrypted_query_tag_bytes = 14 << 20;
  Clock* clock = nullptr;  // null: the system's
};

// Thread-safe. Only one process may have a directory open at a time.
class EngineRunner : public CommandRunner {
 public:
  // Opens or creates the database. Throws DatabaseError when the directory cannot be used, is open
  // elsewhere, or was written in a newer format.
  explicit EngineRunner(EngineOptions options = {});
  // On a store of the caller's, for tests that inject faults.
  EngineRunner(std::unique_ptr<storage::Store> store, EngineOptions options);
  ~EngineRunner() override;
  EngineRunner(const EngineRunner&) = delete;
  EngineRunner& operator=(const EngineRunner&) = delete;

  Engine& engine() { return *engine_; }

 protected:
  // Cancellation and deadline of the context are looked at as maxTimeMS is.
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  std::unique_ptr<Engine> engine_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_ENGINE_RUNNER_H_
