// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The plain load: documents with a unique and a multikey index from several threads, transactions
// of two documents, and an index that comes and goes.
#include <chrono>
#include <random>
#include <thread>

#include "crash/load_thread.h"
#include "crash/plain_load.h"
#include "engine/engine_runner.h"

namespace quern::crash {
namespace {

using bson::array;
using bson::doc;

void change_indexes_for_ever(CommandRunner& runner, unsigned seed) {
  std::mt19937 random(seed);
  const bson::Document create =
      doc("createIndexes", PlainLoad::kCollection, "indexes",
          array(doc("name", "coming", "key", doc("value", 1, "unique", -1))));
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    run_checked(runner, "clinic", create);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    run_checked(runner, "clinic", doc("dropIndexes", PlainLoad::kCollection, "index", "coming"));
  }
}

}  // namespace

int run_plain(const char* directory, unsigned seed, std::size_t write_buffer_bytes) {
  engine::EngineRunner runner(
      engine::EngineOptions{.directory = directory, .write_buffer_bytes = write_buffer_bytes});
  const auto threads = start_load<PlainLoad>(runner, seed);
  change_indexes_for_ever(runner, seed);
  return 0;
}

}  // namespace quern::crash
