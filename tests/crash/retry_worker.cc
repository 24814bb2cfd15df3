// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The load of retryable writes (retry_load.h), to an encrypted collection.
#include "crash/retry_load.h"

#include <thread>
#include <vector>

#include "crash/journal.h"
#include "product/clinic_fixture.h"

namespace quern::crash {
namespace {

void send_for_ever(CommandRunner& runner, int thread, int number) {
  for (;; ++number) {
    const std::string which = std::to_string(thread) + " " + std::to_string(number);
    journal("? " + which + "\n");
    const Reply reply = run_checked(runner, "clinic", retry_command(thread, number));
    journal("! " + which + " " + reply_text(reply) + "\n");
  }
}

}  // namespace

int run_retries(const char* directory, int seed) {
  product::Stack stack(directory);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back(
        [&, thread] { send_for_ever(stack.encrypting, thread, first_number(seed)); });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace quern::crash
