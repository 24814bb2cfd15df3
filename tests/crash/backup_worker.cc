// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Backups of a database that is written to, and restoring.
#include <string>

#include "crash/load_thread.h"
#include "crash/plain_load.h"
#include "engine/engine_runner.h"

namespace quern::crash {

int run_backups(const char* directory, unsigned seed) {
  engine::EngineRunner runner(
      engine::EngineOptions{.directory = directory, .write_buffer_bytes = 64 << 10});
  const auto threads = start_load<PlainLoad>(runner, seed);
  for (int number = 0;; ++number) {
    const std::string text = std::to_string(number);
    journal("( " + text + "\n");
    runner.back_up(std::string(directory) + ".backups/" + text);
    journal(") " + text + "\n");
  }
}

int run_restores(const char* directory) {
  journal("\n");
  for (;;) engine::restore_backup(std::string(directory) + ".backup", directory, true);
}

}  // namespace quern::crash
