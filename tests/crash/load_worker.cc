// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// crash_worker DIRECTORY SEED LOAD (worker.h): writes from several threads and keeps the journal
// (load.h) on standard output, until it is killed. This is the encrypted load, with a compaction
// now and then; the others are in plain_worker.cc, backup_worker.cc and
// retry_worker.cc.
#include <chrono>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>

#include "crash/load_thread.h"
#include "product/clinic_fixture.h"

namespace quern::crash {
namespace {

using bson::doc;

struct EncryptedLoad {
  static constexpr std::string_view kCollection = "people";
  struct State {
    int ssn;
    int code;
  };

  static State next(std::mt19937& random) {
    const int ssn = static_cast<int>(random() % kValues);
    return {ssn, static_cast<int>(random() % kValues)};
  }
  static std::string text(const State& state) {
    return std::to_string(state.ssn) + " " + std::to_string(state.code);
  }
  static bson::Document document(const std::string& id, const State& state) {
    return doc("_id", id, "ssn", ssn(state.ssn), "record", doc("code", state.code));
  }
  static bson::Document update(const std::string&, const State& state) {
    return doc("$set", doc("ssn", ssn(state.ssn), "record.code", state.code));
  }
};

void compact_for_ever(CommandRunner& runner, unsigned seed) {
  std::mt19937 random(seed);
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
    const char* name =
        random() % 3 == 0 ? "cleanupStructuredEncryptionData" : "compactStructuredEncryptionData";
    try {
      run_checked(runner, "clinic", doc(name, EncryptedLoad::kCollection));
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kLockTimeout)) throw;
    }
  }
}

int run(const char* directory, unsigned seed) {
  product::Stack stack(directory);
  const auto threads = start_load<EncryptedLoad>(stack.encrypting, seed);
  compact_for_ever(stack.encrypting, seed);
  return 0;
}

}  // namespace
}  // namespace quern::crash

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto seed = static_cast<unsigned>(std::atoi(argv[2]));
  const std::string_view load = argv[3];
  if (load == "encrypted") return quern::crash::run(argv[1], seed);
  if (load == "backup") return quern::crash::run_backups(argv[1], seed);
  if (load == "restore") return quern::crash::run_restores(argv[1]);
  if (load == "retry") return quern::crash::run_retries(argv[1], static_cast<int>(seed));
  return quern::crash::run_plain(argv[1], seed, load == "small" ? 64 << 10 : 32 << 20);
}
