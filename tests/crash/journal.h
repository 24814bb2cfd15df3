// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The worker's side of the journal (load.h), and its loads.
#ifndef QUERN_TESTS_CRASH_JOURNAL_H_
#define QUERN_TESTS_CRASH_JOURNAL_H_

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

namespace quern::crash {

// One write a line: the pipe keeps it whole, and nothing stays in this process.
inline void journal(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::_Exit(3);
  }
}

int run_plain(const char* directory, unsigned seed, std::size_t write_buffer_bytes);
// The plain load, of which one backup after the other is made: "( NUMBER\n" in the journal before,
// ") NUMBER\n" after it. They are DIRECTORY.backups/NUMBER.
int run_backups(const char* directory, unsigned seed);
// Restores DIRECTORY from DIRECTORY.backup for ever.
int run_restores(const char* directory);
int run_retries(const char* directory, int seed);

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_JOURNAL_H_
