// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Copies of databases in directories: what EngineRunner makes, and what becomes one again.
#include <optional>

#include "engine/engine_runner.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"
#include "storage/rocks_directory.h"
#include "storage/rocks_lock.h"
#include "storage/staged_directory.h"
#include "storage/store.h"

namespace quern::engine {
namespace {

namespace fs = std::filesystem;

// Opens the copy, which replays its log and reads its catalog, reads every block of it, and closes
// it: its log is empty then.
void settle_and_verify(const fs::path& copy) {
  constexpr std::size_t kSmallCache = 1 << 20;
  EngineRunner runner(EngineOptions{.directory = copy, .cache_bytes = kSmallCache});
  runner.engine().store().verify();
}

}  // namespace

void EngineRunner::back_up(const fs::path& directory) {
  refuse_another_process();
  storage::StagedDirectory copy(directory);
  copy.check_vacant();
  engine_->store().copy_to(copy.path());
  settle_and_verify(copy.path());
  copy.publish();
}

void restore_backup(const fs::path& backup, const fs::path& directory, bool replace) {
  const auto fail = [](const fs::path& path, const char* reason) {
    throw DatabaseError(ErrorCode::kInternalError,
                        "cannot restore: \"" + path.string() + "\" " + reason);
  };
  if (!storage::holds_rocks_store(backup)) fail(backup, "holds no backup of a database");
  storage::StagedDirectory copy(directory);
  std::error_code error;
  if (fs::equivalent(backup, copy.place(), error)) fail(backup, "is the directory to restore to");
  const bool replaces = replace && storage::holds_rocks_store(copy.place());
  if (!replaces) copy.check_vacant();
  storage::copy_rocks_files(backup, copy.path());
  settle_and_verify(copy.path());
  if (!replaces) return copy.publish();
  const storage::RocksLock nobody_has_it_open(copy.place());
  copy.exchange();
}

}  // namespace quern::engine
