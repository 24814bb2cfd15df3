// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The process that is killed.
#ifndef QUERN_TESTS_CRASH_WORKER_H_
#define QUERN_TESTS_CRASH_WORKER_H_

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

extern char** environ;

namespace quern::crash {

// How often something is tried: what the environment says, as scripts/test --thorough does.
inline int rounds(const char* variable, int usual, int sanitized) {
  if (const char* given = std::getenv(variable))
    return static_cast<int>(std::strtol(given, nullptr, 10));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::min(usual, sanitized);
#else
  return std::max(usual, sanitized);
#endif
}
inline int kills() { return rounds("QUERN_KILLS", 50, 8); }

// The worker with the read end of its journal.
class Worker {
 public:
  // load: "encrypted", "plain" or "small": the plain one with small memory tables, and so with many
  // tables and logs; "backup" or "restore" (journal.h); "retry" (retry_load.h).
  Worker(const std::string& directory, int seed, const std::string& load) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const std::string seed_text = std::to_string(seed);
    std::array<char*, 5> arguments = {
        const_cast<char*>(CRASH_WORKER), const_cast<char*>(directory.c_str()),
        const_cast<char*>(seed_text.c_str()), const_cast<char*>(load.c_str()), nullptr};
    const int failure =
        ::posix_spawn(&process_, CRASH_WORKER, &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failure != 0) throw std::runtime_error("the worker does not start");
    journal_ = ends[0];
  }

  // Everything that it wrote until it was killed, that long after its first line.
  std::string kill_after(std::chrono::microseconds delay) {
    std::string text;
    std::thread killer;
    std::array<char, 4096> buffer;
    for (ssize_t size; (size = ::read(journal_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
      if (!killer.joinable()) {
        killer = std::thread([this, delay] {
          std::this_thread::sleep_for(delay);
          ::kill(process_, SIGKILL);
        });
      }
    }
    if (killer.joinable()) killer.join();
    ::close(journal_);
    ::waitpid(process_, &status_, 0);
    return text;
  }
  bool was_killed() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }

 private:
  pid_t process_ = 0;
  int journal_ = -1;
  int status_ = 0;
};

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_WORKER_H_
