// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The embedded engine as a CommandRunner: commands in, replies out, documents on disk or in memory.
#ifndef QUERN_ENGINE_ENGINE_RUNNER_H_
#define QUERN_ENGINE_ENGINE_RUNNER_H_

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/forked.h"
#include "engine/session/engine_options.h"
#include "quern/command/command_runner.h"
#include "storage/rocks_store.h"

namespace quern::engine {

class Engine;

// Thread-safe. Only one process may have a directory open at a time, and a runner works only in the
// process that made it: in a child that fork() made of it every command is an error, and destroying
// the runner leaves all to the parent.
class EngineRunner : public CommandRunner {
 public:
  // Opens the database, or creates it unless it is to be read only. Throws DatabaseError when the
  // directory cannot be used, is open elsewhere, was written in a newer format, or is damaged.
  explicit EngineRunner(EngineOptions options = {});
  // On a store of the caller's, for tests that inject faults.
  EngineRunner(std::unique_ptr<storage::Store> store, EngineOptions options);
  ~EngineRunner() override;
  EngineRunner(const EngineRunner&) = delete;
  EngineRunner& operator=(const EngineRunner&) = delete;

  // What keeps a database on disk from being opened: damaged files, or a catalog that does not fit
  // what they hold. As storage::repair_rocks_store.
  static storage::RepairReport repair(const EngineOptions& options, bool accept_loss);

  Engine& engine() { return *engine_; }

  bool heeds_expected_schemas() const override { return true; }

  // Writes a database into a directory that is not there, or empty: one that holds what was
  // acknowledged when this was called, and perhaps more, that was opened and read through, and that
  // nobody sees before it is whole. Commands run meanwhile. Throws DatabaseError, and then leaves
  // nothing behind.
  void back_up(const std::filesystem::path& directory);

 protected:
  // Cancellation and deadline of the context are looked at as maxTimeMS is; expected_schemas are
  // heeded.
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  // Throws DatabaseError in a child of the process that made the runner.
  void refuse_another_process() const;

  const MakerProcess maker_;
  std::unique_ptr<Engine> engine_;
};

// Puts a copy of the database in `backup`, opened and read through as back_up's are, into a directory
// that is not there, or empty; or, with replace, in the place of a database there that nobody has
// open, which is then gone. Throws DatabaseError, and then what was in the directory is there still.
void restore_backup(const std::filesystem::path& backup, const std::filesystem::path& directory,
                    bool replace);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_ENGINE_RUNNER_H_
